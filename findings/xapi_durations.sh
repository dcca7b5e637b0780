#!/usr/bin/env bash
# xAPI durations: two libraries turn months into days, a third refuses fractions of an hour.
#
# A good guess: a duration is ISO 8601 (xAPI 1.0.3, Data, section 4.6); "PT1.25H" and "P1M" are taken by everybody, and
# come out meaning the same.
# What happens: ralph-malph 5.1.0 and tincan 1.0.0 make a fixed number of seconds of it. A month comes out as 30 days,
# a year and two months as "P1Y60D" and as "P425D". xapi-validation 3.0.0 (Learning Locker's) refuses "PT1.25H".
# Why it matters: a programme of "six months" comes out as 180 days; and a session's length must be written in whole
# hours, minutes and seconds, "PT1H15M", to be taken by all.
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

from ralph.models.xapi.base.results import BaseXapiResult
from tincan import Result

print("ralph-malph", version("ralph-malph"), " tincan", version("tincan"))
seen = {}
for duration in ("P6M", "P1Y2M", "PT1.25H"):
    written = BaseXapiResult.model_validate({"duration": duration}).model_dump_json(exclude_none=True)
    seen[duration] = json.loads(written)["duration"], json.loads(Result(duration=duration).to_json())["duration"]
    print(duration, " becomes ", *seen[duration])
expected = {
    "P6M": ("P180D", "P180DT00H00M00S"),
    "P1Y2M": ("P1Y60D", "P425DT00H00M00S"),
    "PT1.25H": ("PT1H15M", "PT01H15M00S"),
}
if seen != expected:
    sys.exit("CHANGED: durations are no longer written as described")
PY
cat >look.cjs <<'JS'
const judge = require("@learninglocker/xapi-validation").default;
const warnings = (duration) => judge({
  actor: { account: { homePage: "https://example.org", name: "seat-3" } },
  verb: { id: "https://example.org/ended" },
  object: { id: "https://example.org/session" },
  result: { duration },
}).length;
const seen = ["PT1H15M", "P6M", "PT1.25H"].map(warnings);
console.log("warnings of xapi-validation 3.0.0 for PT1H15M, P6M, PT1.25H:", seen.join(", "));
process.exit(seen[0] === 0 && seen[1] === 0 && seen[2] > 0 ? 0 : 1);
JS
node look.cjs
