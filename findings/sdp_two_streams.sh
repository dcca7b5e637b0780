#!/usr/bin/env bash
# sdp 3.2.2 (npm) finds no stream at all for a track that is in two.
#
# A good guess: parseMsid() gives the stream, or the first one of several.
# What happens: one a=msid line gives stream and track; two lines, which RFC 8830 (section 2) allows and addTrack(track,
# one, two) leads to, give undefined: neither the streams nor the track, though the track is the same in both lines.
# Why it matters: a voice that is in a stream for the room and in one for a recording has no id any more.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --prefix . sdp@3.2.2 >/dev/null
cat >look.cjs <<'JS'
const sdp = require("sdp");
console.log("sdp", require("sdp/package.json").version);
const section = (...streams) => ["m=audio 9 UDP/TLS/RTP/SAVPF 111", ...streams.map((each) => `a=msid:${each} voice`), ""].join("\r\n");
const one = sdp.parseMsid(section("room"));
const two = sdp.parseMsid(section("room", "record"));
console.log("one stream:", JSON.stringify(one), " two streams:", JSON.stringify(two));
const changed = JSON.stringify(one) !== '{"stream":"room","track":"voice"}' || two !== undefined;
if (changed) console.log("CHANGED: several streams are no longer read as described");
process.exit(changed ? 1 : 0);
JS
node look.cjs
