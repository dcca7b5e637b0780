#!/usr/bin/env bash
# ralph-malph 5.1.0 writes the scores of an xAPI statement as text.
#
# A good guess: a statement that was valid is valid after a way through the model; a score is a number (xAPI 1.0.3, Data,
# section 2.4.5.1).
# What happens: {"raw": 7} comes out of model_dump_json() as {"raw": "7"}. ralph's own model reads that again, so it does
# not notice; xapi-validation 3.0.0 (Learning Locker's, npm) takes the first and refuses the second.
# Why it matters: scores of an evaluation sheet do not get from one learning record store into the next.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check ralph-malph==5.1.0
npm install --silent --no-fund --no-audit --prefix . @learninglocker/xapi-validation@3.0.0 >/dev/null
venv/bin/python - <<'PY'
import json
import sys
from importlib.metadata import version
from pathlib import Path

from ralph.models.xapi.base.statements import BaseXapiStatement

print("ralph-malph", version("ralph-malph"))
statement = {
    "id": "0b5e5d6e-8f62-4b3e-9d5e-6f5b2c3d4e5f",
    "actor": {"account": {"homePage": "https://example.org", "name": "seat-3"}},
    "verb": {"id": "https://example.org/rated"},
    "object": {"id": "https://example.org/session"},
    "result": {"score": {"raw": 7, "min": 0, "max": 10}},
}
written = BaseXapiStatement.model_validate(statement).model_dump_json(exclude_none=True)
Path("before.json").write_text(json.dumps(statement))
Path("after.json").write_text(written)
seen = json.loads(written)["result"]["score"]
print(statement["result"]["score"], " becomes ", seen)
if seen != {"raw": "7", "min": "0", "max": "10"}:
    sys.exit("CHANGED: scores are no longer written as described")
PY
cat >look.cjs <<'JS'
const { readFileSync } = require("fs");
const judge = require("@learninglocker/xapi-validation").default;
const seen = ["before", "after"].map((name) => judge(JSON.parse(readFileSync(`${name}.json`))).length);
console.log("warnings of xapi-validation 3.0.0 before and after:", seen.join(", "));
process.exit(seen[0] === 0 && seen[1] > 0 ? 0 : 1);
JS
node look.cjs
