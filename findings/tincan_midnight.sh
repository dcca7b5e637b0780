#!/usr/bin/env bash
# tincan 1.0.0 (Python): an xAPI timestamp at the end of a day lands a day early.
#
# A good guess: "2026-12-01T24:00:00Z" is midnight at the end of that day, as ISO 8601 has it, or it is refused.
# What happens: it becomes 2026-12-01T00:00:00, the midnight before, without a word.
# Why it matters: a session "until midnight" comes before everything that happened in it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check tincan==1.0.0
venv/bin/python - <<'PY'
import json
import sys
from importlib.metadata import version

from tincan import Statement

print("tincan", version("tincan"))
statement = {
    "actor": {"account": {"homePage": "https://example.org", "name": "seat-3"}},
    "verb": {"id": "https://example.org/ended"},
    "object": {"id": "https://example.org/session"},
    "timestamp": "2026-12-01T24:00:00Z",
}
seen = json.loads(Statement(statement).to_json())["timestamp"]
print(statement["timestamp"], " becomes ", seen)
if seen != "2026-12-01T00:00:00+00:00":
    sys.exit("CHANGED: the end of a day is no longer read as described")
PY
