#!/usr/bin/env bash
# xapi-validation 3.0.0 (Learning Locker's, npm) refuses a context activity that stands alone.
#
# A good guess: "parent" and its like are lists, and one activity that is not in a list is taken too (xAPI 1.0.3, Data,
# section 2.4.6.2: a store must take it and give a list back).
# What happens: it is refused. tincan 1.0.0 makes a list of it; ralph-malph 5.1.0 takes it and gives it back alone.
# Why it matters: the same statement is valid, changed or refused, depending on the store. Always write a list.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check ralph-malph==5.1.0 tincan==1.0.0
npm install --silent --no-fund --no-audit --prefix . @learninglocker/xapi-validation@3.0.0 >/dev/null
venv/bin/python - <<'PY'
import json
import sys
from importlib.metadata import version

from ralph.models.xapi.base.contexts import BaseXapiContext
from tincan import Context

given = {"contextActivities": {"parent": {"id": "https://example.org/programme"}}}
ralph = json.loads(BaseXapiContext.model_validate(given).model_dump_json(exclude_none=True))
tincan = json.loads(Context(given).to_json())
kinds = [type(each["contextActivities"]["parent"]).__name__ for each in (ralph, tincan)]
print("ralph-malph", version("ralph-malph"), "gives back a", kinds[0], " tincan", version("tincan"), "a", kinds[1])
if kinds != ["dict", "list"]:
    sys.exit("CHANGED: an activity alone is no longer given back as described")
PY
cat >look.cjs <<'JS'
const judge = require("@learninglocker/xapi-validation").default;
const warnings = (parent) => judge({
  actor: { account: { homePage: "https://example.org", name: "seat-3" } },
  verb: { id: "https://example.org/ended" },
  object: { id: "https://example.org/session" },
  context: { contextActivities: { parent } },
}).length;
const programme = { id: "https://example.org/programme" };
const seen = [warnings([programme]), warnings(programme)];
console.log("warnings of xapi-validation 3.0.0 for a list and for one alone:", seen.join(", "));
process.exit(seen[0] === 0 && seen[1] > 0 ? 0 : 1);
JS
node look.cjs
