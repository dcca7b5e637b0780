#!/usr/bin/env bash
# aiortc 1.16.0 and werift 0.24.4 read a NACK across the wrap of sequence numbers as packets 65536, 65537, ...
#
# A good guess: after 65535 comes 0, in the bit mask of a NACK too (RFC 4585, section 6.2.1; numbers have 16 bits).
# What happens: both add without wrapping. Pion (rtcp 1.2.20) says 0 and 1.
# Why it matters: no packet has such a number, so what was lost just after the wrap is never sent again: once in 65,536
# packets, every 22 minutes of sound at 20 ms, and far from any test.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check aiortc==1.16.0
npm install --silent --no-fund --no-audit --prefix . werift@0.24.4 >/dev/null
bytes=81cd00030000000100000002ffff0003
venv/bin/python - "$bytes" <<'PY'
import sys
from importlib.metadata import version

from aiortc.rtp import RtcpPacket

lost = RtcpPacket.parse(bytes.fromhex(sys.argv[1]))[0].lost
print("aiortc", version("aiortc"), "lost:", lost, "(0 and 1 would be right)")
if lost != [65535, 65536, 65537]:
    sys.exit("CHANGED: aiortc no longer reads it as described")
PY
cat >look.cjs <<'JS'
const { RtcpPacketConverter } = require("werift");
const lost = RtcpPacketConverter.deSerialize(Buffer.from(process.argv[2], "hex"))[0].feedback.lost;
console.log("werift", JSON.parse(require("fs").readFileSync("node_modules/werift/package.json")).version, "lost:", lost.join(", "));
if (lost.join() !== "65535,65536,65537") {
  console.log("CHANGED: werift no longer reads it as described");
  process.exit(1);
}
JS
node look.cjs "$bytes"
