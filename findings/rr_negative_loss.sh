#!/usr/bin/env bash
# Pion (rtcp 1.2.20) and werift 0.24.4 turn "one packet more than expected" into 16,777,215 packets lost.
#
# A good guess: the number of lost packets of a receiver report may be negative (RFC 3550, section 6.4.1): duplicates,
# as repeats cause them, count as received. It is a signed number of 24 bits, and readers give it back as such.
# What happens: both take it as unsigned. aiortc 1.16.0 reads -1.
# Why it matters: a peer that got each packet and one of them twice looks like one that got none; bandwidth and
# operators' figures follow.
set -euo pipefail
work=$(mktemp -d)
# Go keeps its modules read-only; they go with the folder all the same.
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check aiortc==1.16.0
npm install --silent --no-fund --no-audit --prefix . werift@0.24.4 >/dev/null
bytes=81c90007000000010000000200ffffff00000064000000000000000000000000
venv/bin/python - "$bytes" <<'PY'
import sys
from importlib.metadata import version

from aiortc.rtp import RtcpPacket

lost = RtcpPacket.parse(bytes.fromhex(sys.argv[1]))[0].reports[0].packets_lost
print("aiortc", version("aiortc"), "lost:", lost)
if lost != -1:
    sys.exit("CHANGED: aiortc no longer reads it as described")
PY
cat >look.cjs <<'JS'
const { RtcpPacketConverter } = require("werift");
const lost = RtcpPacketConverter.deSerialize(Buffer.from(process.argv[2], "hex"))[0].reports[0].packetsLost;
console.log("werift", JSON.parse(require("fs").readFileSync("node_modules/werift/package.json")).version, "lost:", lost);
if (lost !== 16777215) {
  console.log("CHANGED: werift no longer reads it as described");
  process.exit(1);
}
JS
node look.cjs "$bytes"
cat >main.go <<'GO'
package main

import (
	"encoding/hex"
	"fmt"
	"os"

	"github.com/pion/rtcp"
)

func main() {
	raw, _ := hex.DecodeString(os.Args[1])
	var report rtcp.ReceiverReport
	if err := report.Unmarshal(raw); err != nil {
		panic(err)
	}
	lost := report.Reports[0].TotalLost
	fmt.Println("pion/rtcp 1.2.20 lost:", lost)
	if lost != 16777215 {
		fmt.Println("CHANGED: Pion no longer reads it as described")
		os.Exit(1)
	}
}
GO
export GOMODCACHE=$work/modules GOFLAGS=-mod=mod
go mod init look >/dev/null 2>&1
go get github.com/pion/rtcp@v1.2.20 >/dev/null 2>&1
go run . "$bytes"
