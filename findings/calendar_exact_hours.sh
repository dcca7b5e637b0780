#!/usr/bin/env bash
# icalendar 7.3.2, ics 0.7.3 and ical.js 2.2.1: 24 hours across the end of summer time are 25.
#
# A good guess: P1D is "the same hour tomorrow", PT24H exactly 24 hours (RFC 5545, section 3.3.6).
# What happens: all three give the same end for both, the same hour of the next day.
# Why it matters: whatever is given in hours and minutes (a meeting of 75 minutes at night, the 24 hours in which answers
# are open) ends an hour off on two days of the year. Ends are better given as moments (DTEND).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check icalendar==7.3.2 ics==0.7.3
npm install --silent --no-fund --no-audit --prefix . ical.js@2.2.1 >/dev/null
cat >day.ics <<'ICS'
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
DTSTAMP:20260901T090000Z
DTSTART;TZID=Europe/Paris:20261024T180000
DURATION:P1D
END:VEVENT
END:VCALENDAR
ICS
sed -i 's/$/\r/' day.ics
sed 's/P1D/PT24H/' day.ics >hours.ics
venv/bin/python - <<'PY'
import sys
from datetime import UTC
from importlib.metadata import version
from pathlib import Path

import ics
from icalendar import Calendar

seen = {}
for name in ("day", "hours"):
    text = Path(f"{name}.ics").read_bytes().decode()
    seen["icalendar", name] = Calendar.from_ical(text).events[0].end.astimezone(UTC).strftime("%d %H:%M")
    seen["ics", name] = next(iter(ics.Calendar(text).events)).end.to("utc").strftime("%d %H:%M")
for library in ("icalendar", "ics"):
    print(library, version(library), "P1D ends", seen[library, "day"], "UTC, PT24H", seen[library, "hours"], "(25 16:00 would be right)")
if set(seen.values()) != {"25 17:00"}:
    sys.exit("CHANGED: exact hours no longer end as described")
PY
cat >look.mjs <<'JS'
import { readFileSync } from "node:fs";
import ICAL from "ical.js";
function end(name) {
  const calendar = new ICAL.Component(ICAL.parse(readFileSync(`${name}.ics`, "utf8")));
  ICAL.TimezoneService.register(calendar.getFirstSubcomponent("vtimezone"));
  return new ICAL.Event(calendar.getFirstSubcomponent("vevent")).endDate.toJSDate().toISOString();
}
const version = JSON.parse(readFileSync("node_modules/ical.js/package.json")).version;
console.log("ical.js", version, "P1D ends", end("day"), " PT24H", end("hours"));
if (end("day") !== "2026-10-25T17:00:00.000Z" || end("hours") !== end("day")) {
  console.log("CHANGED: ical.js no longer ends exact hours as described");
  process.exit(1);
}
JS
node look.mjs
