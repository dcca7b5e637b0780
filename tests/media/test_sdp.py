"""Offers are mirrored or refused with a code, and nothing else ever happens."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosession.media.embedded import rtp, sdp
from cosession.room.ports import OfferRefused

_FINGERPRINT = ":".join(["AB"] * 32)


def line(kind: str, mid: str, direction: str, ssrc: int = 0) -> str:
    codec = "111 opus/48000/2" if kind == "audio" else "96 VP8/90000"
    number = codec.split(" ", maxsplit=1)[0]
    words = [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {number} 97",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:0123456789012345678901",
        f"a=fingerprint:sha-256 {_FINGERPRINT}",
        "a=setup:actpass",
        f"a=mid:{mid}",
        f"a={direction}",
        "a=rtcp-mux",
        f"a=rtpmap:{codec}",
        "a=rtpmap:97 rtx/90000",
        "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid",
        f"a=rtcp-fb:{number} nack",
        f"a=rtcp-fb:{number} transport-cc",
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host",
    ]
    if kind == "audio":
        words.append("a=fmtp:111 minptime=10;useinbandfec=1")
    if ssrc:
        words.append(f"a=ssrc:{ssrc} cname:x")
    return "\r\n".join(words)


def offer(slots: int = 2) -> str:
    lines = [line("audio", "0", "sendonly", 1111), line("video", "1", "sendonly", 2222)]
    for i in range(slots):
        lines += [line("audio", str(2 + 2 * i), "recvonly"), line("video", str(3 + 2 * i), "recvonly")]
    bundle = " ".join(str(i) for i in range(len(lines)))
    return "\r\n".join(["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0", f"a=group:BUNDLE {bundle}", *lines, ""])


def test_an_offer_is_mirrored() -> None:
    read = sdp.parse(offer())
    assert [(x.kind, x.direction, x.ssrcs) for x in read.media[:2]] == [
        ("audio", "sendonly", (1111,)),
        ("video", "sendonly", (2222,)),
    ]
    assert [(a and a.mid, v and v.mid) for a, v in read.slots()] == [("2", "3"), ("4", "5")]
    local = sdp.Local(
        "u",
        "p",
        _FINGERPRINT,
        "passive",
        [sdp.Candidate("192.0.2.9", 5000), sdp.Candidate("2001:db8::9", 5001, "tcp")],
        1,
    )
    text = sdp.answer(read, local, {"2": (77, 0, "slot0"), "3": (78, 79, "slot0")}, publishes=True)
    sections = text.split("m=")
    assert len(sections) == 7
    assert "a=ice-lite\r\n" in sections[0]
    assert "a=recvonly\r\n" in sections[1]
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n" in sections[1]
    assert "a=ssrc:77 cname:slot0\r\n" in sections[3]
    assert "a=sendonly\r\n" in sections[3]
    assert "192.0.2.1 " not in text
    assert "a=candidate:1 1 udp 2130706175 192.0.2.9 5000 typ host\r\n" in sections[1]
    assert "a=candidate:2 1 tcp 1516240383 2001:db8::9 5001 typ host tcptype passive\r\n" in sections[1]
    assert text.count("a=candidate:") == 4
    assert "a=rtcp-fb:96 transport-cc\r\n" in sections[2], "the browser shall estimate its own uplink"
    assert "transport-cc" not in sections[3] + sections[4], "and give one figure for its downlink"
    assert "97" not in text, "a repair stream without a=fmtp apt is none"
    assert "a=recvonly" not in sdp.answer(read, local, {}, publishes=False)


def with_layers(layers: str = "l;h") -> str:
    words = "a=fmtp:97 apt=96\r\na=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n"
    words += "a=rid:l send\r\na=rid:h send\r\na=simulcast:send " + layers
    return (
        offer()
        .replace("a=rtpmap:97 rtx/90000", "a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96")
        .replace("a=ssrc:2222 cname:x", words)
    )


def test_layers_and_repairs_are_mirrored() -> None:
    read = sdp.parse(with_layers("l;~h"))
    own, shown = read.media[1], read.media[3]
    assert (own.rids, own.rtx, own.ssrcs) == (("l", "h"), 97, ())
    assert (shown.rids, shown.rtx) == ((), 97)
    assert rtp.URI_RID in own.extensions
    local = sdp.Local("u", "p", _FINGERPRINT, "passive", [], 1)
    text = sdp.answer(read, local, {"3": (78, 79, "slot0")}, publishes=True)
    sections = text.split("m=")
    for words in ("video 9 UDP/TLS/RTP/SAVPF 96 97", "a=fmtp:97 apt=96", "a=rid:h recv", "a=simulcast:recv l;h"):
        assert f"{words}\r\n" in sections[2]
    assert "a=ssrc-group:FID 78 79\r\n" in sections[4]
    assert "simulcast" not in sections[4] + sdp.answer(read, local, {}, publishes=False)


@pytest.mark.parametrize("layers", ["l;h;m", "l;l", "l;x", "l,h;h"])
def test_other_layers_than_two_are_refused(layers: str) -> None:
    with pytest.raises(OfferRefused) as refused:
        sdp.parse(with_layers(layers))
    assert refused.value.code == "unexpected_line"


def test_a_line_without_port_is_served_in_the_bundle_and_only_there() -> None:
    without = offer().replace("m=video 9", "m=video 0")
    with pytest.raises(OfferRefused):
        sdp.parse(without)
    bundled = without.replace("a=rtcp-mux", "a=rtcp-mux\r\na=bundle-only")
    assert len(sdp.parse(bundled).media) == len(sdp.parse(offer()).media)


def test_what_is_said_once_holds_for_every_line_without_its_own_word() -> None:
    """RFC 8866 section 6.7 (direction), RFC 8285 section 5 (extmap)."""
    mid, audio = "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n", "a=extmap:5 urn:ietf:params:rtp-hdrext:sdes:mid"
    moved = offer().replace(mid, "").replace("a=recvonly\r\n", "").replace("t=0 0\r\n", f"t=0 0\r\na=recvonly\r\n{mid}")
    assert sdp.parse(moved) == sdp.parse(offer())
    own = sdp.parse(moved.replace("a=mid:0", f"{audio}\r\na=mid:0"))
    assert [media.extensions[rtp.URI_MID] for media in own.media[:2]] == [5, 4]


def test_a_repair_stream_is_known_by_its_group() -> None:
    text = offer().replace("a=ssrc:2222 cname:x", "a=ssrc-group:FID 2222 3333\r\na=ssrc:2222 c\r\na=ssrc:3333 c")
    own = sdp.parse(text).media[1]
    assert (own.ssrcs, own.repairs) == ((2222,), {3333: 2222})


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("too_large", offer() + "a=x:" + "y" * 48 * 1024),
        ("too_large", "é" * 25_000),
        ("not_sdp", ""),
        ("not_sdp", "hello"),
        ("not_sdp", "v=0\r\ns=-"),
        ("not_sdp", offer() + "\x00\r\n"),
        ("no_bundle", offer().replace("BUNDLE 0 1", "BUNDLE 0")),
        ("no_bundle", offer().replace("a=group", "a=grouping")),
        ("too_many_lines", offer(13)),
        ("unexpected_line", offer().replace("m=video", "m=application", 1)),
        ("unexpected_line", offer().replace("SAVPF", "AVP", 1)),
        ("unexpected_line", offer().replace("a=mid:1", "a=mid:0", 1)),
        ("unexpected_line", offer().replace("a=mid:1", "a=mid:" + "m" * 17, 1)),
        ("unexpected_line", offer().replace("a=rtcp-mux", "a=rtcp-rsize", 1)),
        ("unexpected_line", offer().replace("a=ssrc:1111 cname:x", "a=ssrcs:1")),
        ("unexpected_line", offer().replace("a=ice-pwd:0123456789012345678901", "a=ice-pwd:short")),
        ("codec_missing", offer().replace("opus/48000/2", "PCMU/8000", 1)),
        ("codec_missing", offer().replace("VP8", "H264")),
        ("codec_missing", offer().replace("SAVPF 96", "SAVPF 98")),
        ("codec_missing", offer().replace("111", "70")),
        ("fingerprint_missing", offer().replace("sha-256", "sha-1")),
        ("fingerprint_missing", offer().replace(":AB", "")),
        ("direction", offer().replace("a=recvonly", "a=sendonly", 1)),
        ("direction", offer().replace("a=recvonly", "a=inactive", 1)),
        ("direction", offer().replace("a=recvonly", "a=recvonly\r\na=sendonly", 1)),
    ],
)
def test_what_cannot_be_served_is_refused(code: str, text: str) -> None:
    with pytest.raises(OfferRefused) as refused:
        sdp.parse(text)
    assert refused.value.code == code
    assert str(refused.value)


@given(st.text(max_size=400))
def test_nothing_but_a_refusal_escapes_from_text(text: str) -> None:
    for candidate in (text, "v=0\n" + text):
        with pytest.raises(OfferRefused):
            sdp.parse(candidate)


@given(st.integers(), st.lists(st.sampled_from(["cut", "double", "drop", "swap", "flip", "number"]), max_size=6))
def test_nothing_but_a_refusal_escapes_from_damaged_offers(seed: int, damages: list[str]) -> None:
    chance = random.Random(seed)
    lines = offer().split("\r\n")
    for damage in damages:
        at = chance.randrange(len(lines))
        match damage:
            case "cut":
                lines[at] = lines[at][: chance.randrange(len(lines[at]) + 1)]
            case "double":
                lines.insert(at, lines[at])
            case "drop" if len(lines) > 1:
                del lines[at]
            case "swap":
                other = chance.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case "flip":
                lines[at] = "".join(chance.choice(":;=/ é9a") if chance.random() < 0.1 else c for c in lines[at])
            case "number":
                lines[at] = lines[at].replace("1", str(chance.choice([-1, 0, 10**30, "²", "x"])))
    try:
        read = sdp.parse("\r\n".join(lines))
    except OfferRefused:
        return
    local = sdp.Local("u", "p", _FINGERPRINT, "passive", [], 1)
    assert sdp.answer(read, local, {}, publishes=True).count("\r\nm=") == len(read.media)
