"""One UDP port for many browsers: the table from address to browser.

An address enters the table only by a STUN check that carries the right user names and a valid MESSAGE-INTEGRITY
(`ice`); whatever comes from elsewhere is dropped and counted by reason, and nothing is ever sent to an address that was
not proven. IPv4 and IPv6 have a socket each under one port number; a TCP connection (`tcp`) is an address like any
other. Source: RFC 7983 (telling STUN, DTLS and RTP apart).
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from aioice import stun

from cosession.media.embedded.batch_reader import BatchReader
from cosession.media.embedded.ice import Address, Credentials, IceLite, binding_request
from cosession.media.embedded.native import Helper
from cosession.media.embedded.sockets import UdpAddress, bind
from cosession.media.embedded.tcp import TcpPath
from cosession.media.embedded.udp_reader import READ_AT_ONCE, UdpReader

MAX_DATAGRAM_BYTES = 1500


class Mux:
    """The socket and its two tables. `dropped` counts by the reasons of `WorkerStats`."""

    def __init__(self, host: str, port: int, helper: Helper | None = None) -> None:
        """Bind; port 0 takes any free one. `helper` sends what goes to many. Raises OSError."""
        self.helper = helper
        self.version = 0
        """Counts the changes of any browser's address."""
        self.known = False
        """Whether the helper knows who is behind which address; unset it when anybody's keys stand."""
        self._read = self._read_by_python if helper is None else partial(self._read_by_helper, BatchReader(helper))
        self._sockets = bind(host, port)
        self.socket = self._sockets[0]
        """Where the helper sends; a browser of the other family is served by Python."""
        self._parts = 2 if self.socket.family == socket.AF_INET else 4
        self._send_to, self._send_to_other = self.socket.sendto, self._sockets[-1].sendto
        self.host = host
        self.port: int = self.socket.getsockname()[1]
        self.tcp_port = 0
        self.largest = MAX_DATAGRAM_BYTES
        self.paths: dict[TcpPath, None] = {}
        """Connections that are open, the oldest first."""
        self._udp_readers: list[UdpReader] = []
        self._server: asyncio.Server | None = None
        self.dropped: Counter[str] = Counter()
        self.before: Callable[[], None] = lambda: None
        """Called before each batch of datagrams."""
        self.packets_in = self.packets_out = 0
        self._by_address: dict[Address, IceLite] = {}
        self._by_ufrag: dict[str, tuple[Credentials, IceLite]] = {}

    def start(self, before: Callable[[], None]) -> None:
        """Begin to read. `before` is called before each batch of datagrams."""
        self.before = before
        self._udp_readers = [UdpReader(one, partial(self._take, one)) for one in self._sockets]

    async def listen(self, port: int, *, or_any: bool) -> None:
        """Take TCP connections too, on the same addresses; port 0 takes the number of the UDP port, `or_any` free one
        if that is taken. Raises OSError."""
        hosts = [one.getsockname()[0] for one in self._sockets]
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: TcpPath(self), hosts, port or self.port)
        except OSError:
            if port or not or_any:
                raise
            # Several addresses could get several numbers: the first has to do.
            self._server = await loop.create_server(lambda: TcpPath(self), hosts[:1], 0)
        self.tcp_port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        for path in list(self.paths):
            path.abort()
        if self._server is not None:
            self._server.close()
        for udp_reader in self._udp_readers:
            udp_reader.close()
        for one in self._sockets:
            one.close()

    def knows(self, path: TcpPath) -> bool:
        """Whether the connection has proven whose it is."""
        return path in self._by_address

    def lose(self, path: TcpPath) -> None:
        """A connection is closed."""
        ice = self._by_address.pop(path, None)
        if ice is not None:
            ice.lose(path)

    def serves(self, address: UdpAddress) -> bool:
        """Whether `socket` is the one that reaches `address`."""
        return len(address) == self._parts

    def expect(self, credentials: Credentials, ice: IceLite) -> None:
        self._by_ufrag[credentials.ufrag] = credentials, ice

    def forget(self, credentials: Credentials) -> None:
        self._by_ufrag.pop(credentials.ufrag, None)

    def unlearn(self, address: Address, ice: IceLite) -> None:
        if self._by_address.get(address) is ice:
            del self._by_address[address]
            self.known = False
            if isinstance(address, TcpPath):
                address.abort()

    def send(self, datagram: bytes, address: Address) -> None:
        """Send now or drop: a media server never waits for a socket."""
        try:
            if isinstance(address, TcpPath):
                sent: object = address.send(datagram)
            elif len(address) == self._parts:
                sent = self._send_to(datagram, address)
            else:
                sent = self._send_to_other(datagram, address)
        except OSError:
            sent = False
        if sent:
            self.packets_out += 1
        else:
            self.dropped["send_blocked"] += 1

    def _take(self, one: socket.socket) -> int:
        """Read a batch and sort it, what comes meanwhile too; how many datagrams it had."""
        self.before()
        now_s = time.monotonic()
        taken, read = 0, self._read
        while taken < READ_AT_ONCE and (found := read(one, now_s)):
            taken += found
        self.packets_in += taken
        return taken

    def _read_by_helper(self, reader: BatchReader, one: socket.socket, now_s: float) -> int:
        if not self.known:
            self.known = True
            known = [(address, ice.handler.srtp_receiver) for address, ice in self._by_address.items()]
            reader.know(
                (address, receiver)
                for address, receiver in known
                if isinstance(address, tuple) and receiver is not None
            )
        return reader.take(one, self.on_datagram, now_s)

    def _read_by_python(self, one: socket.socket, now_s: float) -> int:
        try:
            datagram, address = one.recvfrom(MAX_DATAGRAM_BYTES + 1)
        except BlockingIOError:
            return 0
        self.on_datagram(datagram, address, now_s)
        return 1

    def on_datagram(self, datagram: bytes, address: Address, now_s: float) -> None:
        """Sort one datagram by its first byte (RFC 7983). Never raises."""
        if len(datagram) > MAX_DATAGRAM_BYTES:
            self.dropped["oversized"] += 1
            return
        first = datagram[0] if datagram else 255
        if first < 4:
            self._on_stun(datagram, address)
            return
        ice = self._by_address.get(address)
        if ice is None:
            self.dropped["unknown_source"] += 1
        elif 127 < first < 192:
            ice.handler.on_media(datagram, now_s)
        elif 19 < first < 64:
            ice.handler.on_dtls(datagram)
        else:
            self.dropped["not_negotiated"] += 1

    def _on_stun(self, datagram: bytes, address: Address) -> None:
        request = binding_request(datagram)
        names = str(request.attributes["USERNAME"]).split(":") if request else []
        credentials, ice = self._by_ufrag.get(names[0], (None, None)) if len(names) == 2 else (None, None)
        if (
            request is None
            or credentials is None
            or ice is None
            or names[1] != credentials.remote_ufrag
            or not request.check_message_integrity(credentials.key)
        ):
            self.dropped["bad_stun"] += 1
            return
        if self._by_address.get(address) is not ice:
            self._by_address[address] = ice
            self.known = False
        ice.on_check(credentials, address, "USE-CANDIDATE" in request.attributes)
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = address.name if isinstance(address, TcpPath) else address[:2]
        response.add_message_integrity(credentials.key)
        self.send(bytes(response), address)
