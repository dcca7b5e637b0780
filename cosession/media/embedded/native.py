"""The helper in C for the first and the last step of forwarding: where it is, whether it fits, and what it is told.

`send_batch.c` is built beside this file where there is a compiler (web/build_hook.py) and is in the wheel; without it,
or with COSESSION_MEDIA_NATIVE=0, Python reads the same and the same bytes leave by it (`rtp.read`,
`forward.send_batch`). What C may touch when it reads lives in a `Reader`: who is behind which address, and which of
their streams are known; all else it leaves as it came. What it may touch when it sends lives in a `Batch`: the slots of
one source as they were when it was made. Both are told anew whenever that is no longer so.
"""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cffi import FFI

from cosession.media.embedded import aiortc_seam, rtp

if TYPE_CHECKING:
    from cosession.media.embedded.forward import Slot
    from cosession.media.embedded.ice import UdpAddress
    from cosession.media.embedded.stream import Packet
    from cosession.media.embedded.transport import Mux

LIBRARY = Path(__file__).with_name("_send_batch.so")
_HEADER = Path(__file__).with_name("send_batch.h")
#: `struct packet`, written at once.
_PACKET = struct.Struct("@qIHHHBBB3s")
#: The first fields of `struct arrived`, read at once.
_ARRIVED = struct.Struct("@IiiIHHHHHHBBBBBB")
#: Its `state`: see send_batch.h.
READ, NO_RTP, UNREAD, TOO_MANY = 0, -1, -2, -3
_NO_VP8 = (False, 0, 7, 0)


class Helper:
    """The loaded library."""

    def __init__(self, ffi: FFI, library: Any) -> None:
        self.ffi, self.library = ffi, library
        self.protect = ffi.cast("int (*)(void *, void *, int *)", aiortc_seam.protect_function())
        self.unprotect = ffi.cast("int (*)(void *, void *, int *)", aiortc_seam.unprotect_function())

    def address(self, host: str, port: int) -> bytes:
        """A socket address; empty if `host` is none."""
        room = self.ffi.new("uint8_t[28]")
        return bytes(room[0 : self.library.make_address(host.encode(), port, room)])


class Listener(Protocol):
    """Who gets what `Reader` has read of one browser. Must not raise."""

    def on_packet(self, stream: int, arrived: rtp.Arrived | None, now_s: float) -> None:
        """An authentic packet of a stream, by its place among those that were told; None if it is no RTP."""

    def on_refused(self, reason: str) -> None:
        """A packet under a known SSRC that was dropped; `reason` is one of `WorkerFigures.dropped`."""


class Sender:
    """What is read of one browser, by libsrtp's `context` (an address, alive as long as `session`)."""

    __slots__ = ("_session", "listener", "told")

    def __init__(self, helper: Helper, session: object, context: int, listener: Listener) -> None:
        self._session, self.listener = session, listener
        self.told = helper.ffi.new("struct sender *")
        self.told.srtp = helper.ffi.cast("void *", context)

    def learn(self, ssrc: int, wanted: int) -> None:
        """Read this stream too (`rtp.asked`); without a word if there is no room: Python reads it."""
        told = self.told
        if told.streams < len(told.ssrc):
            told.ssrc[told.streams], told.wanted[told.streams] = ssrc, wanted
            told.streams += 1

    def allow(self, packets: int) -> None:
        """So many may still come before the others are dropped unread."""
        self.told.allowed = packets


class Reader:
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
        self._senders: list[Sender] = []

    def know(self, senders: Iterable[tuple[UdpAddress, Sender]]) -> None:
        """From now on these by their addresses, and no others."""
        known = [(self._helper.address(*one[:2]).ljust(28, b"\0"), sender) for one, sender in senders]
        self._senders = [sender for _, sender in known]
        for number, sender in enumerate(self._senders):
            sender.told.number = number
        addresses = self._ffi.new("uint8_t[][28]", [list(address) for address, _ in known])
        self._library.know(self._reader, addresses, [sender.told for sender in self._senders], len(known))

    def take(self, one: socket.socket, other: Callable[[bytes, UdpAddress, float], None], now_s: float) -> int:
        """Read a batch and hand it on in its order; what is of no known stream goes to `other` as it came, with its
        address. How many datagrams there were. Raises OSError."""
        count: int = self._library.receive(self._reader, one.fileno())
        if count < 0:
            raise OSError(self._ffi.errno, "the media socket cannot be read")
        fields, senders, packet_at, unpack = self._fields, self._senders, self._packet_at, _ARRIVED.unpack_from
        for start in self._starts[:count]:
            (timestamp, number, state, size, sender, sequence, begin, end,
             picture, level0, stream, kind, marker, level, keyframe, bits) = unpack(fields, start)  # fmt: skip
            packet = start + packet_at
            if state == READ:
                vp8 = _described(keyframe, picture, bits, level0) if bits else None
                payload = fields[packet + begin : packet + end]
                arrived = kind, marker, sequence, timestamp, number, level, vp8, payload
                senders[sender].listener.on_packet(stream, arrived, now_s)
            elif state == UNREAD:
                address = start + self._address_at
                other(fields[packet : packet + size], _named(one.family, fields[address : address + 28]), now_s)
            elif state == NO_RTP:
                senders[sender].listener.on_packet(stream, None, now_s)
            else:
                senders[sender].listener.on_refused("flood" if state == TOO_MANY else "srtp")
        return count


@lru_cache(maxsize=256)
def _described(keyframe: int, picture: int, bits: int, level0: int) -> rtp.Vp8:
    """Made once: a picture's packets are nearly all described alike."""
    return rtp.Vp8(bool(keyframe), picture, bits, level0)


def _named(family: int, address: bytes) -> UdpAddress:
    """A sockaddr as Python's own sockets tell it."""
    port = int.from_bytes(address[2:4], "big")
    if family == socket.AF_INET:
        return socket.inet_ntop(family, address[4:8]), port
    flow, scope = int.from_bytes(address[4:8], "big"), int.from_bytes(address[24:28], sys.byteorder)
    return socket.inet_ntop(family, address[8:24]), port, flow, scope


def load(library: Path = LIBRARY) -> Helper | None:
    """The helper, or None: it was not built, or from other sources than these, or not for this machine."""
    if not library.is_file():
        return None
    ffi = FFI()
    ffi.cdef(_HEADER.read_text(encoding="ascii"))
    try:
        found: Any = ffi.dlopen(str(library))
        fits: bool = found.layout() == _layout(ffi)
    except (OSError, AttributeError):
        return None
    return Helper(ffi, found) if fits else None


def _layout(ffi: FFI) -> int:
    sizes: list[int] = [ffi.sizeof(f"struct {name}") for name in ("reader", "sender", "target", "batch", "packet")]
    assert sizes[4] == _PACKET.size
    return sizes[0] << 44 | sizes[1] << 36 | sizes[2] << 24 | sizes[3] << 12 | sizes[4]


class Way(NamedTuple):
    """How datagrams reach one browser: by the helper of `mux`, protected in libsrtp's `context` (an address, alive as
    long as `session`), to `address`."""

    mux: Mux
    session: object
    context: int
    address: bytes


class Batch:
    """The slots that one source feeds. `rest` are those that only Python can serve."""

    __slots__ = ("_batch", "_kept", "_mux", "_packet", "_send", "_told", "_version", "rest", "slots")

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.slots = list(slots)
        ways = [(slot, slot.outlet.way()) for slot in slots]
        self.rest = [slot for slot, way in ways if way is None]
        served = [(slot, way) for slot, way in ways if way is not None]
        self._mux = served[0][1].mux if served else None
        if self._mux is None or self._mux.helper is None:
            return
        helper = self._mux.helper
        targets = helper.ffi.new("struct target[]", len(served))
        for target, (slot, way) in zip(targets, served, strict=True):
            if slot.counts is None:
                slot.counts = helper.ffi.new("struct counts *")
            _describe(target, slot, way)
            target.srtp = helper.ffi.cast("void *", way.context)
        self._batch = helper.ffi.new("struct batch *")
        self._batch.protect, self._batch.targets, self._batch.count = helper.protect, targets, len(served)
        self._batch.socket = self._mux.socket.fileno()
        self._packet = helper.ffi.new("struct packet *")
        self._told = helper.ffi.buffer(self._packet)
        self._send = helper.library.send_batch
        self._version = self._mux.version
        # C holds addresses of these.
        self._kept = targets, [(slot.counts, way.session) for slot, way in served]

    def holds(self, slots: Sequence[Slot]) -> bool:
        """Whether it still says what is: the same slots, every address as it was."""
        return self.slots == slots and (self._mux is None or self._version == self._mux.version)

    def send(self, packet: Packet) -> None:
        """To everyone but `rest`."""
        mux = self._mux
        if mux is None:
            return
        payload, vp8 = packet.payload, packet.vp8
        _, picture_at, picture_bits, level0_at = vp8 if vp8 is not None else _NO_VP8
        _PACKET.pack_into(
            self._told,
            0,
            packet.extended,
            packet.timestamp,
            len(payload),
            picture_at,
            level0_at,
            picture_bits,
            packet.marker,
            packet.level,
            packet.send_time,
        )
        mux.packets_out += self._send(self._batch, self._packet, payload)
        if self._batch.refused or self._batch.blocked:
            mux.dropped["srtp"] += self._batch.refused
            mux.dropped["send_blocked"] += self._batch.blocked
            self._batch.refused = self._batch.blocked = 0


def _describe(target: Any, slot: Slot, way: Way) -> None:
    """What C has to know of a slot, from the state in which it takes part now."""
    template = slot.template
    target.counts, target.base, target.ssrc = slot.counts, slot.base, slot.ssrc
    target.sequence_offset, target.timestamp_offset = slot.sequence_offset, slot.timestamp_offset
    target.picture_offset, target.level0_offset = slot.picture_offset & 0x7FFF, slot.level0_offset & 0xFF
    target.first, target.payload_type = template.first, template.payload_type
    target.send_time_at, target.level_at = template.send_time_at, template.level_at
    target.extension_size, target.address_size = len(template.extension), len(way.address)
    target.extension[0 : len(template.extension)] = template.extension
    target.address[0 : len(way.address)] = way.address
