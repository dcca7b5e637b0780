"""For networks that let no UDP through: browsers connect, the server only listens (ICE-TCP, passive).

One connection is one address of `Mux`, with the same rule: its first word has to be a STUN check with the right names
and key, or it is closed. Nothing waits for a slow reader: what does not fit is dropped and counted, as UDP would.
Sources: RFC 6544 (TCP candidates), RFC 4571 (each packet after two bytes of length).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import Counter
from collections.abc import Callable
from typing import Protocol, cast

#: A stranger may hold a connection so long without a word.
_PROVE_S = 5.0
#: Connections at once; and of those that have not proven anything yet, after which the oldest goes.
_MOST, _MOST_UNPROVEN = 1000, 100
#: About half a second of a room on a slow downlink: sound must not stand behind more than that.
_BACKLOG_BYTES = 64 * 1024


class TcpMux(Protocol):
    """What a connection needs of the port; see `transport.Mux`."""

    paths: dict[TcpPath, None]
    largest: int
    packets_in: int
    dropped: Counter[str]
    before: Callable[[], None]

    def knows(self, path: TcpPath) -> bool: ...
    def lose(self, path: TcpPath) -> None: ...
    def on_datagram(self, datagram: bytes, address: TcpPath, now_s: float) -> None: ...


class TcpPath(asyncio.Protocol):
    """One TCP connection. `name` is the browser's (address, port)."""

    def __init__(self, mux: TcpMux) -> None:
        self.name: tuple[str, int] = ("", 0)
        self._mux = mux
        self._bytes = bytearray()
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None

    # -- asyncio.Protocol -----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_BACKLOG_BYTES)
        peer = transport.get_extra_info("peername") or ("", 0)
        self.name = peer[0], peer[1]
        bare = transport.get_extra_info("socket")
        if bare is not None:
            with contextlib.suppress(OSError):
                bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                bare.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BACKLOG_BYTES)
        self._patience = asyncio.get_running_loop().call_later(_PROVE_S, self._lose_patience)
        paths = self._mux.paths
        paths[self] = None
        unproven = [path for path in paths if not self._mux.knows(path)]
        if len(paths) > _MOST or len(unproven) > _MOST_UNPROVEN:
            self._mux.dropped["too_many_connections"] += 1
            (unproven[0] if unproven else self).abort()

    def data_received(self, data: bytes) -> None:
        self._mux.before()
        now_s = time.monotonic()
        self._bytes += data
        while len(self._bytes) >= 2:
            size = self._bytes[0] << 8 | self._bytes[1]
            if size > self._mux.largest:
                self._mux.dropped["oversized"] += 1
                self.abort()
                return
            if len(self._bytes) < 2 + size:
                return
            datagram = bytes(self._bytes[2 : 2 + size])
            del self._bytes[: 2 + size]
            self._mux.packets_in += 1
            self._mux.on_datagram(datagram, self, now_s)
            if not self._mux.knows(self):
                self.abort()
                return

    def connection_lost(self, exc: Exception | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._mux.paths.pop(self, None)
        self._mux.lose(self)

    # -- for the mux ----------------------------------------------------------------------------------------------

    def send(self, datagram: bytes) -> bool:
        """Send or drop, False for dropped."""
        transport = self._transport
        if transport is None or transport.is_closing() or transport.get_write_buffer_size() > _BACKLOG_BYTES:
            return False
        transport.write(len(datagram).to_bytes(2, "big") + datagram)
        return True

    def abort(self) -> None:
        """Close at once. May be repeated."""
        if self._transport is not None:
            self._transport.abort()
        self._bytes.clear()

    def _lose_patience(self) -> None:
        if not self._mux.knows(self):
            self._mux.dropped["unknown_source"] += 1
            self.abort()
