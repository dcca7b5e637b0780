#!/usr/bin/env bash
# aiortc 1.16.0 ignores direction and header extensions that stand once, above all media sections.
#
# A good guess: an attribute of the session holds for each section without one of its own: a=sendonly and the other
# directions (RFC 8866, section 6.7), a=extmap (RFC 8285, section 5).
# What happens: nothing of it arrives. A description that says "sendonly" once has sections without a direction, and
# one that lists its extensions once has none at all. The fingerprint, which stands there as well, is taken.
# Why it matters: without the extension for mid and rid nobody can tell the streams of one connection apart.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check aiortc==1.16.0
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

from aiortc.sdp import SessionDescription

print("aiortc", version("aiortc"))
HEAD = ["v=0", "o=- 1 2 IN IP4 192.0.2.1", "s=-", "t=0 0"]
SHARED = ["a=sendonly", "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid"]
MEDIA = ["m=audio 9 UDP/TLS/RTP/SAVPF 111", "a=rtpmap:111 opus/48000/2"]


def seen(*lines):
    media = SessionDescription.parse("\r\n".join([*lines, ""])).media[0]
    return media.direction, [each.id for each in media.rtp.headerExtensions]


above, within = seen(*HEAD, *SHARED, *MEDIA), seen(*HEAD, *MEDIA, *SHARED)
print("direction and extension ids, said once for the session:", above)
print("the same, said in the section:", within)
if (above, within) != ((None, []), ("sendonly", [4])):
    sys.exit("CHANGED: attributes of the session are no longer read as described")
PY
