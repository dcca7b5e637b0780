#!/usr/bin/env bash
# tincan 1.0.0 (Python) drops extensions whose value is null.
#
# A good guess: null is forbidden in a statement except in extensions, where it is a value like others (xAPI 1.0.3,
# Data, sections 2.2 and 4.1); so it is kept there.
# What happens: the whole entry is gone; 0 and false stay.
# Why it matters: "asked, and no answer" and "never asked" become the same.
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
given = {"https://example.org/mood": None, "https://example.org/hands": 0, "https://example.org/led": False}
statement = {
    "actor": {"account": {"homePage": "https://example.org", "name": "seat-3"}},
    "verb": {"id": "https://example.org/ended"},
    "object": {"id": "https://example.org/session"},
    "result": {"extensions": given},
}
seen = json.loads(Statement(statement).to_json())["result"]["extensions"]
print("given:", given)
print("written:", seen)
if seen != {key: value for key, value in given.items() if value is not None}:
    sys.exit("CHANGED: extensions are no longer written as described")
PY
