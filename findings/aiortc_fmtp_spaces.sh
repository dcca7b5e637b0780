#!/usr/bin/env bash
# aiortc 1.16.0 takes the blank after a semicolon for a part of a parameter's name.
#
# A good guess: "packetization-mode=1; profile-level-id=64001f" holds the two parameters that it names; RFC 6184 and
# RFC 7587 write their own examples with that blank.
# What happens: the second one is called " profile-level-id". It is then absent: the profile counts as the default,
# Constrained Baseline, and the codec is judged to fit another one than it says.
# Why it matters: two codecs are matched that do not fit, or two are not that do, depending on a blank.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check aiortc==1.16.0
venv/bin/python - <<'PY'
import sys
from importlib.metadata import version

from aiortc.rtcpeerconnection import is_codec_compatible
from aiortc.sdp import SessionDescription

print("aiortc", version("aiortc"))
HEAD = ["v=0", "o=- 1 2 IN IP4 192.0.2.1", "s=-", "t=0 0", "m=video 9 UDP/TLS/RTP/SAVPF 96"]


def codec(parameters):
    lines = [*HEAD, "a=rtpmap:96 H264/90000", f"a=fmtp:96 {parameters}", ""]
    return SessionDescription.parse("\r\n".join(lines)).media[0].rtp.codecs[0]


close, wide = "packetization-mode=1;profile-level-id=64001f", "packetization-mode=1; profile-level-id=64001f"
baseline = codec("packetization-mode=1;profile-level-id=42e01f")
names = list(codec(wide).parameters)
fits = [is_codec_compatible(codec(close), codec(wide)), is_codec_compatible(baseline, codec(wide))]
print("names with a blank after the semicolon:", names)
print("fits High without the blank:", fits[0], " fits Constrained Baseline:", fits[1])
if names != ["packetization-mode", " profile-level-id"] or fits != [False, True]:
    sys.exit("CHANGED: blanks between parameters are no longer read as described")
PY
