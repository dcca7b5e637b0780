"""A way between one browser and the worker that can be made narrow, lossy or cut, in the middle of everything.

A UDP relay with a queue: what does not fit waits, what has waited too long is lost, as in a home router. The browser is
given the relay's port in the answer instead of the worker's; nobody but the test knows.
"""

from __future__ import annotations

import asyncio
import random
import re

_QUEUE_S = 0.3


class _Way:
    """One direction. `kbps` None: as wide as the machine."""

    def __init__(self) -> None:
        self.kbps: float | None = None
        self.loss = 0.0
        self.datagrams = 0
        self._free_s = 0.0
        self._chance = random.Random(7)

    def delay_s(self, size: int) -> float | None:
        """How long a datagram of this size waits, None if it is lost."""
        self.datagrams += 1
        if self._chance.random() < self.loss:
            return None
        if self.kbps is None:
            return 0.0
        now_s = asyncio.get_running_loop().time()
        self._free_s = max(self._free_s, now_s)
        if self._free_s - now_s > _QUEUE_S:
            return None
        self._free_s += size * 8e-3 / self.kbps
        return self._free_s - now_s


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, relay: Relay, from_browser: bool) -> None:
        self._relay, self._from_browser = relay, from_browser

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._relay.pass_on(data, addr, self._from_browser)


class Relay:
    """`up` from the browser, `down` to it."""

    def __init__(self) -> None:
        self.up, self.down = _Way(), _Way()
        self._browser: tuple[str, int] | None = None
        self._front: asyncio.DatagramTransport | None = None
        self._back: asyncio.DatagramTransport | None = None

    async def open(self, answer: str) -> str:
        """The answer with the relay's port in it. Again after an ICE restart: then the former way is closed."""
        self.close()
        candidate = re.search(r"a=candidate:1 1 udp \d+ (\S+) (\d+) typ host", answer)
        assert candidate is not None
        host, port = candidate[1], int(candidate[2])
        loop = asyncio.get_running_loop()
        self._back, _ = await loop.create_datagram_endpoint(lambda: _Ear(self, False), remote_addr=(host, port))
        self._front, _ = await loop.create_datagram_endpoint(lambda: _Ear(self, True), local_addr=("127.0.0.1", 0))
        own = self._front.get_extra_info("sockname")[1]
        return re.sub(r"(a=candidate:1 1 udp \d+) \S+ \d+ typ host", rf"\1 127.0.0.1 {own} typ host", answer)

    def pass_on(self, data: bytes, addr: tuple[str, int], from_browser: bool) -> None:
        if from_browser:
            self._browser = addr
        way = self.up if from_browser else self.down
        delay_s = way.delay_s(len(data))
        if delay_s is not None:
            asyncio.get_running_loop().call_later(delay_s, self._send, data, from_browser)

    def _send(self, data: bytes, from_browser: bool) -> None:
        if from_browser and self._back is not None:
            self._back.sendto(data)
        elif not from_browser and self._front is not None:
            self._front.sendto(data, self._browser)

    def close(self) -> None:
        for end in (self._front, self._back):
            if end is not None:
                end.close()
        self._front = self._back = None
