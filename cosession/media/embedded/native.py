"""The helper in C for the first and the last step of forwarding: where it is, whether it fits, and what it is told.

`send_batch.c` is built beside this file where there is a compiler (web/build_hook.py) and is in the wheel; without it,
or with COSESSION_MEDIA_NATIVE=0, Python reads the same and the same bytes leave by it (`rtp.read`,
`forward.send_batch`). What C may touch when it sends lives in a `Batch`: the slots of one source as they were when it
was made; it is made anew whenever they are others, or any address has changed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cffi import FFI

from cosession.media.embedded import aiortc_seam, rtp

if TYPE_CHECKING:
    from cosession.media.embedded.forward import Slot
    from cosession.media.embedded.stream import Packet
    from cosession.media.embedded.transport import Mux

LIBRARY = Path(__file__).with_name("_send_batch.so")
_HEADER = Path(__file__).with_name("send_batch.h")
#: `struct packet`, written at once.
_PACKET = struct.Struct("@qIHHHBBB3s")
#: The first fields of `struct arrived`, read at once.
_ARRIVED = struct.Struct("@IiHHHHHBBBBB")
_NO_VP8 = (False, 0, 7, 0)


class Helper:
    """The loaded library."""

    def __init__(self, ffi: FFI, library: Any) -> None:
        self.ffi, self.library = ffi, library
        self.protect = ffi.cast("int (*)(void *, void *, int *)", aiortc_seam.protect_function())
        self.arrived = ffi.new("struct arrived *")
        """Where a packet is read: one at a time."""
        self.arrived.unprotect = ffi.cast("int (*)(void *, void *, int *)", aiortc_seam.unprotect_function())

    def reader(self, session: object, context: int) -> Callable[[bytes, int], rtp.Arrived | None]:
        """Unprotects in libsrtp's `context` (an address, alive as long as `session`) and reads what it is asked for
        (`rtp.read`). Raises SrtpError."""
        arrived, read_packet, srtp = self.arrived, self.library.read_packet, (self.ffi.cast("void *", context), session)
        fields, packet, unpack = self.ffi.buffer(arrived), self.ffi.buffer(arrived.packet), _ARRIVED.unpack_from

        def read(datagram: bytes, wanted: int) -> rtp.Arrived | None:
            if status := read_packet(arrived, srtp[0], datagram, len(datagram), wanted):
                if status > 0:
                    raise aiortc_seam.SrtpError(status)
                return None
            timestamp, number, sequence, start, end, picture, level0, kind, marker, level, keyframe, bits = unpack(
                fields
            )
            vp8 = rtp.Vp8(bool(keyframe), picture, bits, level0) if wanted > 0xFFFF else None
            return kind, marker, sequence, timestamp, number, level, vp8, packet[start:end]

        return read

    def address(self, host: str, port: int) -> bytes:
        """A socket address; empty if `host` is none."""
        room = self.ffi.new("uint8_t[28]")
        return bytes(room[0 : self.library.make_address(host.encode(), port, room)])


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
    sizes: list[int] = [ffi.sizeof(f"struct {name}") for name in ("arrived", "target", "batch", "packet")]
    assert sizes[3] == _PACKET.size
    return sizes[0] << 36 | sizes[1] << 24 | sizes[2] << 12 | sizes[3]


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
