"""What waits to be heard by one page on its own socket: little, and of what is too much the newest wins.

The page says how many frames have come. So long as less than `ON_THE_WAY` of a stream are unconfirmed, its frames leave
at once; then `WAITING` wait, and the oldest goes for each that comes. Kernel buffers would hold seconds of it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

#: Frames of 20 ms: 800 ms of one voice on the way, 400 ms in the queue.
ON_THE_WAY = 40
WAITING = 20


class SoundQueue:
    """`send` takes a frame for the network and must not block. `overtaken` is told each frame that a newer one of its
    stream has pushed out. A frame's first byte names its stream."""

    def __init__(self, send: Callable[[bytes], None], overtaken: Callable[[], None]) -> None:
        self._send = send
        self._overtaken = overtaken
        self._flying: deque[int] = deque()
        """Streams of the frames that are not confirmed, the oldest first."""
        self._of: Counter[int] = Counter()
        self._waiting: dict[int, deque[bytes]] = {}
        self._confirmed = 0
        self.dropped = 0
        """Frames that were overtaken by newer ones."""

    def put(self, frame: bytes) -> None:
        stream = frame[0]
        waiting = self._waiting.get(stream)
        if not waiting and self._of[stream] < ON_THE_WAY:
            self._let_go(stream, frame)
            return
        if waiting is None:
            waiting = self._waiting[stream] = deque()
        elif len(waiting) >= WAITING:
            waiting.popleft()
            self.dropped += 1
            self._overtaken()
        waiting.append(frame)

    def receipt(self, total: int) -> None:
        """The page has got so many frames since it came (32 bits, wrapping); one that says more than were sent is
        believed as far as it can be true."""
        for _ in range(min((total - self._confirmed) & 0xFFFFFFFF, len(self._flying))):
            self._of[self._flying.popleft()] -= 1
            self._confirmed = (self._confirmed + 1) & 0xFFFFFFFF
        for stream, waiting in self._waiting.items():
            while waiting and self._of[stream] < ON_THE_WAY:
                self._let_go(stream, waiting.popleft())

    def _let_go(self, stream: int, frame: bytes) -> None:
        self._of[stream] += 1
        self._flying.append(stream)
        self._send(frame)
