"""DTLS-SRTP by aiortc, on a transport that is not aiortc's.

Every private name of aiortc that the project uses is in this file, and `tests/media/test_aiortc_seam.py` holds a
contract on each, because aiortc promises nothing about them: `RTCDtlsTransport._set_role`, `._rx_srtp`, `._tx_srtp`,
`._state`, `._srtp_profiles`, and that the transport below it needs `_recv()`, `_send()` and `.role` only; and of
pylibsrtp `Session._srtp`, `._cdata`, `._buffer` and the `ffi` and `lib` of `pylibsrtp._binding`. Nothing
here knows rooms, SDP or sockets. Sources: RFC 5763, RFC 5764 (DTLS-SRTP), RFC 7714 (AES-GCM for SRTP).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

import pylibsrtp
from aiortc.rtcdtlstransport import (
    SRTP_PROFILES,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    State,
)
from aiortc.rtcicetransport import RTCIceTransport
from pylibsrtp._binding import ffi, lib

Role = Literal["server", "client"]
SrtpError = pylibsrtp.Error

#: Longest packet that `protect` takes: libsrtp's buffer of 1500 bytes less the room for its trailer.
MAX_PROTECT_BYTES = 1500 - (16 + 128)

#: Handshake datagrams that may wait for one association; a peer that sends more at once loses the rest.
_MAX_WAITING = 32


class Certificate:
    """The key and certificate that a worker shows to every browser; made at its start, never stored."""

    def __init__(self) -> None:
        self.rtc = RTCCertificate.generateCertificate()

    @property
    def sha256(self) -> str:
        """The fingerprint in the form of SDP, `AB:CD:...`."""
        return next(f.value for f in self.rtc.getFingerprints() if f.algorithm == "sha-256")


class _Pipe:
    """What RTCDtlsTransport sees instead of an ICE transport."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._out = send
        self._in: asyncio.Queue[bytes | None] = asyncio.Queue(_MAX_WAITING)

    def put(self, datagram: bytes | None) -> bool:
        if self._in.full():
            if datagram is not None:
                return False
            self._in.get_nowait()
        self._in.put_nowait(datagram)
        return True

    async def _recv(self) -> bytes:
        datagram = await self._in.get()
        if datagram is None:
            raise ConnectionError
        return datagram

    async def _send(self, data: bytes) -> None:
        self._out(data)


class DtlsSrtp:
    """One association. After `handshake` returned True, `protect` and the three others work on whole packets (bytes in,
    bytes out; `SrtpError` if libsrtp refuses, `ValueError` above 1500 bytes)."""

    def __init__(
        self, certificate: Certificate, role: Role, send: Callable[[bytes], None], on_closed: Callable[[], None]
    ) -> None:
        """`send` gets datagrams for the browser; `on_closed` is called once if the browser ends the association."""
        self._pipe = _Pipe(send)
        self._dtls = RTCDtlsTransport(cast(RTCIceTransport, self._pipe), [certificate.rtc])
        self._dtls._set_role(role)
        self._on_closed = on_closed
        self._closing = False
        self._dtls.on("statechange", self._state_changed)
        self.role: Role = role
        self.up = False
        """Whether the keys stand."""
        self.protect: Callable[[bytes], bytes]
        self.protect_rtcp: Callable[[bytes], bytes]
        self.unprotect: Callable[[bytes], bytes]
        self.unprotect_rtcp: Callable[[bytes], bytes]

    def feed(self, datagram: bytes) -> bool:
        """Hand over one DTLS datagram of the browser; False if too many wait already."""
        return self._pipe.put(datagram)

    async def handshake(self, fingerprints: Sequence[tuple[str, str]]) -> bool:
        """Run the handshake; True when the keys stand and the certificate is the one that the offer named.

        `fingerprints`: (algorithm, hex with colons). Waits as long as the browser takes: bound it outside. Once only.
        """
        named = [RTCDtlsFingerprint(algorithm=algorithm, value=value) for algorithm, value in fingerprints]
        await self._dtls.start(RTCDtlsParameters(fingerprints=named))
        if self._dtls._state is not State.CONNECTED:
            return False
        inbound, outbound = self._dtls._rx_srtp, self._dtls._tx_srtp
        self.unprotect = _quicker(inbound, lib.srtp_unprotect, 1500)
        self.unprotect_rtcp = _quicker(inbound, lib.srtp_unprotect_rtcp, 1500)
        self.protect = _quicker(outbound, lib.srtp_protect, MAX_PROTECT_BYTES)
        self.protect_rtcp = _quicker(outbound, lib.srtp_protect_rtcp, MAX_PROTECT_BYTES)
        self.up = True
        return True

    def inbound(self) -> tuple[object, int]:
        """The same as `outbound` of what comes."""
        session = self._dtls._rx_srtp
        return session, int(ffi.cast("uintptr_t", session._srtp[0]))

    def outbound(self) -> tuple[object, int]:
        """libsrtp's context of what leaves, as an address that holds as long as the first lives. After `handshake`."""
        session = self._dtls._tx_srtp
        return session, int(ffi.cast("uintptr_t", session._srtp[0]))

    async def close(self) -> None:
        """Say goodbye to the browser and stop. May be repeated."""
        self._closing = True
        self._pipe.put(None)
        await self._dtls.stop()

    def _state_changed(self) -> None:
        if self._dtls._state is State.CLOSED:
            self.up = False
            if not self._closing:
                self._closing = True
                self._on_closed()


def _quicker(session: pylibsrtp.Session, call: Any, most: int) -> Callable[[bytes], bytes]:
    """What `session` does by libsrtp's `call`, without what it makes anew for each packet of at most `most` bytes."""
    owned, room, buffer, size = session._srtp, session._cdata, session._buffer, ffi.new("int *")

    def pass_through(packet: bytes) -> bytes:
        length = size[0] = len(packet)
        if length > most:
            raise ValueError("packet is too long")
        buffer[0:length] = packet
        if status := call(owned[0], room, size):
            raise SrtpError(status)
        return cast(bytes, buffer[0 : size[0]])

    return pass_through


def protect_function() -> int:
    """The address of libsrtp's `srtp_protect`, for the helper in C."""
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, "srtp_protect")))


def unprotect_function() -> int:
    """The same of `srtp_unprotect`."""
    return int(ffi.cast("uintptr_t", ffi.addressof(lib, "srtp_unprotect")))


def srtp_profiles() -> list[str]:
    """The SRTP profiles offered, in order of preference: GCM first where libsrtp has it."""
    return [profile.openssl_profile.decode() for profile in SRTP_PROFILES]
