#!/usr/bin/env bash
# sdp 3.2.2 (npm) calls a section rejected that is only bundled.
#
# A good guess: isRejected() says whether a media section was refused.
# What happens: it looks at the port alone. In an offer a section with port 0 and a=bundle-only is not refused; it has
# no port of its own (RFC 9143, section 7.2.1). With bundlePolicy "max-bundle" every section but the first is written
# like that (RFC 8829, section 5.2.1), and all of these count as rejected.
# Why it matters: of an offer with a microphone and twelve slots one section would be left.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --prefix . sdp@3.2.2 >/dev/null
cat >look.cjs <<'JS'
const sdp = require("sdp");
console.log("sdp", require("sdp/package.json").version);
const section = (port, more) => `m=video ${port} UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\n${more}`;
const seen = [sdp.isRejected(section(9, "")), sdp.isRejected(section(0, "")), sdp.isRejected(section(0, "a=bundle-only\r\n"))];
console.log("port 9:", seen[0], " port 0:", seen[1], " port 0 with bundle-only:", seen[2]);
const changed = String(seen) !== "false,true,true";
if (changed) console.log("CHANGED: sections are no longer judged as described");
process.exit(changed ? 1 : 0);
JS
node look.cjs
