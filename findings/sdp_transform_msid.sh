#!/usr/bin/env bash
# sdp-transform 3.0.0 (npm) writes the word "undefined" as a track, and cuts stream ids at the first unusual sign.
#
# A good guess: a=msid comes back as it was; the second part, the track, is optional (RFC 8830, section 2).
# What happens: a line without a track comes back as "a=msid:stream undefined". An id may hold any sign of a token
# ("|", "." and "+" among them; RFC 8830, RFC 8866); it is cut at the first one that is no letter, digit, "_" or "-",
# and then the real track is lost too.
# Why it matters: ids of streams say who is heard. Several people then share one track called "undefined".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --prefix . sdp-transform@3.0.0 >/dev/null
cat >look.cjs <<'JS'
const sdp = require("sdp-transform");
console.log("sdp-transform", require("sdp-transform/package.json").version);
const head = ["v=0", "o=- 1 2 IN IP4 192.0.2.1", "s=-", "t=0 0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2"];
const cases = [
  ["a=msid:seat-3 voice", "a=msid:seat-3 voice"],
  ["a=msid:seat-3", "a=msid:seat-3 undefined"],
  ["a=msid:seat|3 voice", "a=msid:seat undefined"],
  ["a=msid:seat.3 voice", "a=msid:seat undefined"],
];
let changed = 0;
for (const [line, expected] of cases) {
  const after = sdp.write(sdp.parse([...head, line, ""].join("\r\n"))).split("\r\n");
  const seen = after.find((each) => each.startsWith("a=msid:"));
  console.log(`${line}  becomes  ${seen}`);
  if (seen !== expected) changed = 1;
}
if (changed) console.log("CHANGED: stream and track ids are no longer written as described");
process.exit(changed);
JS
node look.cjs
