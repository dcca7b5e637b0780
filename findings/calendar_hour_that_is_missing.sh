#!/usr/bin/env bash
# ical.js 2.2.1 and vobject 0.9.9 disagree with RFC 5545 about the hours at a change of summer time.
#
# A good guess: 02:30 that is left out in March is read with the offset before the gap, 01:30 UTC in Paris; 02:30 that
# comes twice in October is the first one, 00:30 UTC (RFC 5545, section 3.3.5). icalendar 7.3.2 does that.
# What happens: in March ical.js and vobject say 00:30 UTC, an hour early. In October ical.js takes the second one,
# an hour late; vobject the first.
# Why it matters: the same invitation stands at different hours in different calendars. A night is rare for a meeting, but
# not for groups across continents and for deadlines.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check icalendar==7.3.2 vobject==0.9.9 python-dateutil==2.9.0.post0
npm install --silent --no-fund --no-audit --prefix . ical.js@2.2.1 >/dev/null
cat >march.ics <<'ICS'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260101T090000Z
DTSTART;TZID=Europe/Paris:20260329T023000
DURATION:PT30M
END:VEVENT
END:VCALENDAR
ICS
sed -i 's/$/\r/' march.ics
sed 's/20260329T023000/20261025T023000/' march.ics >october.ics
venv/bin/python - <<'PY'
import sys
from datetime import UTC
from importlib.metadata import version
from pathlib import Path

import vobject
from icalendar import Calendar

seen = {"icalendar": [], "vobject": []}
for name in ("march", "october"):
    text = Path(f"{name}.ics").read_bytes().decode()
    seen["icalendar"].append(Calendar.from_ical(text).events[0].start.astimezone(UTC).strftime("%H:%M"))
    seen["vobject"].append(vobject.readOne(text).vevent.dtstart.value.astimezone(UTC).strftime("%H:%M"))
for library, hours in seen.items():
    print(library, version(library), "02:30 in Paris, March and October:", *hours, "UTC")
if seen != {"icalendar": ["01:30", "00:30"], "vobject": ["00:30", "00:30"]}:
    sys.exit("CHANGED: hours at the change are no longer read as described")
PY
cat >look.mjs <<'JS'
import { readFileSync } from "node:fs";
import ICAL from "ical.js";
function start(name) {
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(`${name}.ics`, "utf8")));
  ICAL.TimezoneService.register(calendar.getFirstSubcomponent("vtimezone"));
  return new ICAL.Event(calendar.getFirstSubcomponent("vevent")).startDate.toJSDate().toISOString().slice(11, 16);
}
const version = JSON.parse(readFileSync("node_modules/ical.js/package.json")).version;
const seen = `${start("march")} ${start("october")}`;
console.log("ical.js", version, "02:30 in Paris, March and October:", seen, "UTC");
if (seen !== "00:30 01:30") {
  console.log("CHANGED: ical.js no longer reads these hours as described");
  process.exit(1);
}
JS
node look.mjs
