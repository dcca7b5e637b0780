#!/usr/bin/env bash
# aiortc 1.16.0 writes the transmission offset of a packet in two bytes, which nobody reads, itself included.
#
# A good guess: the offset is a signed number of 24 bits, three bytes (RFC 5450, section 2), and what is written can be
# read.
# What happens: the lowest byte is left out. 300 ticks become 00 01, its own reader refuses the packet with an error of
# the struct module, and a reader that takes what is there sees 1. All offsets from 0 to 255 are written alike.
# Why it matters: the offset corrects when a packet was really sent; jitter and bandwidth are worked out with it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check aiortc==1.16.0
venv/bin/python - <<'PY'
import struct
import sys
from importlib.metadata import version

from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, unpack_header_extensions

print("aiortc", version("aiortc"))
ids = HeaderExtensionsMap()
offset = RTCRtpHeaderExtensionParameters(id=2, uri="urn:ietf:params:rtp-hdrext:toffset")
ids.configure(RTCRtpParameters(headerExtensions=[offset]))
seen = {}
for ticks in (0, 255, 300, -300):
    profile, value = ids.set(HeaderExtensions(transmission_offset=ticks))
    written = unpack_header_extensions(profile, value)[0][1].hex()
    try:
        ids.get(profile, value)
        back = "read"
    except struct.error:
        back = "refused"
    seen[ticks] = written, back
    print(f"{ticks}: written as {written} ({ticks & 0xFFFFFF:06x} would be right), {back} by itself")
if seen != {0: ("0000", "refused"), 255: ("0000", "refused"), 300: ("0001", "refused"), -300: ("fffe", "refused")}:
    sys.exit("CHANGED: the offset is no longer written as described")
PY
