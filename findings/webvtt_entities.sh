#!/usr/bin/env bash
# webvtt-py 0.6.0: the text of a caption is neither what stands there nor what one reads.
#
# A good guess: Caption.text is what people read ("R & D"), and raw_text what stands in the file ("<v Ana>R &amp; D").
# What happens: text is without the tags and still has "&amp;". What is given as text for a new caption is written as it
# is: "5 < 6" is written with a bare "<", which begins a tag.
# Why it matters: transcripts show "&amp;" to people, and players lose what was said after a "<".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check webvtt-py==0.6.0
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

import webvtt

print("webvtt-py", version("webvtt-py"))
read = webvtt.from_string("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana>R &amp; D\n")[0]
captions = webvtt.WebVTT()
captions.captions.append(webvtt.Caption("00:00:01.000", "00:00:02.000", "5 < 6 here"))
written = captions.content.splitlines()[-1]
print("read: voice", read.voice, " text", read.text, " raw", read.raw_text)
print("written:", written, " read again:", webvtt.from_string(captions.content)[0].text)
if (read.voice, read.text, written) != ("Ana", "R &amp; D", "5 < 6 here"):
    sys.exit("CHANGED: captions are no longer read and written as described")
PY
