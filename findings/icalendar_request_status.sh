#!/usr/bin/env bash
# icalendar 7.3.2 spoils the separators of REQUEST-STATUS and RESOURCES when a calendar is only read and written.
#
# A good guess: a calendar that nobody changed comes out as it went in.
# What happens: the semicolon between code and text of REQUEST-STATUS, and the comma between two RESOURCES (RFC 5545,
# sections 3.8.8.3 and 3.8.1.10), get a backslash. Then the status has one part and the list one entry. CATEGORIES,
# the same kind of list, stays right.
# Why it matters: REQUEST-STATUS is how an answer to an invitation (iTIP, RFC 5546) says whether it worked; a room and
# a projector become one thing with a comma in its name.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check icalendar==7.3.2
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

from icalendar import Calendar

print("icalendar", version("icalendar"))
LINES = ["CATEGORIES:group,calm", "REQUEST-STATUS:2.0;Success", "RESOURCES:room 4,projector"]
text = "\r\n".join(
    ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//example//EN", "METHOD:REPLY", "BEGIN:VEVENT", "UID:1@example.org"]
    + ["DTSTAMP:20261201T090000Z", "DTSTART:20261201T170000Z", *LINES, "END:VEVENT", "END:VCALENDAR", ""]
)
after = Calendar.from_ical(text).to_ical().decode().split("\r\n")
seen = [next(line for line in after if line.startswith(each.split(":")[0])) for each in LINES]
for before, now in zip(LINES, seen):
    print(before, " becomes ", now)
if seen != ["CATEGORIES:group,calm", "REQUEST-STATUS:2.0\\;Success", "RESOURCES:room 4\\,projector"]:
    sys.exit("CHANGED: separators are no longer written as described")
PY
