#!/usr/bin/env bash
# icalendar 7.3.2: with the VTIMEZONE that it makes, Paris in July is an hour late in other readers.
#
# A good guess: the time zone that add_missing_timezones() puts into a calendar is a rule, and right for each reader.
# What happens: it holds lists of dates and no rule, and they end in 2038. vobject 0.9.9 stays on winter time: 18:00 in
# July is read as 17:00 UTC, not 16:00.
# Why it matters: invitations of summer sessions are an hour off for some, and right for others.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check icalendar==7.3.2 vobject==0.9.9 python-dateutil==2.9.0.post0
venv/bin/python - <<'PY'
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from zoneinfo import ZoneInfo

import icalendar
import vobject

print("icalendar", version("icalendar"), " vobject", version("vobject"))
calendar, event = icalendar.Calendar(), icalendar.Event()
event.add("uid", "1@example.org")
event.add("dtstart", datetime(2026, 7, 2, 18, tzinfo=ZoneInfo("Europe/Paris")))
calendar.add_component(event)
calendar.add_missing_timezones()
text = calendar.to_ical().decode()
zone = text[text.index("BEGIN:VTIMEZONE") : text.index("END:VTIMEZONE")]
read = vobject.readOne(text).vevent.dtstart.value.astimezone(UTC).strftime("%H:%M")
rules, dates, later = zone.count("RRULE"), zone.count("RDATE"), "RDATE:2039" in zone
print("rules:", rules, " lists of dates:", dates, " any in 2039:", later, " read again:", read, "UTC (16:00 would be right)")
if rules or not dates or later or read != "17:00":
    sys.exit("CHANGED: the time zone is no longer made or read as described")
PY
