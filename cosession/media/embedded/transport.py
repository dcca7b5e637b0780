"""One UDP port for many browsers: ICE-lite, and the table from address to browser.

An address enters the table only by a STUN check that carries the right user names and a valid MESSAGE-INTEGRITY;
whatever comes from elsewhere is dropped and counted by reason, and nothing is ever sent to an address that was not
proven. The server sends no checks of its own (RFC 8445 section 2.5, lite). ICE-TCP and IPv6 will be further receivers
of `Mux.on_datagram`. Sources: RFC 8489 (STUN), RFC 8445 sections 7.3 and 8.2 (ICE-lite), RFC 7983 (telling STUN, DTLS
and RTP apart).
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
import struct
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import ifaddr
from aioice import stun

from cosession.media.embedded.native import Helper

Address = tuple[str, int]

MAX_DATAGRAM_BYTES = 1500
_READ_AT_ONCE = 64
_BUFFER_BYTES = 4 << 20
#: Addresses that one browser may have proven at a time (several networks, relays); the oldest goes.
_MAX_ADDRESSES = 8
_MAGIC = (0x2112A442).to_bytes(4, "big")


class Receiver(Protocol):
    """Who gets the datagrams of one browser. Called in the loop, for proven addresses only; must not raise."""

    def on_life(self) -> None: ...
    def on_dtls(self, datagram: bytes) -> None: ...
    def on_media(self, datagram: bytes) -> None: ...


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
        if self.address is None or (nominated and credentials is self.current):
            self.address = address
        self.proven.set()
        self.receiver.on_life()

    @property
    def address(self) -> Address | None:
        """Where datagrams go now; None before one is proven and after the end."""
        return self._address

    @address.setter
    def address(self, address: Address | None) -> None:
        if address != self._address:
            self._address = address
            self._mux.version += 1

    def datagrams(self) -> bytes | None:
        """The address in use as a sockaddr, if a helper may send there what `send` would."""
        helper = self._mux.helper
        return None if helper is None or self._address is None else helper.address(*self._address[:2]) or None

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
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                self.socket.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
            self.socket.bind((host, port))
        except OSError:
            self.socket.close()
            raise
        self.host: str
        self.port: int
        self.host, self.port = self.socket.getsockname()
        self.dropped: Counter[str] = Counter()
        self._before: Callable[[], None] = lambda: None
        self.packets_in = self.packets_out = 0
        self._by_address: dict[Address, IceLite] = {}
        self._by_ufrag: dict[str, tuple[Credentials, IceLite]] = {}

    def start(self, before: Callable[[], None]) -> None:
        """Begin to read. `before` is called before each batch of datagrams."""
        self._before = before
        asyncio.get_running_loop().add_reader(self.socket.fileno(), self._on_readable)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.socket.fileno())
        self.socket.close()

    def expect(self, credentials: Credentials, ice: IceLite) -> None:
        self._by_ufrag[credentials.ufrag] = credentials, ice

    def forget(self, credentials: Credentials) -> None:
        self._by_ufrag.pop(credentials.ufrag, None)

    def unlearn(self, address: Address, ice: IceLite) -> None:
        if self._by_address.get(address) is ice:
            del self._by_address[address]

    def send(self, datagram: bytes, address: Address) -> bool:
        """Send now or drop: a media server never waits for a socket."""
        try:
            self.socket.sendto(datagram, address)
        except OSError:
            self.dropped["send_blocked"] += 1
            return False
        self.packets_out += 1
        return True

    def _on_readable(self) -> None:
        receive: Callable[[int], tuple[bytes, Address]] = self.socket.recvfrom
        self._before()
        for _ in range(_READ_AT_ONCE):
            try:
                datagram, address = receive(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                return
            self.on_datagram(datagram, address)

    def on_datagram(self, datagram: bytes, address: Address) -> None:
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
            ice.receiver.on_media(datagram)
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
        response.attributes["XOR-MAPPED-ADDRESS"] = address
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
    """The IPv4 addresses to offer, best first: `public` if there is one, then the bound address or, bound to all,
    every one of this machine, loopback last, so that a page on this very machine finds the server without any
    network."""
    found = [public] if public else []
    if bound == "0.0.0.0":
        local = [ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)]
        usable = [a for a in local if not ipaddress.ip_address(a).is_link_local]
        found += sorted(usable, key=lambda a: ipaddress.ip_address(a).is_loopback)
    else:
        found.append(bound)
    return list(dict.fromkeys(found))
