#!/usr/bin/env bash
# aiortc 1.16.0 reads an RTCP SDES of two sources only if the first name happens to have the right length.
#
# A good guess: each chunk ends with one to four zero bytes, up to the next 32-bit word (RFC 3550, section 6.5).
# What happens: it always takes two. So first names of 4, 8, 12 letters are read. With all others what follows is shifted:
# the second source gets a number that nobody has, or the whole compound packet is refused, and the receiver report
# before it is lost too. What it writes itself has two zero bytes between chunks whatever the length, which others
# read wrongly.
# Why it matters: an SFU or mixer that says the names of its sources in one packet: whether its reports get through
# depends on the length of a name.
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

from aiortc.rtp import RtcpPacket, RtcpRrPacket, RtcpSdesPacket, RtcpSourceInfo

print("aiortc", version("aiortc"))


def chunk(ssrc, name):
    body = struct.pack("!LBB", ssrc, 1, len(name)) + name
    return body + bytes(4 - len(body) % 4)


def compound(name):
    body = chunk(1000, name) + chunk(0xA0000000, b"other")
    return bytes(RtcpRrPacket(ssrc=1)) + struct.pack("!BBH", 0x82, 202, len(body) // 4) + body


seen = {}
for length in range(1, 9):
    try:
        report, names = RtcpPacket.parse(compound(b"n" * length))
        seen[length] = " ".join(f"{each.ssrc:08x}" for each in names.chunks)
    except ValueError as refused:
        seen[length] = f"refused: {refused}"
    print(f"name of {length}:", seen[length])
written = bytes(RtcpSdesPacket([RtcpSourceInfo(1000, [(1, b"n")]), RtcpSourceInfo(0xA0000000, [(1, b"other")])]))
second = written.index(b"\xa0\x00\x00\x00")
print("written by itself, the second source begins at byte", second, "(a multiple of 4 would be right)")
right = [length for length, sources in seen.items() if sources == "000003e8 a0000000"]
refused = [length for length, sources in seen.items() if sources == "refused: RTCP SDES item is truncated"]
if right != [4, 8] or refused != [1, 5] or second % 4 == 0:
    sys.exit("CHANGED: SDES of two sources is no longer read or written as described")
PY
