"""RTCP as an SFU speaks it: reports, sender reports, NACK, key frame requests, REMB. Parse and build, no state.

`parse` never raises: what cannot be understood is left out. Sources: RFC 3550 section 6.4, RFC 4585 sections 6.2.1
and 6.3.1, RFC 5104 section 4.3.1 (FIR), draft-alvestrand-rmcat-remb-03,
draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import sub

_SR, _RR, _BYE, _RTPFB, _PSFB = 200, 201, 203, 205, 206
_NACK, _TRANSPORT, _PLI, _FIR, _REMB = 1, 15, 1, 4, 15
#: In one request, each of up to 17 packets: as many as are remembered (`up_track`). The rest would be work for nothing.
_MOST_GAPS = 31
_REPORT = struct.Struct("!LB3sLLLL")


@dataclass(frozen=True, slots=True)
class Report:
    """One receiver's account of one stream. `fraction_lost` in 1/256; `lsr`, `dlsr` in 1/65536 s; jitter in clock
    units."""

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    lsr: int
    dlsr: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    ssrc: int
    ntp: int
    timestamp: int
    packets: int
    octets: int
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    ssrc: int
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Nack:
    media_ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR: the two mean the same to an SFU."""

    media_ssrc: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """REMB: what a receiver believes that it can receive of these streams in sum."""

    bitrate_bps: int
    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bye:
    ssrcs: tuple[int, ...]


Feedback = SenderReport | ReceiverReport | Nack | KeyframeRequest | Estimate | Bye


def parse(data: bytes) -> list[Feedback]:
    """What a compound packet says, in order. A broken part ends the reading; unknown kinds are passed over."""
    found: list[Feedback] = []
    at = 0
    while len(data) - at >= 4:
        first, kind, words = struct.unpack_from("!BBH", data, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            break
        body = data[at + 4 : end]
        if first & 0x20:
            if not body or not 0 < body[-1] <= len(body):
                break
            body = body[: -body[-1]]
        found.extend(_one(kind, first & 31, body))
        at = end
    return found


def _one(kind: int, count: int, body: bytes) -> Iterable[Feedback]:
    size = len(body)
    if kind == _SR and size >= 24:
        ssrc, ntp, timestamp, packets, octets = struct.unpack_from("!LQLLL", body)
        return [SenderReport(ssrc, ntp, timestamp, packets, octets, _reports(body, 24, count))]
    if kind == _RR and size >= 4:
        return [ReceiverReport(int.from_bytes(body[:4], "big"), _reports(body, 4, count))]
    if kind == _BYE and size >= 4 * count:
        return [Bye(struct.unpack_from(f"!{count}L", body))]
    if kind == _RTPFB and count == _NACK and size >= 12:
        return [Nack(int.from_bytes(body[4:8], "big"), _lost(body))]
    if kind == _PSFB and count == _PLI and size >= 8:
        return [KeyframeRequest(int.from_bytes(body[4:8], "big"))]
    if kind == _PSFB and count == _FIR and size >= 16:
        return [KeyframeRequest(int.from_bytes(body[i : i + 4], "big")) for i in range(8, size - 7, 8)]
    if kind == _PSFB and count == _REMB and size >= 16 and body[8:12] == b"REMB":
        ssrcs = tuple(int.from_bytes(body[i : i + 4], "big") for i in range(16, 16 + 4 * body[12], 4) if i + 4 <= size)
        return [Estimate((int.from_bytes(body[13:16], "big") & 0x3FFFF) << (body[13] >> 2), ssrcs)]
    return []


def _reports(body: bytes, at: int, count: int) -> tuple[Report, ...]:
    reports: list[Report] = []
    for _ in range(count):
        if at + _REPORT.size > len(body):
            break
        ssrc, fraction, lost, highest, jitter, lsr, dlsr = _REPORT.unpack_from(body, at)
        signed = int.from_bytes(lost, "big", signed=True)
        reports.append(Report(ssrc, fraction, signed, highest, jitter, lsr, dlsr))
        at += _REPORT.size
    return tuple(reports)


def _lost(body: bytes) -> tuple[int, ...]:
    sequences: list[int] = []
    for at in range(8, min(len(body), 8 + 4 * _MOST_GAPS) - 3, 4):
        first, mask = struct.unpack_from("!HH", body, at)
        sequences.append(first)
        sequences.extend((first + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1)
    return tuple(sequences)


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def receiver_report(sender: int, reports: Sequence[Report]) -> bytes:
    """A report on up to 31 streams, from SSRC `sender`."""
    body = sender.to_bytes(4, "big")
    for r in reports[:31]:
        lost = max(-(1 << 23), min((1 << 23) - 1, r.packets_lost)).to_bytes(3, "big", signed=True)
        body += _REPORT.pack(r.ssrc, r.fraction_lost, lost, r.highest_sequence, r.jitter, r.lsr, r.dlsr)
    return _packet(_RR, min(len(reports), 31), body)


def sender_report(ssrc: int, ntp: int, timestamp: int, packets: int, octets: int) -> bytes:
    """`ntp` is the 64-bit NTP time of `timestamp`; the counters wrap."""
    return _packet(_SR, 0, struct.pack("!LQLLL", ssrc, ntp, timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF))


def nack(sender: int, media: int, sequences: Sequence[int]) -> bytes:
    """Ask for `sequences` (16 bits each, in order, wrapping) of SSRC `media` once more."""
    body = struct.pack("!LL", sender, media)
    first, mask = sequences[0], 0
    for sequence in sequences[1:]:
        distance = (sequence - first - 1) & 0xFFFF
        if distance < 16:
            mask |= 1 << distance
        else:
            body += struct.pack("!HH", first, mask)
            first, mask = sequence, 0
    return _packet(_RTPFB, _NACK, body + struct.pack("!HH", first, mask))


def picture_loss(sender: int, media: int) -> bytes:
    """Ask SSRC `media` for a key frame."""
    return _packet(_PSFB, _PLI, struct.pack("!LL", sender, media))


def remb(sender: int, bitrate_bps: int, ssrcs: Sequence[int]) -> bytes:
    """Hold the sender of `ssrcs` (at most 255) at `bitrate_bps` in sum."""
    exponent, mantissa = 0, bitrate_bps
    while mantissa > 0x3FFFF:
        mantissa >>= 1
        exponent += 1
    body = struct.pack("!LL4sBBH", sender, 0, b"REMB", len(ssrcs), exponent << 2 | mantissa >> 16, mantissa & 0xFFFF)
    return _packet(_PSFB, _REMB, body + struct.pack(f"!{len(ssrcs)}L", *ssrcs))


def transport_feedback(sender: int, media: int, base: int, count: int, arrivals: Sequence[int | None]) -> bytes:
    """When packets arrived, for the browser's own estimate of its uplink.

    `base`: transport-wide sequence number of the first; `count`: how many such reports went before (8 bits);
    `twcc`: for each packet from `base` on its time in units of 250 µs, not negative, None for one that did not
    come; at least one did, and at most 0xFFFF are reported. Steps between two arrivals have to fit 16 bits.
    """
    reference = next(at for at in arrivals if at is not None) // 256
    head = struct.pack("!LLHHL", sender, media, base, len(arrivals), (reference & 0xFFFFFF) << 8 | count & 0xFF)
    body = head + (_steady(arrivals, reference * 256) or _mixed(arrivals, reference * 256))
    return _packet(_RTPFB, _TRANSPORT, body + bytes(-len(body) % 4))


def _steady(arrivals: Sequence[int | None], last: int) -> bytes:
    """One chunk and a byte for each, where every packet came soon after the one before; else nothing."""
    if None in arrivals or len(arrivals) > 0x1FFF:
        return b""
    steps = list(map(sub, arrivals, (last, *arrivals)))
    return struct.pack("!H", 1 << 13 | len(steps)) + bytes(steps) if min(steps) >= 0 and max(steps) <= 255 else b""


def _mixed(arrivals: Sequence[int | None], last: int) -> bytes:
    symbols, deltas = bytearray(), bytearray()
    for at in arrivals:
        if at is None:
            symbols.append(0)
            continue
        delta, last = at - last, at
        if 0 <= delta <= 255:
            symbols.append(1)
            deltas.append(delta)
        else:
            symbols.append(2)
            deltas += struct.pack("!h", max(-0x8000, min(0x7FFF, delta)))
    return _chunks(symbols) + deltas


def _chunks(symbols: Sequence[int]) -> bytes:
    """Runs of seven and more as one chunk, all others seven symbols of two bits to a chunk."""
    chunks, at = bytearray(), 0
    while at < len(symbols):
        symbol = symbols[at]
        run = 1
        while at + run < len(symbols) and run < 0x1FFF and symbols[at + run] == symbol:
            run += 1
        if run >= 7:
            chunks += struct.pack("!H", symbol << 13 | run)
            at += run
            continue
        vector = 0xC000
        for place, one in enumerate(symbols[at : at + 7]):
            vector |= one << 12 - 2 * place
        chunks += struct.pack("!H", vector)
        at += 7
    return bytes(chunks)
