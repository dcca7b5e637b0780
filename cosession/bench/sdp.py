"""Offers and answers of the load generator: the fewest words that a browser would say too.

Its own implementation on purpose: what is measured must not be read with its own eyes. Payload types and extension
ids are Chromium's. Sources: RFC 8866, RFC 8829, wire.md "Media".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cosession.bench.traffic import Kind

URI_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
URI_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
URI_TRANSPORT = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
URI_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
EXTENSIONS = {URI_LEVEL: 1, URI_SEND_TIME: 2, URI_TRANSPORT: 3, URI_MID: 4}

OPUS, VP8 = 111, 96
_CODEC = {
    "audio": (f"{OPUS}", f"a=rtpmap:{OPUS} opus/48000/2", f"a=fmtp:{OPUS} minptime=10;useinbandfec=1"),
    "video": (f"{VP8} 97", f"a=rtpmap:{VP8} VP8/90000", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96"),
}
_FEEDBACK = {"audio": ("transport-cc",), "video": ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")}

Setup = Literal["active", "passive"]


@dataclass(frozen=True, slots=True)
class Own:
    """What one of our connections says of itself. `fingerprint`: SHA-256, hex with colons; `candidate`: IPv4 address
    and UDP port."""

    ufrag: str
    password: str
    fingerprint: str
    candidate: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Section:
    """One m= line. `ssrc`: of the sender, where there is one; its repair stream has the next number."""

    kind: Kind
    direction: Literal["sendonly", "recvonly"]
    ssrc: int = 0


@dataclass(frozen=True, slots=True)
class Remote:
    """What the other side said. `ssrcs`: by m= line, the media SSRC that will come on it (0: none). `sections` are the
    lines of each m= section as they stood. `transport_cc`: whether sequence numbers of the transport are wanted."""

    ufrag: str
    password: str
    fingerprint: str
    setup: str
    candidates: tuple[tuple[str, int], ...]
    sections: tuple[tuple[str, ...], ...]
    ssrcs: tuple[int, ...]
    transport_cc: bool


def offer(own: Own, sections: Sequence[Section]) -> str:
    """An offer with these lines, mids counted from 0, bundled. We open the DTLS handshake."""
    body = [_HEAD, f"a=group:BUNDLE {' '.join(str(mid) for mid in range(len(sections)))}"]
    for mid, section in enumerate(sections):
        formats, *codec = _CODEC[section.kind]
        number = formats.split(" ")[0]
        body += [
            f"m={section.kind} 9 UDP/TLS/RTP/SAVPF {formats}",
            *_transport(own, str(mid)),
            f"a={section.direction}",
        ]
        body += codec
        body += [f"a=rtcp-fb:{number} {word}" for word in _FEEDBACK[section.kind]]
        wanted = [uri for uri in EXTENSIONS if section.kind == "audio" or uri != URI_LEVEL]
        body += [f"a=extmap:{EXTENSIONS[uri]} {uri}" for uri in wanted]
        if section.direction == "sendonly":
            body.append(f"a=msid:{own.ufrag} {own.ufrag}-{section.kind}")
            if section.kind == "video":
                body.append(f"a=ssrc-group:FID {section.ssrc} {section.ssrc + 1}")
                body.append(f"a=ssrc:{section.ssrc + 1} cname:{own.ufrag}")
            body.append(f"a=ssrc:{section.ssrc} cname:{own.ufrag}")
    return "\r\n".join(body) + "\r\n"


def answer_to_receive(own: Own, remote: Remote) -> str:
    """Take everything that `remote` offers to send, in its own numbers."""
    mids = [_first(section, "mid") for section in remote.sections]
    body = [_HEAD, f"a=group:BUNDLE {' '.join(mids)}"]
    for section, mid in zip(remote.sections, mids, strict=True):
        body += [section[0], *_transport(own, mid), "a=recvonly"]
        body += [line for line in section if line.startswith(("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=extmap:"))]
    return "\r\n".join(body) + "\r\n"


def read(text: str) -> Remote:
    """The other side's words. Raises ValueError if some that we need are missing."""
    lines = text.replace("\r", "").strip().split("\n")
    starts = [i for i, line in enumerate(lines) if line.startswith("m=")]
    if not starts:
        raise ValueError("the server's SDP has no m= line")
    sections = [tuple(lines[i:j]) for i, j in zip(starts, [*starts[1:], len(lines)], strict=True)]
    words = (*sections[0], *lines[: starts[0]])
    found = [line.removeprefix("a=candidate:").split(" ") for line in words if line.startswith("a=candidate:")]
    candidates = [(c[4], int(c[5])) for c in found if c[2].lower() == "udp" and ":" not in c[4]]
    algorithm, _, fingerprint = _first(words, "fingerprint").partition(" ")
    if algorithm.lower() != "sha-256" or not candidates:
        raise ValueError("the server's SDP has no SHA-256 fingerprint, or no candidate for UDP over IPv4")
    return Remote(
        ufrag=_first(words, "ice-ufrag"),
        password=_first(words, "ice-pwd"),
        fingerprint=fingerprint.upper(),
        setup=_first(words, "setup"),
        candidates=tuple(candidates),
        sections=tuple(sections),
        ssrcs=tuple(int(_first(section, "ssrc", "0").split(" ")[0]) for section in sections),
        transport_cc=any(URI_TRANSPORT in line for line in sections[0]),
    )


_HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0"


def _transport(own: Own, mid: str) -> list[str]:
    words = ["c=IN IP4 0.0.0.0", f"a=ice-ufrag:{own.ufrag}", f"a=ice-pwd:{own.password}"]
    words += [f"a=fingerprint:sha-256 {own.fingerprint}", "a=setup:active", f"a=mid:{mid}", "a=rtcp-mux"]
    address, port = own.candidate
    return [*words, f"a=candidate:1 1 udp 2130706431 {address} {port} typ host", "a=end-of-candidates"]


def _first(section: Sequence[str], key: str, otherwise: str | None = None) -> str:
    prefix = f"a={key}:"
    for line in section:
        if line.startswith(prefix):
            return line.removeprefix(prefix)
    if otherwise is None:
        raise ValueError(f"the server's SDP has no a={key}")
    return otherwise
