"""The last step of forwarding, by the helper in C: one packet to many.

What C may touch lives in a `BatchSender`: the targets of one up track as they were when it was made. Whoever sends
makes it anew when that is no longer so. The same bytes leave without it (`forward.send_batch`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cosession.media.embedded.native import PACKET
from cosession.media.embedded.packet import Packet
from cosession.media.embedded.target import SendPath, Target

_NO_VP8 = (False, 0, 7, 0)


class BatchSender:
    """The targets that one up track feeds. `rest` are those that only Python can serve."""

    __slots__ = ("_batch", "_fields", "_kept", "_mux", "_packet", "_send", "_version", "rest", "targets")

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = list(targets)
        paths = [(target, target.outlet.send_path()) for target in targets]
        self.rest = [target for target, path in paths if path is None]
        served = [(target, path) for target, path in paths if path is not None]
        self._mux = served[0][1].mux if served else None
        if self._mux is None or self._mux.helper is None:
            return
        helper = self._mux.helper
        native = helper.ffi.new("struct target[]", len(served))
        for one, (target, path) in zip(native, served, strict=True):
            if target.counts is None:
                target.counts = helper.ffi.new("struct counts *")
            _describe(one, target, path)
            one.srtp = helper.ffi.cast("void *", path.context)
        self._batch = helper.ffi.new("struct batch *")
        self._batch.protect, self._batch.targets, self._batch.count = helper.protect, native, len(served)
        self._batch.socket = self._mux.socket.fileno()
        self._packet = helper.ffi.new("struct packet *")
        self._fields = helper.ffi.buffer(self._packet)
        self._send = helper.library.send_batch
        self._version = self._mux.version
        # C holds addresses of these.
        self._kept = native, [(target.counts, path.session) for target, path in served]

    def holds(self, targets: Sequence[Target]) -> bool:
        """Whether it still says what is: the same targets, every address as it was."""
        return self.targets == targets and (self._mux is None or self._version == self._mux.version)

    def send(self, packet: Packet) -> None:
        """To everyone but `rest`."""
        mux = self._mux
        if mux is None:
            return
        payload, vp8 = packet.payload, packet.vp8
        _, picture_at, picture_bits, level0_at = vp8 if vp8 is not None else _NO_VP8
        PACKET.pack_into(
            self._fields,
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


def _describe(native: Any, target: Target, path: SendPath) -> None:
    """What C has to know of a target, from the state in which it takes part now."""
    template = target.template
    native.counts, native.base, native.ssrc = target.counts, target.base, target.ssrc
    native.sequence_offset, native.timestamp_offset = target.sequence_offset, target.timestamp_offset
    native.picture_offset, native.level0_offset = target.picture_offset & 0x7FFF, target.level0_offset & 0xFF
    native.first, native.payload_type = template.first, template.payload_type
    native.send_time_at, native.level_at = template.send_time_at, template.level_at
    native.extension_size, native.address_size = len(template.extension), len(path.address)
    native.extension[0 : len(template.extension)] = template.extension
    native.address[0 : len(path.address)] = path.address
