"""One peer connection of the load generator: a UDP socket, its path, its keys, and what arrives on it.

ICE as a controlling client against an ICE-lite server (RFC 8445): one address, one check at a time. Datagrams are
counted by SSRC and sequence number, which SRTP leaves readable; only a listener's are decrypted, to read the instant
at which they were sent. How late this process comes to read does not matter there: the kernel stamps the arrival.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
import time
from array import array
from collections.abc import Sequence

from aioice import stun
from pylibsrtp import Error as SrtpError

from cosession.bench.dtls import Association, Identity
from cosession.bench.sdp import Own, Remote

SETUP_S = 15.0
#: linux/socket.h: the kernel's name for a stamp in nanoseconds; Python has no constant for it.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
_HEAD = struct.Struct("!xBH4xL")
_SENT = struct.Struct("!Q")
_LARGEST = 2048
_AT_ONCE = 128
_BUFFER_BYTES = 4 << 20
_AGAIN_S = 0.1
_PRIORITY = 1853824767


class Track:
    """One SSRC that arrives. `received` counts each sequence number once; `highest` never wraps."""

    __slots__ = ("first", "highest", "late", "received")

    def __init__(self, sequence: int) -> None:
        self.first = self.highest = 0x10000 + sequence
        self.received = 1
        self.late = 0
        """Came after a later one, or twice."""

    @property
    def gaps(self) -> int:
        """Sequence numbers that never came between the first and the last."""
        return self.highest - self.first + 1 - self.received


class PeerConnection:
    """`tracks`: by SSRC what came since `forget`; `latencies_ms`: what a listener measured."""

    def __init__(self, identity: Identity, host: str) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self.socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        self.socket.bind((host, 0))
        self.own = Own(secrets.token_hex(4), secrets.token_hex(12), identity.fingerprint, self.socket.getsockname())
        self.tracks: dict[int, Track] = {}
        self.latencies_ms = array("d")
        self.arrivals: list[tuple[int, int]] = []
        """(SSRC, nanoseconds of the wall clock) of each packet, if they are kept."""
        self.keyframe_wanted: set[int] = set()
        """SSRCs of ours for which the server asked for a key frame."""
        self.expects: frozenset[int] = frozenset()
        """SSRCs that the server announced."""
        self.transport_cc = False
        self._identity = identity
        self._association: Association | None = None
        self._remote: Remote | None = None
        self._listens = self._keeps = False
        self._into = bytearray(_LARGEST)

    @property
    def profile(self) -> str:
        """The SRTP profile that was agreed on, by OpenSSL's name."""
        return self._association.profile if self._association else ""

    def listen(self, keep: bool = False) -> None:
        """From now on decrypt what arrives and measure how long it was on its way; with `keep`, remember each."""
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._listens, self._keeps = True, keep

    def forget(self) -> None:
        """Begin to count anew."""
        self.tracks.clear()
        self.arrivals.clear()
        del self.latencies_ms[:]

    def close(self) -> None:
        self.socket.close()

    # -- coming up ------------------------------------------------------------------------------------------------

    async def connect(self, remote: Remote) -> None:
        """Prove the path and shake hands. Raises ConnectionError after 15 s."""
        self._remote = remote
        self.expects = frozenset(ssrc for ssrc in remote.ssrcs if ssrc)
        self.transport_cc = remote.transport_cc
        self.socket.connect(remote.candidates[0])
        self._association = association = Association(self._identity, remote.fingerprint)
        try:
            async with asyncio.timeout(SETUP_S):
                while (await self._next(self._check()))[0] > 3:
                    pass
                out = association.step(None)
                while not association.up:
                    datagram = await self._next(*out)
                    out = association.step(datagram if 19 < datagram[0] < 64 else None)
                for last in out:
                    self.socket.send(last)
        except TimeoutError:
            raise ConnectionError("the server did not answer within 15 s") from None

    async def _next(self, *out: bytes) -> bytes:
        """Send, and return the next datagram; send again as long as none comes, and prove the path again, as browsers
        do."""
        loop = asyncio.get_running_loop()
        while True:
            for datagram in out:
                self.socket.send(datagram)
            try:
                async with asyncio.timeout(_AGAIN_S):
                    await asyncio.sleep(0)  # what is there already would be read without ever waiting
                    datagram = await loop.sock_recv(self.socket, _LARGEST)
                    self._answer(datagram)
                    return datagram
            except TimeoutError:
                self.socket.send(self._check())

    def _check(self) -> bytes:
        assert self._remote is not None
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote.ufrag}:{self.own.ufrag}"
        request.attributes["PRIORITY"] = _PRIORITY
        request.attributes["ICE-CONTROLLING"] = 1
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._remote.password.encode())
        return bytes(request)

    def _answer(self, datagram: bytes) -> None:
        """Answer a check of the server's own: some make them though they say that they are lite."""
        if datagram[0] > 3 or datagram[:2] != b"\x00\x01" or self._remote is None:
            return
        try:
            request = stun.parse_message(datagram)
        except ValueError:
            return  # no STUN
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = self._remote.candidates[0]
        response.add_message_integrity(self.own.password.encode())
        self.socket.send(bytes(response))

    # -- traffic --------------------------------------------------------------------------------------------------

    def sign_of_life(self) -> None:
        """What a browser sends every few seconds, so that the path stays open."""
        self.socket.send(self._check())

    def send(self, packet: bytes) -> bool:
        """Protect and send an RTP packet; False if this machine's own buffer is full."""
        assert self._association is not None
        try:
            self.socket.send(self._association.outbound.protect(packet))
        except (BlockingIOError, ConnectionRefusedError):
            return False
        return True

    def send_report(self, packet: bytes) -> None:
        """Protect and send an RTCP packet."""
        assert self._association is not None
        try:
            self.socket.send(self._association.outbound.protect_rtcp(packet))
        except (BlockingIOError, ConnectionRefusedError):
            return

    def read(self) -> None:
        """Count what has arrived."""
        if self._listens:
            self._read_closely()
            return
        receive, into, tracks, head = self.socket.recv_into, self._into, self.tracks, _HEAD.unpack_from
        for _ in range(_AT_ONCE):
            try:
                size = receive(into)
            except (BlockingIOError, ConnectionRefusedError):
                return
            if size < 12 or not 127 < into[0] < 192:
                self._answer(bytes(into[:size]))
                continue
            kind, sequence, ssrc = head(into)
            if 192 <= kind <= 208:
                self._read_report(bytes(into[:size]))
                continue
            track = tracks.get(ssrc)
            if track is None:
                tracks[ssrc] = Track(sequence)
                continue
            step = (sequence - track.highest) & 0xFFFF
            if 0 < step < 0x8000:
                track.highest += step
                track.received += 1
            else:
                track.late += 1

    def _read_closely(self) -> None:
        assert self._association is not None
        unprotect = self._association.inbound.unprotect
        for _ in range(_AT_ONCE):
            try:
                datagram, ancillary, _, _ = self.socket.recvmsg(_LARGEST, socket.CMSG_SPACE(_TIMESPEC.size))
            except (BlockingIOError, ConnectionRefusedError):
                return
            if len(datagram) < 12 or not 127 < datagram[0] < 192:
                self._answer(datagram)
                continue
            kind, sequence, ssrc = _HEAD.unpack_from(datagram)
            if 192 <= kind <= 208:
                self._read_report(datagram)
                continue
            try:
                packet = unprotect(datagram)
            except SrtpError:
                continue  # a repeat, or not from the server: not received
            arrived_ns = _stamp_ns(ancillary)
            if self._keeps:
                self.arrivals.append((ssrc, arrived_ns))
            self.latencies_ms.append((arrived_ns - _SENT.unpack_from(packet, len(packet) - 8)[0]) / 1e6)
            track = self.tracks.get(ssrc)
            if track is None:
                self.tracks[ssrc] = Track(sequence)
                continue
            step = (sequence - track.highest) & 0xFFFF
            if 0 < step < 0x8000:
                track.highest += step
                track.received += 1
            else:
                track.late += 1

    def _read_report(self, datagram: bytes) -> None:
        """Of the server's RTCP only requests for key frames matter here (RFC 4585 section 6.3.1, RFC 5104 section
        4.3.1)."""
        assert self._association is not None
        try:
            data = self._association.inbound.unprotect_rtcp(datagram)
        except SrtpError:
            return
        at = 0
        while at + 12 <= len(data):
            length = 4 * (int.from_bytes(data[at + 2 : at + 4], "big") + 1)
            if data[at + 1] == 206 and data[at] & 31 == 1:
                self.keyframe_wanted.add(int.from_bytes(data[at + 8 : at + 12], "big"))
            elif data[at + 1] == 206 and data[at] & 31 == 4 and at + 16 <= len(data):
                self.keyframe_wanted.add(int.from_bytes(data[at + 12 : at + 16], "big"))
            at += length


def now_stamp() -> bytes:
    """The instant of sending as a payload ends with it: 8 bytes, nanoseconds of the clock by which the kernel
    stamps."""
    return _SENT.pack(time.time_ns())  # noqa: TID251 - the kernel stamps by the wall clock


def _stamp_ns(ancillary: Sequence[tuple[int, int, bytes]]) -> int:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return time.time_ns()  # noqa: TID251 - where the kernel gives no stamp, the instant of reading
