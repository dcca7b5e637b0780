"""ICE-lite: what a browser has to prove before an address is believed to be its own, and which of its addresses is in
use.

The server sends no checks of its own (RFC 8445 section 2.5, lite); a browser checks, nominates and restarts. The table
from address to browser is `transport`'s. Sources: RFC 8489 (STUN), RFC 8445 sections 7.3, 8.2 and 9.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
import time
from typing import Protocol

from aioice import stun

from cosession.media.embedded.batch_reader import SrtpReceiver
from cosession.media.embedded.native import Helper
from cosession.media.embedded.sockets import UdpAddress
from cosession.media.embedded.tcp import TcpPath

Address = UdpAddress | TcpPath

#: Addresses that one browser may have proven at a time (several networks, relays); the oldest goes.
_MAX_ADDRESSES = 8
#: UDP that was checked within this time is not given up for TCP.
_UDP_LIVES_S = 3.0
_MAGIC = (0x2112A442).to_bytes(4, "big")


class DatagramHandler(Protocol):
    """Who gets the datagrams of one browser. Called in the loop, for proven addresses only; must not raise."""

    srtp_receiver: SrtpReceiver | None
    """What the helper reads of it."""

    def on_life(self) -> None: ...
    def on_dtls(self, datagram: bytes) -> None: ...
    def on_media(self, datagram: bytes, now_s: float) -> None: ...


class IceMux(Protocol):
    """What a browser's path needs of the port; see `transport.Mux`."""

    helper: Helper | None
    version: int

    def expect(self, credentials: Credentials, ice: IceLite) -> None: ...
    def forget(self, credentials: Credentials) -> None: ...
    def unlearn(self, address: Address, ice: IceLite) -> None: ...
    def serves(self, address: UdpAddress) -> bool: ...
    def send(self, datagram: bytes, address: Address) -> None: ...


class Credentials:
    """One pair of ICE names and passwords. `remote_ufrag` is the browser's."""

    __slots__ = ("key", "password", "remote_ufrag", "ufrag")

    def __init__(self, remote_ufrag: str) -> None:
        self.ufrag, self.password = secrets.token_hex(4), secrets.token_hex(12)
        self.remote_ufrag = remote_ufrag
        self.key = self.password.encode()


class IceLite:
    """One browser's path through the mux: its credentials, its proven addresses, the one in use."""

    def __init__(self, mux: IceMux, handler: DatagramHandler, remote_ufrag: str) -> None:
        self.handler = handler
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
        self.handler.on_life()

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
