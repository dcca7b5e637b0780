"""How a worker reads its UDP sockets: in batches, moderated as network cards moderate their interrupts.

While little comes, every datagram wakes the loop at once. Where the last one came within a millisecond the socket is
read by a pulse instead: one wake then brings several, and a wake costs more than a datagram. The more comes, the faster
the pulse, 2.5 ms at the longest. A full batch is followed by the next at once, and a pulse that brought nothing is the
last. Sources: Linux' NAPI and net DIM (dynamic interrupt moderation).
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from cffi import FFI

#: Wakes that follow each other sooner than this are load.
_LOAD_S = 0.001
#: A datagram waits for half a pulse on average, and then for those before it. A pulse is as long as it takes to bring
#: `_LOT` datagrams, for a wake shared by so many is cheap enough; within these bounds.
_LONGEST_S, _SHORTEST_S = 0.0025, 0.001
_LOT = 8
#: How far the mean of batches may stray before the pulse is set anew, and the share of the newest in it.
_STRAY = 1.2
_NEWEST = 1 / 32
#: The largest batch: other things want to run too.
READ_AT_ONCE = 64


class UdpReader:
    """Calls `take`, which reads a batch and says how many datagrams it had, whenever there may be some."""

    def __init__(self, bound: socket.socket, take: Callable[[], int]) -> None:
        self._fd = bound.fileno()
        self._take = take
        self._woken_s = float("-inf")
        self._loop = asyncio.get_running_loop()
        self._pulse: KernelPulse | LoopPulse = (KernelPulse if KernelPulse.possible() else LoopPulse)(self._beat)
        self._every_s = _LONGEST_S
        self._mean = float(_LOT)
        """Of the last batches, in datagrams."""
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
            self._pulse.start(self._every_s)

    def _beat(self) -> None:
        read = self._take()
        if read >= READ_AT_ONCE:
            # What piled up while the worker was kept from running is not left to lie.
            self._more = self._loop.call_soon(self._go_on)
        elif not read:
            self._pulse.stop()
            self._loop.add_reader(self._fd, self._wake)
        else:
            self._adapt(read)

    def _adapt(self, read: int) -> None:
        self._mean += (read - self._mean) * _NEWEST
        if not _LOT / _STRAY < self._mean < _LOT * _STRAY:
            every_s = min(max(self._every_s * _LOT / self._mean, _SHORTEST_S), _LONGEST_S)
            self._mean = _LOT
            if every_s != self._every_s:
                self._every_s = every_s
                self._pulse.start(every_s)

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
