#!/usr/bin/env bash
# ics 0.7.3 writes "CALSCALE:GEORGIAN", a calendar that does not exist, into each calendar that it has read.
#
# A good guess: what was not there is not added, or the default is: GREGORIAN (RFC 5545, section 3.7.1).
# What happens: a calendar that was read and is written again says GEORGIAN.
# Why it matters: a reader that takes the standard at its word refuses the whole calendar: recurring-ical-events 3.8.2 does.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check ics==0.7.3 icalendar==7.3.2 recurring-ical-events==3.8.2
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

import ics
import recurring_ical_events
from icalendar import Calendar
from recurring_ical_events.errors import InvalidCalendar

print("ics", version("ics"))
lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1@example.org", "DTSTAMP:20261201T090000Z"]
lines += ["DTSTART:20261201T170000Z", "END:VEVENT", "END:VCALENDAR", ""]
after = ics.Calendar("\r\n".join(lines)).serialize()
seen = [line for line in after.split("\r\n") if line.startswith("CALSCALE")]
try:
    recurring_ical_events.of(Calendar.from_ical(after))
    reader = "reads it"
except InvalidCalendar as refused:
    reader = str(refused)
print("read without CALSCALE, written with:", seen)
print("recurring-ical-events", version("recurring-ical-events"), "says:", reader)
if seen != ["CALSCALE:GEORGIAN"] or reader == "reads it":
    sys.exit("CHANGED: the calendar scale is no longer written as described")
PY
