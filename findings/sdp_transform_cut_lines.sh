#!/usr/bin/env bash
# sdp-transform 3.0.0 (npm) cuts valid lines short and says nothing.
#
# A good guess: what the parser understands it keeps whole, and what it does not it keeps as it stands ("invalid").
# What happens: a line whose beginning is understood counts as understood. The rest of it is gone after parse and write:
# the second ICE option (RFC 8829 uses "trickle ice2"), everything of a candidate from the first extension attribute
# that is not on the list ("ufrag", which browsers write, takes network-id and network-cost with it), the third word
# of rtcp-fb (RFC 5104, smaxpr).
# Why it matters: servers and clients read offers with it, change one thing and write them again. An SFU that is told
# "ice2" or a candidate's network by such a client never sees it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --prefix . sdp-transform@3.0.0 >/dev/null
cat >look.cjs <<'JS'
const sdp = require("sdp-transform");
console.log("sdp-transform", require("sdp-transform/package.json").version);
const head = ["v=0", "o=- 1 2 IN IP4 192.0.2.1", "s=-", "t=0 0", "m=video 9 UDP/TLS/RTP/SAVPF 96", "c=IN IP4 0.0.0.0", "a=rtpmap:96 VP8/90000"];
const candidate = "a=candidate:1 1 udp 2113937151 192.0.2.7 50000 typ host generation 0";
const cases = [
  ["a=ice-options:trickle ice2", "a=ice-options:trickle"],
  [`${candidate} ufrag Ab1c network-id 1 network-cost 10`, candidate],
  ["a=rtcp-fb:96 ccm tmmbr smaxpr=120", "a=rtcp-fb:96 ccm tmmbr"],
];
let changed = 0;
for (const [line, expected] of cases) {
  const after = sdp.write(sdp.parse([...head, line, ""].join("\r\n"))).split("\r\n");
  const seen = after.filter((each) => !head.includes(each) && each).join(" | ");
  console.log(`${line}\n  becomes ${seen}`);
  if (seen !== expected) changed = 1;
}
if (changed) console.log("CHANGED: the lines are no longer cut as described");
process.exit(changed);
JS
node look.cjs
