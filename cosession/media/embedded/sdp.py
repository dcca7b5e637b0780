"""The browser's offer, and the mirror of it that the server answers. Text in, values out; no network, no state.

One peer connection, fixed lines (media.md, "The design" 3): the browser offers to send one audio and one video and to
receive N times (audio, video); the n-th recvonly audio and the n-th recvonly video are slot n. Whatever is not
expected is refused with the line's number, never quoted. A browser's candidates are not even read. Its picture may
come in two layers, the small one named first. Sources: RFC 8866 (SDP), RFC 8843 (BUNDLE), RFC 8839 (ICE in SDP), RFC
8829 (JSEP), RFC 4588 (RTX), RFC 8851 and RFC 8853 (RID, simulcast).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, get_args

from cosession.media.embedded.rtp import (
    URI_AUDIO_LEVEL,
    URI_MID,
    URI_REPAIRED_RID,
    URI_RID,
    URI_SEND_TIME,
    URI_TRANSPORT_SEQUENCE,
)
from cosession.room.ports import OfferRefused

Kind = Literal["audio", "video"]
Direction = Literal["sendonly", "recvonly", "sendrecv", "inactive"]
_DIRECTIONS = frozenset(f"a={direction}" for direction in get_args(Direction))

MAX_OFFER_BYTES = 48 * 1024
MAX_SLOTS = 12
_MAX_LINES = 2 + 2 * MAX_SLOTS
_CODEC = {"audio": re.compile(r"opus/48000/2", re.IGNORECASE), "video": re.compile(r"VP8/90000", re.IGNORECASE)}
_NAME = {"audio": "Opus", "video": "VP8"}
_OPUS_WANTED = {"useinbandfec": "1", "usedtx": "1"}
#: Of a line to receive only the first four are answered: a browser that finds transport-wide numbers there sends its
#: account of every packet instead of the one figure, REMB, that is asked of it.
_FEEDBACK = ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc")
_EXTENSIONS = {URI_MID, URI_AUDIO_LEVEL, URI_SEND_TIME}
_EXTENSIONS_TO_SEND = _EXTENSIONS | {URI_RID, URI_REPAIRED_RID, URI_TRANSPORT_SEQUENCE}
MAX_LAYERS = 2
_DIGEST_BYTES = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,16}")
_UFRAG, _PWD = re.compile(r"[A-Za-z0-9+/]{4,256}"), re.compile(r"[A-Za-z0-9+/]{22,256}")


@dataclass(frozen=True, slots=True)
class MediaDescription:
    """A media description (RFC 8866 section 5.14), an m= line with all below it: what it carries, in the browser's own
    numbers. `extensions`: URI to id, 1 to 14. `rtx`: payload type of its repair packets, 0 for none. `repairs`: SSRC of
    a repair stream to that of its media. `rids`: layers that it offers to send, the small one first."""

    kind: Kind
    mid: str
    direction: Direction
    payload_type: int
    codec: str
    format: str
    feedback: tuple[str, ...]
    extensions: Mapping[str, int]
    ssrcs: tuple[int, ...]
    rtx: int = 0
    repairs: Mapping[int, int] = field(default_factory=dict)
    rids: tuple[str, ...] = ()

    @property
    def sends(self) -> bool:
        return self.direction in {"sendonly", "sendrecv"}


#: (audio, video); one of the two may be missing in the last ones.
Slot = tuple[MediaDescription | None, MediaDescription | None]


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that can be served. `fingerprints`: (algorithm, hex with colons). `setup`: the browser's DTLS role."""

    ufrag: str
    password: str
    fingerprints: tuple[tuple[str, str], ...]
    setup: str
    media: tuple[MediaDescription, ...]

    def slots(self) -> list[Slot]:
        """The pairs that it offers to receive in, in order."""
        audio = [media for media in self.media if media.direction == "recvonly" and media.kind == "audio"]
        video = [media for media in self.media if media.direction == "recvonly" and media.kind == "video"]
        return [
            (audio[i] if i < len(audio) else None, video[i] if i < len(video) else None)
            for i in range(max(len(audio), len(video)))
        ]


class Candidate(NamedTuple):
    """Where the server can be reached."""

    address: str
    port: int
    protocol: Literal["udp", "tcp"] = "udp"

    def attribute(self, number: int) -> str:
        """As an attribute; UDP before TCP, lower numbers first (RFC 6544 section 4.2: passive is 2 << 13)."""
        type_preference, local_preference = (126, 65535) if self.protocol == "udp" else (90, 2 << 13 | 8191)
        priority = type_preference << 24 | (local_preference - number) << 8 | 255
        passive = " tcptype passive" if self.protocol == "tcp" else ""
        return f"a=candidate:{number} 1 {self.protocol} {priority} {self.address} {self.port} typ host{passive}"


@dataclass(frozen=True, slots=True)
class Local:
    """The server's side of an answer. `candidates`: best first."""

    ufrag: str
    password: str
    fingerprint: str
    setup: str
    candidates: Sequence[Candidate]
    version: int


def parse(text: str) -> Offer:
    """Read an offer. Raises `OfferRefused` with one of the port's codes, and nothing else."""
    if len(text) > MAX_OFFER_BYTES or len(text.encode("utf-8", "replace")) > MAX_OFFER_BYTES:
        raise OfferRefused(
            "too_large", "the offer is over 48 KiB: limit the codecs with setCodecPreferences to VP8 and Opus"
        )
    session, sections = _sections(text)
    if not sections:
        raise OfferRefused("not_sdp", "no m= line")
    if len(sections) > _MAX_LINES:
        raise OfferRefused(
            "too_many_lines", f"{len(sections)} m= lines; at most {_MAX_LINES}: 2 to send and {MAX_SLOTS} slots"
        )
    media = tuple(_described(i, _whole(section, session)) for i, section in enumerate(sections))
    _check(media, session)
    # Bundled lines share one transport: its words stand in the first line, or above all of them.
    words = sections[0] + session
    fingerprints = _fingerprints(words)
    setup = _first(words, "setup") or "actpass"
    if setup not in {"actpass", "active", "passive"}:
        raise OfferRefused("unexpected_line", "a=setup is none of actpass, active, passive")
    return Offer(_secret(words, "ice-ufrag", _UFRAG), _secret(words, "ice-pwd", _PWD), fingerprints, setup, media)


def _sections(text: str) -> tuple[list[str], list[list[str]]]:
    lines = [line.removesuffix("\r") for line in text.strip().split("\n")]
    if lines[0] != "v=0":
        raise OfferRefused("not_sdp", "line 1 is not v=0")
    session: list[str] = []
    sections: list[list[str]] = []
    current = session
    for number, line in enumerate(lines, 1):
        if not re.match(r"[a-z]=", line) or not line.isprintable():
            raise OfferRefused("not_sdp", f"line {number} is not of the form x=value")
        if line.startswith("m="):
            current = []
            sections.append(current)
        current.append(line)
    return session, sections


def _whole(section: list[str], session: list[str]) -> list[str]:
    """A section with what the session says once for all of them: the direction, unless it has its own (RFC 8866
    section 6.7), and header extensions (RFC 8285 section 5), where its own words come last and win."""
    wanted: frozenset[str] = frozenset() if _DIRECTIONS & set(section) else _DIRECTIONS
    shared = [line for line in session if line in wanted or line.startswith("a=extmap:")]
    return [section[0], *shared, *section[1:]]


def _described(index: int, section: list[str]) -> MediaDescription:
    kind, port, protocol, *formats = [*section[0][2:].split(" "), "", ""]
    # Firefox gives every line but the first the port 0 and says that it lives in the bundle (RFC 9143 section 6).
    refused = port == "0" and "a=bundle-only" not in section
    if kind not in {"audio", "video"} or protocol != "UDP/TLS/RTP/SAVPF" or refused:
        raise OfferRefused("unexpected_line", f"m= line {index} is not audio or video over UDP/TLS/RTP/SAVPF")
    if "a=rtcp-mux" not in section:
        raise OfferRefused("unexpected_line", f"m= line {index} has no a=rtcp-mux")
    mid = _first(section, "mid")
    if mid is None or not _TOKEN.fullmatch(mid):
        raise OfferRefused("unexpected_line", f"m= line {index} has no a=mid of 1 to 16 letters, digits, - or _")
    chosen: Kind = "audio" if kind == "audio" else "video"
    payload_type, codec = _codec(index, chosen, section, formats)
    directions = [line.removeprefix("a=") for line in sorted(_DIRECTIONS & set(section))]
    direction: Direction = "sendrecv"
    match directions:
        case []:
            pass
        case ["sendonly" | "recvonly" | "sendrecv" as one]:
            direction = one
        case _:
            raise OfferRefused("direction", f"m= line {index} is neither sendonly nor recvonly")
    feedback = {
        value.split(" ", 1)[1] for value in _all(section, "rtcp-fb") if value.startswith((f"{payload_type} ", "* "))
    }
    return MediaDescription(
        kind=chosen,
        mid=mid,
        direction=direction,
        payload_type=payload_type,
        codec=codec,
        format=next((v.split(" ", 1)[1] for v in _all(section, "fmtp") if v.startswith(f"{payload_type} ")), ""),
        feedback=tuple(
            word for word in _FEEDBACK if word in feedback and not (word == "transport-cc" and direction == "recvonly")
        ),
        extensions=_extensions(section, _EXTENSIONS if direction == "recvonly" else _EXTENSIONS_TO_SEND),
        ssrcs=_ssrcs(section),
        rtx=_rtx(section, formats, payload_type) if chosen == "video" else 0,
        repairs=_repairs(section),
        rids=_rids(index, section) if direction != "recvonly" else (),
    )


def _codec(index: int, kind: Kind, section: list[str], formats: list[str]) -> tuple[int, str]:
    for value in _all(section, "rtpmap"):
        number, _, codec = value.partition(" ")
        # 64 to 95 would look like RTCP on a shared port (RFC 5761 section 4).
        if number in formats and number.isascii() and number.isdigit() and len(number) < 4:
            payload_type = int(number)
            if _CODEC[kind].fullmatch(codec) and payload_type < 128 and not 64 <= payload_type <= 95:
                return payload_type, codec
    raise OfferRefused("codec_missing", f"m= line {index} ({kind}) does not offer {_NAME[kind]}")


def _rtx(section: list[str], formats: list[str], payload_type: int) -> int:
    """The payload type that repeats `payload_type`, 0 if there is none."""
    repairing = {v.partition(" ")[0] for v in _all(section, "rtpmap") if v.partition(" ")[2].lower() == "rtx/90000"}
    for value in _all(section, "fmtp"):
        number, _, form = value.partition(" ")
        apt = re.search(r"(?:^|;)\s*apt=([0-9]{1,3})(?:;|$)", form)
        if apt and int(apt[1]) == payload_type and number in repairing and number in formats:
            chosen = int(number) if re.fullmatch(r"[0-9]{1,3}", number) else 0
            if 0 < chosen < 128 and not 64 <= chosen <= 95 and chosen != payload_type:
                return chosen
    return 0


def _rids(index: int, section: list[str]) -> tuple[str, ...]:
    """The layers in the order of a=simulcast; none without it."""
    named = {v.split(" ")[0] for v in _all(section, "rid") if v.split(" ")[1:2] == ["send"]}
    words = (_first(section, "simulcast") or "").split(" ")
    if "send" not in words[:-1]:
        return ()
    # A layer that rests at the start has a ~ before its name.
    layers = tuple(layer.removeprefix("~") for layer in words[words.index("send") + 1].split(";"))
    if len(layers) > MAX_LAYERS or len(set(layers)) != len(layers):
        raise OfferRefused("unexpected_line", f"m= line {index} offers other layers than two: a small and a large one")
    if not all(_TOKEN.fullmatch(layer) and layer in named for layer in layers):
        raise OfferRefused("unexpected_line", f"m= line {index} names a layer in a=simulcast that has no a=rid to send")
    return layers


def _check(offered: tuple[MediaDescription, ...], session: list[str]) -> None:
    mids = [media.mid for media in offered]
    bundled = next((value.split(" ")[1:] for value in _all(session, "group") if value.startswith("BUNDLE ")), [])
    if len(set(mids)) != len(mids):
        raise OfferRefused("unexpected_line", "two m= lines have the same a=mid")
    if set(mids) - set(bundled):
        raise OfferRefused(
            "no_bundle", "a=group:BUNDLE does not name every line: create the connection with max-bundle"
        )
    for kind in ("audio", "video"):
        own = [media for media in offered if media.kind == kind]
        if sum(media.sends for media in own) > 1:
            raise OfferRefused("direction", f"more than one {kind} line sends: offer the others as recvonly")
        if sum(not media.sends for media in own) > MAX_SLOTS:
            raise OfferRefused("too_many_lines", f"more than {MAX_SLOTS} {kind} lines to receive")
    for media in offered:
        if media.kind == "audio" and media.sends and not media.ssrcs:
            raise OfferRefused("unexpected_line", f"the sending audio line (mid {media.mid}) names no a=ssrc")


def _extensions(section: list[str], known: Collection[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for value in _all(section, "extmap"):
        number, _, rest = value.partition(" ")
        number = number.partition("/")[0]
        uri = rest.split(" ")[0]
        if uri in known and re.fullmatch(r"[1-9]|1[0-4]", number):
            found[uri] = int(number)
    return found


def _ssrcs(section: list[str]) -> tuple[int, ...]:
    """The media SSRCs in order, repair streams left out."""
    repairs = _repairs(section)
    numbers = [value.split(" ")[0] for value in _all(section, "ssrc")]
    wanted = [int(n) for n in numbers if re.fullmatch(r"[0-9]{1,10}", n)]
    return tuple(n for n in dict.fromkeys(wanted) if 0 < n < 1 << 32 and n not in repairs)


def _repairs(section: list[str]) -> dict[int, int]:
    groups = [re.fullmatch(r"FID ([0-9]{1,10}) ([0-9]{1,10})", value) for value in _all(section, "ssrc-group")]
    return {int(group[2]): int(group[1]) for group in groups if group}


def _fingerprints(words: list[str]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for value in _all(words, "fingerprint"):
        algorithm, _, digest = value.partition(" ")
        size = _DIGEST_BYTES.get(algorithm.lower(), 0)
        if size and re.fullmatch(rf"[0-9A-Fa-f]{{2}}(:[0-9A-Fa-f]{{2}}){{{size - 1}}}", digest):
            found.append((algorithm.lower(), digest.upper()))
    if not found:
        raise OfferRefused("fingerprint_missing", "no a=fingerprint with SHA-256, SHA-384 or SHA-512")
    return tuple(dict.fromkeys(found))


def _secret(words: list[str], key: str, form: re.Pattern[str]) -> str:
    value = _first(words, key)
    if value is None or not form.fullmatch(value):
        raise OfferRefused("unexpected_line", f"a={key} is missing or malformed")
    return value


def _all(section: list[str], key: str) -> list[str]:
    prefix = f"a={key}:"
    return [line[len(prefix) :] for line in section if line.startswith(prefix)]


def _first(section: list[str], key: str) -> str | None:
    return next(iter(_all(section, key)), None)


def answer(offer: Offer, local: Local, ssrcs: Mapping[str, tuple[int, int, str]], publishes: bool) -> str:
    """The answer that mirrors `offer`. `ssrcs`: by mid of every recvonly line, its SSRC, that of its repairs (used only
    if the line has RTX) and its stream id (`slot0`).
    With `publishes` False the browser's sending lines are answered inactive."""
    head = ["v=0", f"o=- 1 {local.version} IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite"]
    head += [f"a=group:BUNDLE {' '.join(media.mid for media in offer.media)}", "a=msid-semantic: WMS *"]
    transport = ["c=IN IP4 0.0.0.0", f"a=ice-ufrag:{local.ufrag}", f"a=ice-pwd:{local.password}"]
    transport += [f"a=fingerprint:sha-256 {local.fingerprint}", f"a=setup:{local.setup}"]
    # All lines share the transport of the first, which has the candidates (RFC 8843 section 7.1.3); aiortc reads the
    # last one's.
    reach = [candidate.attribute(i) for i, candidate in enumerate(local.candidates, 1)] + ["a=end-of-candidates"]
    body = [
        words
        for i, media in enumerate(offer.media)
        for words in _answered(
            media, transport + (reach if i in {0, len(offer.media) - 1} else []), ssrcs.get(media.mid), publishes
        )
    ]
    return "\r\n".join(head + body) + "\r\n"


def _answered(
    media: MediaDescription, transport: list[str], slot: tuple[int, int, str] | None, publishes: bool
) -> list[str]:
    formats = f"{media.payload_type} {media.rtx}" if media.rtx else f"{media.payload_type}"
    words = [f"m={media.kind} 9 UDP/TLS/RTP/SAVPF {formats}", *transport, f"a=mid:{media.mid}", "a=rtcp-mux"]
    words += [f"a=extmap:{number} {uri}" for uri, number in media.extensions.items()]
    if media.sends:
        words.append("a=recvonly" if publishes else "a=inactive")
    else:
        words.append("a=sendonly")
    words.append(f"a=rtpmap:{media.payload_type} {media.codec}")
    if form := _opus_format(media.format) if media.kind == "audio" else media.format:
        words.append(f"a=fmtp:{media.payload_type} {form}")
    words += [f"a=rtcp-fb:{media.payload_type} {word}" for word in media.feedback]
    if media.rtx:
        words += [f"a=rtpmap:{media.rtx} rtx/90000", f"a=fmtp:{media.rtx} apt={media.payload_type}"]
    if media.rids and publishes:
        words += [f"a=rid:{rid} recv" for rid in media.rids]
        words.append(f"a=simulcast:recv {';'.join(media.rids)}")
    if slot is not None:
        ssrc, repair, stream = slot
        words.append(f"a=msid:{stream} {stream}-{media.kind}")
        words += [f"a=ssrc-group:FID {ssrc} {repair}"] if media.rtx else []
        words += [f"a=ssrc:{one} cname:{stream}" for one in ([ssrc, repair] if media.rtx else [ssrc])]
    return words


def _opus_format(offered: str) -> str:
    pairs = dict(part.strip().split("=", 1) for part in offered.split(";") if "=" in part)
    return ";".join(f"{key}={value}" for key, value in (pairs | _OPUS_WANTED).items())
