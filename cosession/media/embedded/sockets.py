"""A worker's UDP sockets: bound by family under one number, offered by address, and read in batches, moderated as
network cards moderate their interrupts.

While little comes, every datagram wakes the loop at once. Where the last one came within a millisecond the socket is
left to rest for two: one wake then brings several, and a wake costs more than a datagram. A full batch is followed by
the next without a rest, and a rest that brought nothing ends this. Nothing here looks into a datagram. Sources: RFC
8445 section 5.1.1.1 (an address for each family); Linux' NAPI for the moderation.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Sequence

import ifaddr

#: Wakes that follow each other sooner than this are load.
_LOAD_S = 0.001
#: A datagram waits for half of it on average. libuv's timers count in whole milliseconds.
_REST_S = 0.002
#: The largest batch: other things want to run too.
READ_AT_ONCE = 64
_BUFFER_BYTES = 4 << 20
_MAX_CANDIDATES = 8


class Inlet:
    """Calls `take`, which reads a batch and says how many datagrams it had, whenever there may be some."""

    def __init__(self, bound: socket.socket, take: Callable[[], int]) -> None:
        self._fd = bound.fileno()
        self._take = take
        self._woken_s = float("-inf")
        self._loop = asyncio.get_running_loop()
        self._rest: asyncio.Handle | None = None
        self._loop.add_reader(self._fd, self._wake)

    def close(self) -> None:
        """Read no more; before the socket is closed."""
        if self._rest is not None:
            self._rest.cancel()
        self._loop.remove_reader(self._fd)

    def _wake(self) -> None:
        former_s, self._woken_s = self._woken_s, time.monotonic()
        self._take()
        if self._woken_s - former_s < _LOAD_S:
            self._loop.remove_reader(self._fd)
            self._rest = self._loop.call_later(_REST_S, self._rested)

    def _rested(self) -> None:
        if read := self._take():
            # What piled up while the worker was kept from running is not left to lie.
            full = read >= READ_AT_ONCE
            self._rest = self._loop.call_soon(self._rested) if full else self._loop.call_later(_REST_S, self._rested)
        else:
            self._rest = None
            self._loop.add_reader(self._fd, self._wake)


def bind(host: str, port: int) -> list[socket.socket]:
    """The sockets for an address: for `::`, all of IPv4 and all of IPv6 under one number, IPv4 alone on a machine
    without IPv6. Raises OSError."""
    families = [(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]
    if host == "::":
        families.insert(0, (socket.AF_INET, "0.0.0.0"))
    bound: list[socket.socket] = []
    try:
        for family, name in families:
            if bound and not _has_ipv6():
                break
            one = socket.socket(family, socket.SOCK_DGRAM)
            bound.append(one)
            one.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                one.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((name, bound[0].getsockname()[1] if len(bound) > 1 else port))
    except OSError:
        for one in bound:
            one.close()
        raise
    return bound


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


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True
