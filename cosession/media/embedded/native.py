"""The helper in C for the first and the last step of forwarding: where it is, and whether it fits.

`send_batch.c` is built beside this file where there is a compiler (web/build_hook.py) and is in the wheel; without it,
or with COSESSION_MEDIA_NATIVE=0, Python reads the same and the same bytes leave by it (`rtp.read`,
`forward.send_batch`). What C may touch when it reads lives in `batch_reader`, when it sends in `batch_sender`; what
both sides call alike is here, from send_batch.h.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from cffi import FFI

from cosession.media.embedded import aiortc_seam

LIBRARY = Path(__file__).with_name("_send_batch.so")
_HEADER = Path(__file__).with_name("send_batch.h")
#: `struct packet`, written at once.
PACKET = struct.Struct("@qIHHHBBB3s")
#: The first fields of `struct arrived`, read at once.
ARRIVED = struct.Struct("@IiiIHHHHHHBBBBBB")
#: Its `state`: see send_batch.h.
READ, NO_RTP, UNREAD, TOO_MANY = 0, -1, -2, -3


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
    sizes: list[int] = [
        ffi.sizeof(f"struct {name}") for name in ("reader", "srtp_receiver", "target", "batch", "packet")
    ]
    assert sizes[4] == PACKET.size
    return sizes[0] << 44 | sizes[1] << 36 | sizes[2] << 24 | sizes[3] << 12 | sizes[4]
