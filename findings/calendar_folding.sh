#!/usr/bin/env bash
# ics 0.7.3 does not fold long lines at all.
#
# A good guess: a writer of iCalendar folds lines at 75 octets (RFC 5545, section 3.1); icalendar and ical.js do.
# What happens: a description of 400 letters is one line of 412 octets.
# Why it matters: descriptions with a link and instructions are long; mail systems and strict readers cut lines.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check ics==0.7.3 icalendar==7.3.2
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

import icalendar
import ics

text = "é" * 200
one = ics.Calendar(events={ics.Event(name="x", begin="2026-12-01T17:00:00Z", description=text)}).serialize().encode()
two = icalendar.Calendar()
event = icalendar.Event()
event.add("description", text)
two.add_component(event)
longest = [max(map(len, each.split(b"\r\n"))) for each in (one, two.to_ical())]
print("longest line in octets: ics", version("ics"), longest[0], " icalendar", version("icalendar"), longest[1])
if longest[0] != 412 or longest[1] > 75:
    sys.exit("CHANGED: lines are no longer folded as described")
PY
