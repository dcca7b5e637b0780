"""The worker's end of the socket pair: commands in, events out, nothing waits.

Commands are taken whenever some come and, by `take`, before each batch of datagrams: a worker that was kept from
running finds its newest plan before it forwards what piled up meanwhile (decision 20: a worker drops what is not in
its newest plan).
"""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable, Sequence

from cosession.media.embedded import control

_READ_BYTES = 64 * 1024


class ControlChannel:
    """One socket, not blocking. `ended` is set when the application is gone or closed its end."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.ended = asyncio.Event()
        self._socket = sock
        polled = select.poll()
        polled.register(sock, select.POLLIN)
        self._look = polled.poll
        self._loop = asyncio.get_running_loop()
        self._frames = control.Frames()
        self._out = bytearray()
        self._obey: Callable[[control.Command], None] | None = None
        self._hear: Callable[[int, bytes], None] = lambda handle, data: None

    async def first(self) -> control.Command | None:
        """The first command, None if the channel ends before it. Call once, before `start`."""
        while True:
            data = await self._loop.sock_recv(self._socket, _READ_BYTES)
            if not data:
                return None
            self._frames.feed(data)
            body = self._frames.next()
            if body is not None:
                return control.COMMAND.validate_json(body)

    def start(self, obey: Callable[[control.Command], None], hear: Callable[[int, bytes], None]) -> None:
        """From now on every command is obeyed as it comes, and each frame of sound heard, with its handle."""
        self._obey, self._hear = obey, hear
        self._loop.add_reader(self._socket.fileno(), self.take)
        self.take()

    def take(self) -> None:
        """Obey everything that lies here; mostly it is nothing, and a look is cheaper than a vain read."""
        while self._obey is not None and not self.ended.is_set():
            while (body := self._frames.next()) is not None:
                if body[0] == control.SOUND:
                    self._hear(*control.read_sound_to_worker(body))
                else:
                    self._obey(control.COMMAND.validate_json(body))
            if not self._look(0):
                return
            try:
                data = self._socket.recv(_READ_BYTES)
            except ConnectionError:
                data = b""
            if data:
                self._frames.feed(data)
            else:
                self._end()

    def send(self, event: control.Message) -> None:
        """Send an event as soon as the other side reads, together with what else is sent in this turn of the loop: each
        time, the other side has to wake."""
        self._put(control.frame(event))

    def send_sound(self, handles: Sequence[int], data: bytes) -> bool:
        """The same for a frame of sound; False if the other side does not keep up: it is thrown away."""
        if len(self._out) > control.SOUND_WAITS_BYTES:
            return False
        self._put(control.framed(control.sound_from_worker(handles, data)))
        return True

    def _put(self, framed: bytes) -> None:
        if not self.ended.is_set():
            if not self._out:
                self._loop.call_soon(self._flush)
            self._out += framed

    def _flush(self) -> None:
        try:
            del self._out[: self._socket.send(self._out)]
        except BlockingIOError:
            pass
        except ConnectionError:
            self._end()
            return
        if self._out:
            self._loop.add_writer(self._socket.fileno(), self._flush)
        else:
            self._loop.remove_writer(self._socket.fileno())

    def _end(self) -> None:
        self.ended.set()
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
