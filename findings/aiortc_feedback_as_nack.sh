#!/usr/bin/env bash
# aiortc 1.16.0 reads every feedback of the transport as a list of lost packets, or refuses the whole compound.
#
# A good guess: RTCP 205 has kinds (fmt): 1 is NACK, 15 the transport-wide feedback that browsers send ten times a second.
# A reader that knows NACK alone leaves the others as bytes.
# What happens: each kind is taken apart as a NACK. A feedback that says "ten packets arrived, none is missing" has a list
# of "lost" packets. With the padding that most of them need it is refused, and with it the receiver report in the
# same compound.
# Why it matters: code on this parser that looks at `lost` and not at `fmt` repeats packets that arrived; and a peer that
# sends such feedback unasked gets none of its reports read.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check aiortc==1.16.0
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

from aiortc.rtp import RtcpPacket, RtcpRrPacket

print("aiortc", version("aiortc"))
# From packet 10 on ten arrived, 4 ms apart: a whole number of words. Then nine: three bytes of padding.
ten = bytes.fromhex("8fcd0007 00000001 00000002 000a000a 00000a01 200a 10101010101010101010")
nine = bytes.fromhex("afcd0007 00000001 00000002 000a0009 00000a01 2009 101010101010101010 01")
feedback = RtcpPacket.parse(ten)[0]
print("ten arrived; read as lost:", feedback.lost, " fmt:", feedback.fmt)
try:
    RtcpPacket.parse(bytes(RtcpRrPacket(ssrc=1)) + nine)
    compound = "read"
except ValueError as refused:
    compound = str(refused)
print("a receiver report, then a feedback with padding:", compound)
if not feedback.lost or feedback.fmt != 15 or compound != "RTCP RTP feedback length is invalid":
    sys.exit("CHANGED: transport feedback is no longer read as described")
PY
