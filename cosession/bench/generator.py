"""The load itself: every packet of every person sent when it is due, everything that arrives counted.

One thread and no event loop: a beat of a millisecond in which due packets leave and sockets are emptied. So nothing
wakes this process for each packet, which would be charged to the server that sends it. Pictures are VP8 in frames with
a key frame when one is asked for, sound is Opus with its level; the payloads are noise (RFC 7741, RFC 6464).
"""

from __future__ import annotations

import gc
import heapq
import itertools
import os
import random
import selectors
import struct
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cosession.bench import sdp
from cosession.bench.peer_connection import PeerConnection, now_stamp
from cosession.bench.traffic import Stream

_BEAT_S = 0.001
_LIFE_S = 2.0
_REPORT_S = 1.0
_DRAIN_S, _DRAIN_AT_MOST_S = 0.3, 5.0
#: A key frame at least so often, in frames, as browsers do on their own now and then.
_FRAMES_PER_KEY = 300
_HEADER = struct.Struct("!BBHLLHH")
_NOISE = os.urandom(2048)
_KEY_START = bytes((0x90, 0x80, 0x80, 1, 0x10, 0, 0, 0x9D, 0x01, 0x2A))
_DELTA_START = bytes((0x90, 0x80, 0x80, 1, 0x11, 0, 0))
_GOES_ON = bytes((0x80, 0x80, 0x80, 1))
_NTP_OFFSET_S = 2_208_988_800


class Outgoing:
    """One stream of one person, on its way through the room's first or only connection of that person."""

    def __init__(self, peer: PeerConnection, ssrc: int, mid: int, stream: Stream) -> None:
        self.peer, self.ssrc, self.mid, self.stream = peer, ssrc, str(mid).encode(), stream
        self.sent = 0
        """Packets since `forget`."""
        self.blocked = 0
        """Packets that this machine's own send buffer refused; they were never sent."""
        self._number = 0
        self._frame = self._key_frame = -1
        self._audio = stream.kind == "audio"
        self._payload_type = sdp.OPUS if self._audio else sdp.VP8
        self._sequence = random.randrange(1 << 15)
        self._timestamp = random.randrange(1 << 31)
        self._octets = 0
        self._clock_hz = 48000 if self._audio else 90000
        self._noise = _NOISE[: stream.payload_bytes - 8]

    def next(self, transport_sequence: int) -> bytes:
        """The next packet, unprotected."""
        number, stream = self._number, self.stream
        self._number += 1
        frame = number * stream.frames_per_s // stream.packets_per_s
        first = frame != self._frame
        last = self._audio or (number + 1) * stream.frames_per_s // stream.packets_per_s != frame
        self._frame = frame
        if self._audio:
            start = b""
        elif not first:
            start = _GOES_ON
        elif self.ssrc in self.peer.keyframe_wanted or frame - self._key_frame >= _FRAMES_PER_KEY or number == 0:
            self.peer.keyframe_wanted.discard(self.ssrc)
            self._key_frame = frame
            start = _KEY_START
        else:
            start = _DELTA_START
        timestamp = self._timestamp + frame * self._clock_hz // stream.frames_per_s
        packet = self._header(
            last and not self._audio, (self._sequence + number) & 0xFFFF, timestamp, transport_sequence
        )
        self._octets += stream.payload_bytes
        return packet + start + self._noise[len(start) :] + now_stamp()

    def _header(self, marker: bool, sequence: int, timestamp: int, transport_sequence: int) -> bytes:
        elements = bytes((0x40 | len(self.mid) - 1,)) + self.mid
        elements += b"\x22" + (int(time.monotonic() * 262144) & 0xFFFFFF).to_bytes(3, "big")
        if self.peer.transport_cc:
            elements += b"\x31" + (transport_sequence & 0xFFFF).to_bytes(2, "big")
        if self._audio:
            elements += b"\x10\x1e"
        elements += bytes(-len(elements) % 4)
        kind = self._payload_type | (0x80 if marker else 0)
        words = (0x90, kind, sequence, timestamp & 0xFFFFFFFF, self.ssrc, 0xBEDE, len(elements) // 4)
        return _HEADER.pack(*words) + elements

    def report(self) -> bytes:
        """A sender report of now (RFC 3550 section 6.4.1)."""
        now_s = time.time_ns() / 1e9 + _NTP_OFFSET_S  # noqa: TID251 - sender reports carry the wall clock
        timestamp = self._timestamp + self._number * self._clock_hz // self.stream.packets_per_s
        words = (0x80, 200, 6, self.ssrc, int(now_s), int(now_s % 1 * (1 << 32)), timestamp & 0xFFFFFFFF)
        return struct.pack("!BBHLLLLLL", *words, self._number, self._octets & 0xFFFFFFFF)

    def forget(self) -> None:
        self.sent = self.blocked = 0


@dataclass(frozen=True, slots=True)
class Room:
    """What is sent in one room, and who receives: every one of `receivers` all streams but its own person's."""

    outgoing: Sequence[Outgoing]
    receivers: Sequence[PeerConnection]

    @property
    def peers(self) -> list[PeerConnection]:
        return list(dict.fromkeys([*(out.peer for out in self.outgoing), *self.receivers]))


class Generator:
    """`late_ms`: by how much each packet left later than it was due: what the machine could not do."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        self.rooms = rooms
        self.late_ms = array("d")
        self._selector = selectors.DefaultSelector()
        self._peers = [peer for room in rooms for peer in room.peers]
        for peer in self._peers:
            self._selector.register(peer.socket, selectors.EVENT_READ, peer.read)
        self._transport = {peer: itertools.count() for peer in self._peers}
        self._outgoing = [out for room in rooms for out in room.outgoing]

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> float:
        """Send and count for so long, or until `until` says so (asked ten times a second); the seconds that it took.
        Blocks."""
        begin_s = time.monotonic()
        due = self._schedule(begin_s)
        look_s = begin_s + 0.1
        gc.collect()
        gc.disable()
        try:
            while (now_s := time.monotonic()) < begin_s + seconds:
                while due[0][0] <= now_s:
                    self._do(due, now_s)
                self._read()
                if until is not None and now_s >= look_s:
                    if until():
                        break
                    look_s = now_s + 0.1
                time.sleep(max(0.0, min(due[0][0], now_s + _BEAT_S) - time.monotonic()))
        finally:
            gc.enable()
        return time.monotonic() - begin_s

    def drain(self) -> None:
        """Read what is still on its way, until nothing came for 0.3 s (5 s at most)."""
        last_s = begin_s = time.monotonic()
        while (now_s := time.monotonic()) < min(last_s + _DRAIN_S, begin_s + _DRAIN_AT_MOST_S):
            if self._read():
                last_s = now_s
            time.sleep(_BEAT_S)

    def forget(self) -> None:
        """Begin all counts anew. Nothing should be on its way (`drain`)."""
        del self.late_ms[:]
        for peer in self._peers:
            peer.forget()
        for out in self._outgoing:
            out.forget()

    def close(self) -> None:
        self._selector.close()
        for peer in self._peers:
            peer.close()

    def _read(self) -> bool:
        """Whether there was anything to read."""
        ready = self._selector.select(0)
        for key, _ in ready:
            key.data()
        return bool(ready)

    # -- what is due ----------------------------------------------------------------------------------------------

    def _schedule(self, begin_s: float) -> list[tuple[float, int, float, Callable[[], None]]]:
        """A heap of (when, number, every, what); people are not in step."""
        numbers = itertools.count()
        due: list[tuple[float, int, float, Callable[[], None]]] = []
        for out in self._outgoing:
            every_s = 1 / out.stream.packets_per_s
            due.append((begin_s + random.random() * every_s, next(numbers), every_s, self._sender(out)))
            due.append((begin_s + random.random() * _REPORT_S, next(numbers), _REPORT_S, self._reporter(out)))
        due += [
            (begin_s + random.random() * _LIFE_S, next(numbers), _LIFE_S, peer.sign_of_life) for peer in self._peers
        ]
        heapq.heapify(due)
        return due

    def _do(self, due: list[tuple[float, int, float, Callable[[], None]]], now_s: float) -> None:
        at_s, number, every_s, what = due[0]
        self.late_ms.append(1000 * (now_s - at_s))
        what()
        heapq.heapreplace(due, (at_s + every_s, number, every_s, what))

    def _sender(self, out: Outgoing) -> Callable[[], None]:
        numbers = self._transport[out.peer]

        def send() -> None:
            if out.peer.send(out.next(next(numbers))):
                out.sent += 1
            else:
                out.blocked += 1

        return send

    @staticmethod
    def _reporter(out: Outgoing) -> Callable[[], None]:
        return lambda: out.peer.send_report(out.report())
