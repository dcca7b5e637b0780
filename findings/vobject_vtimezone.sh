#!/usr/bin/env bash
# vobject 0.9.9 calls Paris "CET", changes its clocks an hour late, and gives Algiers the summer time of Paris.
#
# A good guess: the VTIMEZONE made from Europe/Paris has that name and changes at 02:00 and 03:00 local time.
# What happens: it is named by its abbreviation, and the changes stand at 03:00 and 04:00. Algiers, which has no summer
# time and the same abbreviation, gets the same TZID; both in one calendar share one definition, and 18:00 in Algiers
# in July is read as 16:00 UTC, not 17:00.
# Why it matters: a group with members in both cities gets an invitation that is an hour off for half of the year.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check vobject==0.9.9 tzdata==2025.2
venv/bin/python - <<'PY'
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from zoneinfo import ZoneInfo

import vobject

print("vobject", version("vobject"))
calendar = vobject.iCalendar()
for city in ("Europe/Paris", "Africa/Algiers"):
    event = calendar.add("vevent")
    event.add("uid").value = f"{city}@example.org"
    event.add("dtstart").value = datetime(2026, 7, 2, 18, tzinfo=ZoneInfo(city))
text = calendar.serialize()
lines = text.split("\r\n")
zones = [line for line in lines if line.startswith("TZID")]
changes = [line[-6:] for line in lines if line.startswith("DTSTART:")]
starts = [line for line in lines if line.startswith("DTSTART;")]
read = [each.dtstart.value.astimezone(UTC).strftime("%H:%M") for each in vobject.readOne(text).vevent_list]
print("zones:", zones, " changes at:", changes)
print("starts:", starts)
print("read again, Paris and Algiers:", read, "UTC (16:00 and 17:00 would be right)")
if zones != ["TZID:CET"] or sorted(changes) != ["030000", "040000"] or read != ["16:00", "16:00"]:
    sys.exit("CHANGED: time zones are no longer written as described")
PY
