#!/usr/bin/env bash
# sdp-transform 3.0.0 (npm): the type of a value depends on which letters happen to stand in it.
#
# A good guess: an attribute has one type. a=mid is text in one offer and in the next; so is an H.264 profile.
# What happens: whatever looks like a whole number becomes one. mid "0" (Chromium) is a number and "a0" text, while the
# BUNDLE group stays text, so no number is ever found in it. H.264 profile 640028 is a number and 42e01f is text: code
# that reads it as text fails for High profile level 4.0 alone. An ICE ufrag is a number whenever chance gives it
# digits only.
# Why it matters: it works with one browser, one codec level, and nearly all ufrags.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-fund --no-audit --prefix . sdp-transform@3.0.0 >/dev/null
cat >look.cjs <<'JS'
const sdp = require("sdp-transform");
console.log("sdp-transform", require("sdp-transform/package.json").version);
function read(mid, ufrag) {
  return sdp.parse(["v=0", "o=- 1 2 IN IP4 192.0.2.1", "s=-", "t=0 0", `a=group:BUNDLE ${mid}`,
    "m=audio 9 UDP/TLS/RTP/SAVPF 111", `a=mid:${mid}`, `a=ice-ufrag:${ufrag}`, ""].join("\r\n"));
}
let changed = 0;
function see(what, seen, expected) {
  console.log(`${what}: ${seen}`);
  if (seen !== expected) changed = 1;
}
for (const [mid, type, found] of [["0", "number", false], ["a0", "string", true]]) {
  const session = read(mid, "Ab1c");
  see(`mid ${mid} is a`, typeof session.media[0].mid, type);
  see(`mid ${mid} is found in its BUNDLE group`, session.groups[0].mids.toString().split(" ").includes(session.media[0].mid), found);
}
for (const [profile, type] of [["42e01f", "string"], ["640028", "number"], ["64001f", "string"]]) {
  see(`profile-level-id ${profile} is a`, typeof sdp.parseParams(`profile-level-id=${profile}`)["profile-level-id"], type);
}
for (const [ufrag, type] of [["Ab1c", "string"], ["7319", "number"], ["0319", "string"]]) {
  see(`ice-ufrag ${ufrag} is a`, typeof read("0", ufrag).media[0].iceUfrag, type);
}
if (changed) console.log("CHANGED: the types are no longer as described");
process.exit(changed);
JS
node look.cjs
