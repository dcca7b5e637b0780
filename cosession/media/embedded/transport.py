"""One UDP port for many browsers: ICE-lite, and the table from address to browser.

An address enters the table only by a STUN check that carries the right user names and a valid MESSAGE-INTEGRITY;
whatever comes from elsewhere is dropped and counted by reason, and nothing is ever sent to an address that was not
proven. The server sends no checks of its own (RFC 8445 section 2.5, lite). IPv4 and IPv6 have a socket each under one
port number; a TCP connection (`tcp`) is an address like any other. Sources: RFC 8489 (STUN), RFC 8445 sections 7.3 and
8.2 (ICE-lite), RFC 7983 (telling STUN, DTLS and RTP apart).
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import ifaddr
from aioice import stun

from cosession.media.embedded.native import Helper
from cosession.media.embedded.sockets import Inlet, bind
from cosession.media.embedded.tcp import TcpPath

#: As the socket gives it: two parts for IPv4, four for IPv6.
UdpAddress = tuple[str, int] | tuple[str, int, int, int]
Address = UdpAddress | TcpPath

MAX_DATAGRAM_BYTES = 1500
_READ_AT_ONCE = 64
#: Addresses that one browser may have proven at a time (several networks, relays); the oldest goes.
_MAX_ADDRESSES = 8
#: UDP that was checked within this time is not given up for TCP.
_UDP_LIVES_S = 3.0
_MAX_CANDIDATES = 8
_MAGIC = (0x2112A442).to_bytes(4, "big")


class Receiver(Protocol):
    """Who gets the datagrams of one browser. Called in the loop, for proven addresses only; must not raise."""

    def on_life(self) -> None: ...
    def on_dtls(self, datagram: bytes) -> None: ...
    def on_media(self, datagram: bytes, now_s: float) -> None: ...


class Credentials:
    """One pair of ICE names and passwords. `remote_ufrag` is the browser's."""

    __slots__ = ("key", "password", "remote_ufrag", "ufrag")

    def __init__(self, remote_ufrag: str) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.remote_ufrag = remote_ufrag
        self.key = self.password.encode()


class IceLite:
    """One browser's path through the mux: its credentials, its proven addresses, the one in use."""

    def __init__(self, mux: Mux, receiver: Receiver, remote_ufrag: str) -> None:
        self.receiver = receiver
        self._address: Address | None = None
        self.proven = asyncio.Event()
        self.addresses: list[Address] = []
        self._checked_s = float("-inf")
        """When the address in use was checked last."""
        self.credentials: list[Credentials] = []
        self._mux = mux
        self.restart(remote_ufrag)

    @property
    def current(self) -> Credentials:
        return self.credentials[-1]

    def restart(self, remote_ufrag: str) -> None:
        """New credentials (RFC 8445 section 9). The former ones hold until the browser uses the new ones."""
        fresh = Credentials(remote_ufrag)
        for old in self.credentials[:-1]:
            self._mux.forget(old)
        self.credentials = [*self.credentials[-1:], fresh]
        self._mux.expect(fresh, self)

    def on_check(self, credentials: Credentials, address: Address, nominated: bool) -> None:
        """A check that proved `address`."""
        if credentials is self.current and len(self.credentials) > 1:
            for old in self.credentials[:-1]:
                self._mux.forget(old)
            self.credentials = [credentials]
            self.address = address
        if address in self.addresses:
            self.addresses.remove(address)
        self.addresses.append(address)
        if len(self.addresses) > _MAX_ADDRESSES:
            self._mux.unlearn(self.addresses.pop(0), self)
        now_s = time.monotonic()
        if self.address is None or (
            nominated and credentials is self.current and not self._is_worse(address, now_s - self._checked_s)
        ):
            self.address = address
        if address == self.address:
            self._checked_s = now_s
        self.proven.set()
        self.receiver.on_life()

    def _is_worse(self, address: Address, unchecked_s: float) -> bool:
        """TCP beside UDP that lives, for browsers that nominate every address which answers."""
        return isinstance(address, TcpPath) and isinstance(self.address, tuple) and unchecked_s < _UDP_LIVES_S

    def lose(self, path: TcpPath) -> None:
        """A connection is closed: go on by the address that was proven last, if there is one."""
        if path in self.addresses:
            self.addresses.remove(path)
        if self.address is path:
            self.address = self.addresses[-1] if self.addresses else None

    @property
    def address(self) -> Address | None:
        """Where datagrams go now; None before one is proven and after the end."""
        return self._address

    @address.setter
    def address(self, address: Address | None) -> None:
        if address != self._address:
            self._address = address
            self._mux.version += 1

    @property
    def protocol(self) -> str:
        """`udp` or `tcp`."""
        return "tcp" if isinstance(self._address, TcpPath) else "udp"

    def datagrams(self) -> bytes | None:
        """The address in use as a sockaddr, if a helper may send there what `send` would."""
        helper, address = self._mux.helper, self._address
        if helper is None or not isinstance(address, tuple) or not self._mux.serves(address):
            return None
        return helper.address(address[0], address[1]) or None

    def send(self, datagram: bytes) -> None:
        """To the address in use; nothing happens before one is proven."""
        if self._address is not None:
            self._mux.send(datagram, self._address)

    def close(self) -> None:
        """Leave the mux. May be repeated."""
        for credentials in self.credentials:
            self._mux.forget(credentials)
        for address in self.addresses:
            self._mux.unlearn(address, self)
        self.addresses.clear()
        self.address = None


class Mux:
    """The socket and its two tables. `dropped` counts by the reasons of `WorkerFigures`."""

    def __init__(self, host: str, port: int, helper: Helper | None = None) -> None:
        """Bind; port 0 takes any free one. `helper` sends what goes to many. Raises OSError."""
        self.helper = helper
        self.version = 0
        """Counts the changes of any browser's address."""
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
        self._inlets: list[Inlet] = []
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
        self._inlets = [Inlet(one, partial(self._take, one)) for one in self._sockets]

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
        for inlet in self._inlets:
            inlet.close()
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
        """Read a batch and sort it; how many datagrams it had."""
        receive: Callable[[int], tuple[bytes, UdpAddress]] = one.recvfrom
        self.before()
        now_s, sort = time.monotonic(), self.on_datagram
        for read in range(_READ_AT_ONCE):
            try:
                datagram, address = receive(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                return read
            sort(datagram, address, now_s)
        return _READ_AT_ONCE

    def on_datagram(self, datagram: bytes, address: Address, now_s: float) -> None:
        """Sort one datagram by its first byte (RFC 7983). Never raises."""
        self.packets_in += 1
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
            ice.receiver.on_media(datagram, now_s)
        elif 19 < first < 64:
            ice.receiver.on_dtls(datagram)
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
        self._by_address[address] = ice
        ice.on_check(credentials, address, "USE-CANDIDATE" in request.attributes)
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
        response.attributes["XOR-MAPPED-ADDRESS"] = address.name if isinstance(address, TcpPath) else address[:2]
        response.add_message_integrity(credentials.key)
        self.send(bytes(response), address)


def binding_request(datagram: bytes) -> stun.Message | None:
    """A well formed binding request with a user name; its integrity is not checked yet. Never raises."""
    if len(datagram) < 20 or datagram[4:8] != _MAGIC:
        return None
    try:
        message = stun.parse_message(datagram)
    except (ValueError, IndexError, struct.error):
        return None
    if message.message_class != stun.Class.REQUEST or message.message_method != stun.Method.BINDING:
        return None
    return message if "USERNAME" in message.attributes else None


def candidate_addresses(bound: str, public: str | None) -> Sequence[str]:
    """The addresses to offer, best first: `public` if there is one, then the bound address or, bound to all, those of
    this machine, IPv4 before IPv6, loopback last, so that a page on this very machine finds the server without any
    network."""
    found = [public] if public else []
    if bound in {"0.0.0.0", "::"}:
        names = [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for a in ifaddr.get_adapters() for ip in a.ips]
        local = [ipaddress.ip_address(name) for name in names]
        usable = [a for a in local if not a.is_link_local and (a.version == 4 or bound == "::")]
        found += [str(a) for a in sorted(usable, key=lambda a: (a.is_loopback, a.version))][: _MAX_CANDIDATES - 1]
        loopback = [str(a) for a in usable if a.is_loopback and a.version == 4]
        found += [a for a in loopback if a not in found]
    else:
        found.append(bound)
    return list(dict.fromkeys(found))
