#!/usr/bin/env bash
# icalendar 7.3.2 writes the end of a series as a bare local hour.
#
# A good guess: an aware time in UNTIL is written in UTC, which is the only form allowed beside a start with a zone
# (RFC 5545, section 3.3.10).
# What happens: its zone is dropped: "UNTIL=20261105T180000". dateutil 2.9.0 refuses the rule.
# Why it matters: whether a group's last session is in the calendar depends on the reader. COUNT, or an UNTIL that was
# turned into UTC before, is read alike.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check icalendar==7.3.2 python-dateutil==2.9.0.post0
venv/bin/python - <<'PY'
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from icalendar import vRecur

print("icalendar", version("icalendar"))
paris = ZoneInfo("Europe/Paris")
start, end = datetime(2026, 10, 15, 18, tzinfo=paris), datetime(2026, 11, 5, 18, tzinfo=paris)
rules = [vRecur({"FREQ": "WEEKLY", "UNTIL": each}).to_ical().decode() for each in (end, end.astimezone(UTC))]
seen = []
for rule in rules:
    try:
        seen.append(len(list(rrulestr(rule, dtstart=start))))
    except ValueError:
        seen.append("refused")
    print(rule, " dateutil:", seen[-1])
if rules != ["FREQ=WEEKLY;UNTIL=20261105T180000", "FREQ=WEEKLY;UNTIL=20261105T170000Z"] or seen != ["refused", 4]:
    sys.exit("CHANGED: the end of a series is no longer written as described")
PY
