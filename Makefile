# `make help` lists the goals. Needs git, make and Python 3.11 or newer.
# Every step leaves a stamp in .venv, so that the second run takes seconds.

PYTHON ?= python3
export PYTHON
# Compiled modules are kept: tests start processes by the dozen.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet
NO_INDEX := { echo "install: pip could not install the packages (its reason stands above). It uses the index that '$(BIN)/python -m pip config list' shows." >&2; exit 1; }

.PHONY: help install run test unit coverage faults faults-long test-firefox soak check fmt web schema lock bench-janus clean venv dev

help: ## list the goals
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

install: .venv/.app ## set everything up; leaves .venv/bin/cosession

run: install ## serve on http://localhost:8000
	@$(BIN)/cosession serve

# The quick tests run two at a time; nothing runs beside those with browsers, media workers and clocks.
QUICK := -m quick -n 2 --dist worksteal
test: install dev ## run all tests, with a real Chromium, coturn and nginx
	@$(BIN)/python -m pytest $(QUICK) $(ARGS) || [ $$? -eq 5 ]  # 5: none of the tests that ARGS names
	@chromium=$$($(BIN)/python tests/chromium.py) && $(BIN)/python -m tests.program && \
	    COSESSION_CHROMIUM=$$chromium $(BIN)/python -m pytest -m "not quick" $(ARGS) || [ $$? -eq 5 ]

unit: install dev ## run the quick tests: rules, rooms, store, wire, pages without a browser
	@COSESSION_STEPS=5000 $(BIN)/python -m pytest $(QUICK) $(ARGS)

coverage: install dev ## say which lines and branches the quick tests do not reach
	@$(BIN)/coverage run -m pytest -m quick -q $(ARGS)
	@$(BIN)/coverage report

test-firefox: install dev ## the room tests with Firefox ESR among Chromium pages (as root on Debian installs it)
	@chromium=$$($(BIN)/python tests/chromium.py) && firefox=$$($(BIN)/python -m tests.media.firefox) && \
	    COSESSION_CHROMIUM=$$chromium COSESSION_FIREFOX=$$firefox $(BIN)/python -m pytest tests/media/firefox_room.py $(ARGS)

# As root on Debian also in networks that are closed in part. ARGS: `--only TEXT`, `--json`, `--times N`.
faults: install dev ## play docs/faults.md: a table of what is required and what was measured
	@chromium=$$($(BIN)/python tests/chromium.py) && $(BIN)/python -m tests.program && \
	    COSESSION_CHROMIUM=$$chromium $(BIN)/python -m tests.faults $(ARGS)

faults-long: ## the same, each row at least 20 times (an hour)
	@$(MAKE) --no-print-directory faults ARGS="--least 20 $(ARGS)"

# What `make test` does for seconds, for longer. FUZZ_SECONDS: for each parser of network input. A million SESSION_STEPS
# take about 50 minutes of one core.
FUZZ_SECONDS ?= 60
SESSION_STEPS ?= 1000000
soak: install dev ## fuzz and stress for minutes to hours
	COSESSION_STEPS=$(SESSION_STEPS) $(BIN)/python -m pytest tests/core/test_machine.py tests/rehearse -o timeout=0 -o session_timeout=86400
	COSESSION_HYPOTHESIS=thorough $(BIN)/python -m pytest tests/media/test_fuzz.py tests/media/test_sdp.py tests/media/test_bytes.py --timeout=3600 -o session_timeout=86400
	@chromium=$$($(BIN)/python tests/chromium.py) && COSESSION_CHROMIUM=$$chromium COSESSION_MANAGERS=8 $(BIN)/python -m pytest tests/browser/test_full_room.py
	@$(BIN)/python -c 'import atheris' 2>/dev/null || $(PIP) --only-binary :all: atheris || echo "soak: no atheris for this Python: hypothesis alone" >&2
	@! $(BIN)/python -c 'import atheris' 2>/dev/null || for reader in sdp stun rtp rtcp datagram; do \
	    $(BIN)/python -m tests.media.fuzzing $$reader -max_total_time=$(FUZZ_SECONDS) -verbosity=0 || exit 1; done

check: install dev ## check style, types, layers, the front end, and that generated files are up to date
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python web/build_hook.py --check
	$(BIN)/lint-imports
	@$(BIN)/deptry cosession
	@$(MAKE) --no-print-directory schema

fmt: dev ## format the sources
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format
	$(BIN)/python web/build_hook.py --format

web: .venv/.run ## build the front end, if it changed
	@$(BIN)/python web/build_hook.py

schema: .venv/.app ## check the generated files: wire types, script schema, script docs
	$(BIN)/cosession schema --check
	$(BIN)/cosession script schema --check
	$(BIN)/cosession script docs --check

lock: dev ## resolve the locked versions again, from pyproject.toml
	$(BIN)/python .ci/lock.py

ROOMS ?= 6
SECONDS ?= 10
bench-janus: install ## compare with Debian's Janus under the same load: ROOMS=6 SECONDS=10
	@sh .ci/janus
	@$(BIN)/cosession bench janus --rooms $(ROOMS) --seconds $(SECONDS) --json

clean: ## remove all that was built or installed here (never data)
	rm -rf .venv web/node_modules web/dist dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find cosession tests -name __pycache__ -prune -exec rm -rf {} +

# -- steps ------------------------------------------------------------------------------------------------------

venv:
	@sh .ci/venv

.venv/.run: requirements.lock requirements-simulate.lock requirements-build.lock | venv
	@echo "install: Python packages (the first time takes a minute)" >&2
	@$(PIP) -r requirements.lock -r requirements-simulate.lock -r requirements-build.lock || $(NO_INDEX)
	@touch $@

HELPER := cosession/media/embedded/send_batch
.venv/.app: pyproject.toml web/build_hook.py $(HELPER).c $(HELPER).h .venv/.run | web
	@$(PIP) --no-build-isolation --no-deps --editable . || $(NO_INDEX)
	@touch $@

dev: .venv/.dev

.venv/.dev: requirements-dev.lock .venv/.run
	@echo "install: what tests and checks need" >&2
	@$(PIP) -r requirements-dev.lock || $(NO_INDEX)
	@touch $@
