#!/usr/bin/env bash
# werift 0.24.4: the packets of a transport-wide feedback are one too many, or none, and their times stand still.
#
# A good guess: packetResults lists each packet that a feedback reports, received or not, with its time
# (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).
# What happens: a run of eight gives nine results, the last one "received" though nothing was said of it. A status vector,
# which is what is sent as soon as one packet is lost, gives no result. Each step is cut to whole milliseconds before it
# is added: eight packets 0.25 ms apart (2 ms in all) arrive at the same time.
# Why it matters: whoever estimates bandwidth by it sees a way that is perfect while nothing is lost, and nothing at all
# when it matters.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --prefix . werift@0.24.4 >/dev/null
cat >look.cjs <<'JS'
const { RtcpPacketConverter } = require("werift");
console.log("werift", JSON.parse(require("fs").readFileSync("node_modules/werift/package.json")).version);
const read = (hex) => RtcpPacketConverter.deSerialize(Buffer.from(hex.replaceAll(" ", ""), "hex"))[0].feedback;
const head = (words) => `8fcd000${words} 00000001 00000002`;
// From packet 10 on: a run of eight, 0.25 ms apart.
const run = read(`${head(6)} 000a 0008 00000a01 2008 0101010101010101 0000`);
// From packet 65534 on: five packets, two received, one lost, two received.
const vector = read(`${head(5)} fffe 0005 00000a01 d450 10101010 0000`);
const times = new Set(run.packetResults.slice(0, 8).map((each) => each.receivedAtMs));
const last = run.packetResults.at(-1);
console.log(`a run of ${run.packetStatusCount}: ${run.packetResults.length} results, the last: ${last.sequenceNumber} ${last.received}; times: ${[...times].join(", ")} ms`);
console.log(`a vector of ${vector.packetStatusCount} with ${vector.recvDeltas.length} times: ${vector.packetResults.length} results`);
const changed = run.packetResults.length !== 9 || last.sequenceNumber !== 18 || !last.received || times.size !== 1 || vector.recvDeltas.length !== 4 || vector.packetResults.length !== 0;
if (changed) console.log("CHANGED: feedback is no longer read as described");
process.exit(changed ? 1 : 0);
JS
node look.cjs
