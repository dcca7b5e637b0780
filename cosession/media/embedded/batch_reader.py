"""The first step of forwarding, by the helper in C: datagrams as they come, unprotected and read.

What C may touch lives in a `BatchReader`: who is behind which address, and which of their streams are known; all else
it leaves as it came. `transport` says anew who is known whenever that has changed. Python reads the same without it
(`rtp.read`).
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Protocol

from cosession.media.embedded import rtp
from cosession.media.embedded.native import ARRIVED, NO_RTP, READ, TOO_MANY, UNREAD, Helper
from cosession.media.embedded.sockets import UdpAddress


class PacketHandler(Protocol):
    """Who gets what a `BatchReader` has read of one browser. Must not raise."""

    def on_packet(self, stream: int, arrived: rtp.Arrived | None, now_s: float) -> None:
        """An authentic packet of a stream, by its place among those that were learned; None if it is no RTP."""

    def on_refused(self, reason: str) -> None:
        """A packet under a known SSRC that was dropped; `reason` is one of `WorkerStats.dropped`."""


class SrtpReceiver:
    """What is read of one browser, by libsrtp's `context` (an address, alive as long as `session`). `native` is
    what C sees of it."""

    __slots__ = ("_session", "handler", "native")

    def __init__(self, helper: Helper, session: object, context: int, handler: PacketHandler) -> None:
        self._session, self.handler = session, handler
        self.native = helper.ffi.new("struct srtp_receiver *")
        self.native.srtp = helper.ffi.cast("void *", context)

    def learn(self, ssrc: int, wanted: int) -> None:
        """Read this stream too (`rtp.asked`); without a word if there is no room: Python reads it."""
        native = self.native
        if native.streams < len(native.ssrc):
            native.ssrc[native.streams], native.wanted[native.streams] = ssrc, wanted
            native.streams += 1

    def allow(self, packets: int) -> None:
        """So many may still come before the others are dropped unread."""
        self.native.allowed = packets


class BatchReader:
    """Datagrams as they come, those of known browsers unprotected and read."""

    def __init__(self, helper: Helper) -> None:
        self._ffi = ffi = helper.ffi
        self._helper, self._library = helper, helper.library
        self._reader = ffi.new("struct reader *")
        self._reader.unprotect = helper.unprotect
        self._fields = ffi.buffer(self._reader.arrived)
        self._packet_at = ffi.offsetof("struct arrived", "packet")
        self._address_at = ffi.offsetof("struct arrived", "address")
        size = ffi.sizeof("struct arrived")
        self._starts = [size * number for number in range(len(self._reader.arrived))]
        self._receivers: list[SrtpReceiver] = []

    def know(self, receivers: Iterable[tuple[UdpAddress, SrtpReceiver]]) -> None:
        """From now on these by their addresses, and no others."""
        known = [(self._helper.address(*one[:2]).ljust(28, b"\0"), receiver) for one, receiver in receivers]
        self._receivers = [receiver for _, receiver in known]
        for number, receiver in enumerate(self._receivers):
            receiver.native.number = number
        addresses = self._ffi.new("uint8_t[][28]", [list(address) for address, _ in known])
        self._library.know(self._reader, addresses, [receiver.native for receiver in self._receivers], len(known))

    def take(self, one: socket.socket, other: Callable[[bytes, UdpAddress, float], None], now_s: float) -> int:
        """Read a batch and hand it on in its order; what is of no known stream goes to `other` as it came, with its
        address. How many datagrams there were. Raises OSError."""
        count: int = self._library.receive(self._reader, one.fileno())
        if count < 0:
            raise OSError(self._ffi.errno, "the media socket cannot be read")
        fields, receivers, packet_at, unpack = self._fields, self._receivers, self._packet_at, ARRIVED.unpack_from
        for start in self._starts[:count]:
            (timestamp, number, state, size, receiver, sequence, begin, end,
             picture, level0, stream, kind, marker, level, keyframe, bits) = unpack(fields, start)  # fmt: skip
            packet = start + packet_at
            if state == READ:
                vp8 = _described(keyframe, picture, bits, level0) if bits else None
                payload = fields[packet + begin : packet + end]
                arrived = kind, marker, sequence, timestamp, number, level, vp8, payload
                receivers[receiver].handler.on_packet(stream, arrived, now_s)
            elif state == UNREAD:
                address = start + self._address_at
                other(fields[packet : packet + size], _named(one.family, fields[address : address + 28]), now_s)
            elif state == NO_RTP:
                receivers[receiver].handler.on_packet(stream, None, now_s)
            else:
                receivers[receiver].handler.on_refused("flood" if state == TOO_MANY else "srtp")
        return count


@lru_cache(maxsize=256)
def _described(keyframe: int, picture: int, bits: int, level0: int) -> rtp.Vp8:
    """Made once: a picture's packets are nearly all described alike."""
    return rtp.Vp8(bool(keyframe), picture, bits, level0)


def _named(family: int, address: bytes) -> UdpAddress:
    """A sockaddr as Python's own sockets give it."""
    port = int.from_bytes(address[2:4], "big")
    if family == socket.AF_INET:
        return socket.inet_ntop(family, address[4:8]), port
    flow, scope = int.from_bytes(address[4:8], "big"), int.from_bytes(address[24:28], sys.byteorder)
    return socket.inet_ntop(family, address[8:24]), port, flow, scope
