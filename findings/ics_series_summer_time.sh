#!/usr/bin/env bash
# ics 0.7.3 moves a weekly series by an hour in winter when a calendar is only read and written.
#
# A good guess: a series on Thursdays at 18:00 in Paris stays that.
# What happens: the start is written in UTC, the time zone is left out, the rule stays. 18:00 in summer is 16:00 UTC,
# and 16:00 UTC every Thursday is 17:00 in Paris from the end of October on. A skipped date keeps its local time and a
# TZID that is no longer defined, so a reader does not skip it either.
# Why it matters: groups meet for half a year, across the change; half of them would come an hour late or early.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check ics==0.7.3 icalendar==7.3.2 recurring-ical-events==3.8.2
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version
from zoneinfo import ZoneInfo

import ics
import recurring_ical_events
from icalendar import Calendar

print("ics", version("ics"))
ZONE = """BEGIN:VTIMEZONE
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
END:VTIMEZONE"""
EVENT = """BEGIN:VEVENT
UID:1@example.org
DTSTAMP:20260901T090000Z
DTSTART;TZID=Europe/Paris:20261015T180000
DURATION:PT75M
RRULE:FREQ=WEEKLY;COUNT=4
EXDATE;TZID=Europe/Paris:20261029T180000
END:VEVENT"""
before = "\r\n".join(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{ZONE}\n{EVENT}\nEND:VCALENDAR\n".split("\n"))
# Another fault of its own (ics_calscale.sh) would keep the reader from reading it at all.
after = ics.Calendar(before).serialize().replace("CALSCALE:GEORGIAN\r\n", "")


def meetings(text):
    found = recurring_ical_events.of(Calendar.from_ical(text)).between((2026, 10, 1), (2026, 12, 1))
    return [each["DTSTART"].dt.astimezone(ZoneInfo("Europe/Paris")).strftime("%d %b %H:%M") for each in found]


print("before:", meetings(before))
print("after: ", meetings(after))
print(*[line for line in after.split("\r\n") if line.startswith(("DTSTART", "EXDATE"))], sep="\n")
right = ["15 Oct 18:00", "22 Oct 18:00", "05 Nov 18:00"]
moved = [each for each in meetings(after) if each.startswith("05 Nov")]
if meetings(before) != right or moved != ["05 Nov 17:00"] or "VTIMEZONE" in after:
    sys.exit("CHANGED: the series is no longer moved as described")
PY
