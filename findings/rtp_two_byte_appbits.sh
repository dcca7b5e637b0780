#!/usr/bin/env bash
# aiortc 1.16.0, werift 0.24.4 and Pion (rtp 1.10.6) find no header extension in a two-byte header with appbits.
#
# A good guess: a two-byte header begins with 0x100 and four "appbits", which a receiver that was told nothing about
# them must ignore (RFC 8285, section 4.3).
# What happens: only 0x1000 is taken for a two-byte header. With 0x1001 aiortc finds no element, werift and Pion take
# the whole extension for one of the old kind, with the id 0. With 0x1000 all three find the mid.
# Why it matters: without its mid or rid a packet cannot be told from those of other people.
set -euo pipefail
work=$(mktemp -d)
# Go keeps its modules read-only; they go with the folder all the same.
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check aiortc==1.16.0
npm install --silent --no-fund --no-audit --prefix . werift@0.24.4 >/dev/null
plain=90600001000000010000000210000001030130'00'aa
marked=90600001000000010000000210010001030130'00'aa
venv/bin/python - "$plain" "$marked" <<'PY'
import sys
from importlib.metadata import version

from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket

ids = HeaderExtensionsMap()
mid = RTCRtpHeaderExtensionParameters(id=3, uri="urn:ietf:params:rtp-hdrext:sdes:mid")
ids.configure(RTCRtpParameters(headerExtensions=[mid]))
seen = [RtpPacket.parse(bytes.fromhex(each), ids).extensions.mid for each in sys.argv[1:]]
print("aiortc", version("aiortc"), "mid with 0x1000:", seen[0], " with 0x1001:", seen[1])
if seen != ["0", None]:
    sys.exit("CHANGED: aiortc no longer reads it as described")
PY
cat >look.cjs <<'JS'
const { RtpPacket } = require("werift");
const seen = process.argv.slice(2).map((each) => RtpPacket.deSerialize(Buffer.from(each, "hex")).header.extensions.map((one) => one.id).join());
console.log("werift", JSON.parse(require("fs").readFileSync("node_modules/werift/package.json")).version, "ids with 0x1000:", seen[0], " with 0x1001:", seen[1]);
if (seen.join(" ") !== "3 0") {
  console.log("CHANGED: werift no longer reads it as described");
  process.exit(1);
}
JS
node look.cjs "$plain" "$marked"
cat >main.go <<'GO'
package main

import (
	"encoding/hex"
	"fmt"
	"os"

	"github.com/pion/rtp"
)

func main() {
	seen := ""
	for _, each := range os.Args[1:] {
		raw, _ := hex.DecodeString(each)
		var packet rtp.Packet
		if err := packet.Unmarshal(raw); err != nil {
			panic(err)
		}
		seen += fmt.Sprint(packet.GetExtensionIDs())
	}
	fmt.Println("pion/rtp 1.10.6 ids with 0x1000 and 0x1001:", seen)
	if seen != "[3][0]" {
		fmt.Println("CHANGED: Pion no longer reads it as described")
		os.Exit(1)
	}
}
GO
export GOMODCACHE=$work/modules GOFLAGS=-mod=mod
go mod init look >/dev/null 2>&1
go get github.com/pion/rtp@v1.10.6 >/dev/null 2>&1
go run . "$plain" "$marked"
