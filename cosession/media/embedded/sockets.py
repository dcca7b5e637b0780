"""A worker's UDP sockets: bound by family under one number, offered by address, and read in batches, moderated as
network cards moderate their interrupts.

While little comes, every datagram wakes the loop at once. Where the last one came within a millisecond the socket is
read by a pulse instead, every two milliseconds or so: one wake then brings several, and a wake costs more than a
datagram. A full batch is followed by the next at once, and a pulse that brought nothing is the last. Nothing here looks
into a datagram. Sources: RFC 8445 section 5.1.1.1 (an address for each family); Linux' NAPI for the moderation.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import ifaddr
from cffi import FFI

#: Wakes that follow each other sooner than this are load.
_LOAD_S = 0.001
#: A datagram waits for half a pulse on average, and then for those before it: a batch of many gets the shorter one. The
#: slowest hundredth of all arrives within 3 ms.
_PULSE_S, _SHORT_PULSE_S = 0.0025, 0.0018
_MANY = 8
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
        self._pulse: KernelPulse | LoopPulse = (KernelPulse if KernelPulse.possible() else LoopPulse)(self._beat)
        self._many = False
        """Whether the last batch was one of many datagrams."""
        self._more: asyncio.Handle | None = None
        self._loop.add_reader(self._fd, self._wake)

    def close(self) -> None:
        """Read no more; before the socket is closed."""
        if self._more is not None:
            self._more.cancel()
        self._pulse.close()
        self._loop.remove_reader(self._fd)

    def _wake(self) -> None:
        former_s, self._woken_s = self._woken_s, time.monotonic()
        self._take()
        if self._woken_s - former_s < _LOAD_S:
            self._loop.remove_reader(self._fd)
            self._many = False
            self._pulse.start(_PULSE_S)

    def _beat(self) -> None:
        read = self._take()
        if read >= READ_AT_ONCE:
            # What piled up while the worker was kept from running is not left to lie.
            self._more = self._loop.call_soon(self._go_on)
        elif not read:
            self._pulse.stop()
            self._loop.add_reader(self._fd, self._wake)
        elif self._many is not (read >= _MANY):
            self._many = not self._many
            self._pulse.start(_SHORT_PULSE_S if self._many else _PULSE_S)

    def _go_on(self) -> None:
        if self._take() >= READ_AT_ONCE:
            self._more = self._loop.call_soon(self._go_on)


class KernelPulse:
    """Calls back at even intervals from `start` on, which may be repeated, by a timer of Linux' that is set once: the
    loop's own ones are made anew for each call, which costs more than reading a datagram, and count in whole
    milliseconds."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._ffi, self._libc = _timers()
        self._fd = self._libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(self._ffi.errno, os.strerror(self._ffi.errno))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._fd, self._on_time)
        self._beat = beat

    @staticmethod
    def possible() -> bool:
        return hasattr(_timers()[1], "timerfd_create")

    def start(self, seconds: float) -> None:
        self._set(round(seconds * 1e9))

    def stop(self) -> None:
        self._set(0)

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    def _set(self, ns: int) -> None:
        # struct itimerspec: the interval and the first time, each in seconds and nanoseconds.
        if self._libc.timerfd_settime(self._fd, 0, self._ffi.new("long[4]", [0, ns, 0, ns]), self._ffi.NULL) != 0:
            raise OSError(self._ffi.errno, os.strerror(self._ffi.errno))

    def _on_time(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:  # stopped after the loop had seen it
            return
        self._beat()


class LoopPulse:
    """The same by the loop's own timers."""

    def __init__(self, beat: Callable[[], None]) -> None:
        self._beat = beat
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.Handle | None = None

    def start(self, seconds: float) -> None:
        self.stop()
        self._next = self._loop.call_later(seconds, self._on_time, seconds)

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()

    def close(self) -> None:
        self.stop()

    def _on_time(self, seconds: float) -> None:
        self.start(seconds)
        self._beat()


@cache
def _timers() -> tuple[FFI, Any]:
    ffi = FFI()
    ffi.cdef("int timerfd_create(int, int); int timerfd_settime(int, int, const long *, long *);")
    return ffi, ffi.dlopen(None)


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
