#!/usr/bin/env bash
# sdp 3.2.2 (npm) cuts values of a=fmtp at their own equals signs.
#
# A good guess: the name ends at the first "=", and the rest is the value.
# What happens: the value ends at the second "=". Parameter sets of H.264 are base64 (RFC 6184, section 8.1), which
# likes to end with "=": the padding is gone after parseFmtp, and after writeFmtp too; a first set with padding takes
# the whole second set with it.
# Why it matters: the receiver gets sequence parameters without the picture parameters that belong to them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --prefix . sdp@3.2.2 >/dev/null
cat >look.cjs <<'JS'
const sdp = require("sdp");
console.log("sdp", require("sdp/package.json").version);
let changed = 0;
for (const [sets, expected] of [
  ["Z0LAHtkA2D3n,aMuMsg==", "Z0LAHtkA2D3n,aMuMsg"],
  ["Z0LAHtkA2D3nlw==,aMuMsg==", "Z0LAHtkA2D3nlw"],
]) {
  const parameters = sdp.parseFmtp(`a=fmtp:96 packetization-mode=1;sprop-parameter-sets=${sets}`);
  console.log(`${sets}  becomes  ${parameters["sprop-parameter-sets"]}`);
  console.log(`  written again: ${sdp.writeFmtp({ payloadType: 96, parameters }).trim()}`);
  if (parameters["sprop-parameter-sets"] !== expected) changed = 1;
}
if (changed) console.log("CHANGED: values are no longer cut as described");
process.exit(changed);
JS
node look.cjs
