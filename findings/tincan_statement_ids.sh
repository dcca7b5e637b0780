#!/usr/bin/env bash
# tincan 1.0.0 (Python) refuses statement ids that are UUIDs of version 7, or written in capitals.
#
# A good guess: an id is any UUID in its usual form; capitals are allowed on input (RFC 4122, section 3), and versions
# 6 to 8 are standard since RFC 9562.
# What happens: "Invalid UUID string" for both. ralph-malph 5.1.0 takes both.
# Why it matters: ids that sort by time suit a log of events; a client on tincan cannot read such a store at all.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check tincan==1.0.0
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

from tincan import Statement

print("tincan", version("tincan"))
STATEMENT = {
    "actor": {"account": {"homePage": "https://example.org", "name": "seat-3"}},
    "verb": {"id": "https://example.org/ended"},
    "object": {"id": "https://example.org/session"},
}
seen = []
for what, id_ in [
    ("version 4", "0b5e5d6e-8f62-4b3e-9d5e-6f5b2c3d4e5f"),
    ("in capitals", "0B5E5D6E-8F62-4B3E-9D5E-6F5B2C3D4E5F"),
    ("version 7", "019ad9f0-7c00-7b3e-9d5e-6f5b2c3d4e5f"),
]:
    try:
        Statement({**STATEMENT, "id": id_})
        seen.append("taken")
    except ValueError as refused:
        seen.append(str(refused).splitlines()[0])
    print(f"{what}:", seen[-1])
if seen != ["taken", "Invalid UUID string", "Invalid UUID string"]:
    sys.exit("CHANGED: ids are no longer judged as described")
PY
