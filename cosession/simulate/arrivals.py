"""When a datagram really arrived: the kernel's own stamp, however late this process comes to read it.

Managers are judged by what arrives while a floor is closed (decision 29). On a busy machine a process may be a second
behind its sockets; that must not look like a server that forwards too long. An event loop whose datagrams carry their
instant of arrival; where the kernel gives no stamp (not Linux), it is the instant of reading."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

#: linux/socket.h: the kernel's name for a stamp in nanoseconds; Python has no constant for it.
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("@ll")
_LARGEST = 2048
_AT_ONCE = 64
_BUFFER = 1 << 20


class Datagram(bytes):
    """`at_s` is the arrival, in seconds of the monotonic clock."""

    at_s: float


class ArrivalLoop(asyncio.SelectorEventLoop):
    """An event loop whose local datagram endpoints hand out `Datagram`s."""

    async def create_datagram_endpoint(
        self, protocol_factory: Callable[[], Any], local_addr: Any = None, remote_addr: Any = None, **options: Any
    ) -> tuple[asyncio.DatagramTransport, Any]:
        if local_addr is None or remote_addr is not None or options.get("sock") is not None:
            return await super().create_datagram_endpoint(protocol_factory, local_addr, remote_addr, **options)
        sock = socket.socket(socket.AF_INET6 if ":" in local_addr[0] else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            if sys.platform == "linux":
                sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            sock.bind(local_addr)
        except OSError:
            sock.close()
            raise
        protocol = protocol_factory()
        transport = _Endpoint(self, sock, protocol)
        protocol.connection_made(transport)
        return transport, protocol


class _Endpoint(asyncio.DatagramTransport):
    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, protocol: asyncio.DatagramProtocol
    ) -> None:
        super().__init__({"socket": sock, "sockname": sock.getsockname()})
        self._loop = loop
        self._sock = sock
        self._protocol = protocol
        self._closing = False
        loop.add_reader(sock.fileno(), self._read)

    def _read(self) -> None:
        now_s, wall_ns = time.monotonic(), time.time_ns()  # noqa: TID251 - the kernel stamps by the wall clock
        for _ in range(_AT_ONCE):
            try:
                data, ancillary, _, address = self._sock.recvmsg(_LARGEST, socket.CMSG_SPACE(_TIMESPEC.size))
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                self._protocol.error_received(error)
                return
            datagram = Datagram(data)
            datagram.at_s = now_s - _age_s(ancillary, wall_ns)
            self._protocol.datagram_received(datagram, address)
            if self._closing:
                return

    def sendto(self, data: Any, addr: Any = None) -> None:
        if not self._closing:
            with contextlib.suppress(BlockingIOError):  # a full buffer loses a packet, as networks do
                try:
                    self._sock.sendto(data, addr)
                except ConnectionRefusedError as error:
                    self._protocol.error_received(error)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._loop.remove_reader(self._sock.fileno())
            self._loop.call_soon(self._end)

    def abort(self) -> None:
        self.close()

    def _end(self) -> None:
        self._sock.close()
        self._protocol.connection_lost(None)


def _age_s(ancillary: list[tuple[int, int, bytes]], wall_ns: int) -> float:
    """How long ago a datagram came, in seconds; 0 if the kernel does not say."""
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            age_ns = wall_ns - int(seconds) * 1_000_000_000 - int(nanoseconds)
            return max(0.0, age_ns / 1e9)
    return 0.0
