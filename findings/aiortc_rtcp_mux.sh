#!/usr/bin/env bash
# aiortc 1.16.0 forgets a=rtcp-mux when it writes a description that has no a=rtcp line.
#
# A good guess: what was read is written again; rtcp-mux depends on nothing else.
# What happens: rtcp_mux is True after parsing, and the line is written only below an a=rtcp line, which is optional
# (RFC 3605) and says nothing that is needed once both share a port.
# Why it matters: a tool between two peers that parses, changes and writes turns an offer that browsers take into one
# that they refuse (rtcpMuxPolicy is "require"); this project's server would refuse it as well.
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
HEAD = ["v=0", "o=- 1 2 IN IP4 192.0.2.1", "s=-", "t=0 0", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0"]
REST = ["a=rtcp-mux", "a=rtpmap:111 opus/48000/2", ""]


def seen(*more):
    description = SessionDescription.parse("\r\n".join([*HEAD, *more, *REST]))
    return description.media[0].rtcp_mux, "a=rtcp-mux" in str(description)


bare, named = seen(), seen("a=rtcp:9 IN IP4 0.0.0.0")
print("without a=rtcp (read, written):", bare)
print("with a=rtcp (read, written):", named)
if (bare, named) != ((True, False), (True, True)):
    sys.exit("CHANGED: rtcp-mux is no longer written as described")
PY
