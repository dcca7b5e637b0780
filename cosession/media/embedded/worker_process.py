"""One media worker as the application sees it: a child process and the socket pair to it.

Starts it, speaks `control`, matches answers with questions, and says when it died. It never restarts anything: that is
`engine`. The child holds its end of the pair and nothing else of ours, so it ends when we do, however we end.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import sys
import time
from collections.abc import Callable, Sequence

from cosession.media.embedded import control
from cosession.room.ports import OfferRefused, Unavailable

_START_S = 30.0
_ANSWER_S = 10.0
_STOP_S = 3.0


async def end(task: asyncio.Task[None] | None) -> None:
    """Cancel a task and see it end."""
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class WorkerProcess:
    """A running worker. `on_event` gets what it says unasked; `on_death` is called once, when it is gone after it had
    started."""

    def __init__(self, on_event: Callable[[control.Event], None]) -> None:
        self.on_death: Callable[[], None] = lambda: None
        self.on_sound: Callable[[Sequence[int], bytes], None] = lambda handles, frame: None
        """Called for each frame of sound, with those who get it."""
        self.udp_port = self.tcp_port = 0
        self._heard_s = time.monotonic()
        self._on_event = on_event
        self._requests = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[control.Event]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def gone(self) -> bool:
        """Whether nothing can be sent to it: it has ended, or has not begun."""
        return self._writer is None or self._writer.is_closing()

    @property
    def silent_s(self) -> float:
        """How old its last word is."""
        return time.monotonic() - self._heard_s

    async def spawn(self) -> None:
        """Let the process begin, up to its first command. Once only; if that is cancelled, it is ended."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                # A session of its own: an interrupt typed in the terminal is for the application alone.
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "cosession.media.embedded.worker",
                    str(theirs.fileno()),
                    pass_fds=[theirs.fileno()],
                    stdin=asyncio.subprocess.DEVNULL,
                    start_new_session=True,
                )
            self._reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        except BaseException:
            ours.close()
            await self.stop()
            raise

    async def start(self, start: control.Start) -> None:
        """Wait until the port is bound; spawns before, if that is not done yet. Raises `Unavailable("media_down")` that
        names port and fix. Once only; a process whose start fails or is cancelled is ended."""
        if self._reader is None:
            await self.spawn()
        try:
            await self._ready(start)
        except BaseException:
            await self.stop()
            raise

    async def _ready(self, start: control.Start) -> None:
        reader = self._reader
        assert reader is not None
        self.send(start)
        try:
            async with asyncio.timeout(_START_S):
                body = await control.read_frame(reader)
        except TimeoutError:
            body = None
        match control.EVENT.validate_json(body) if body is not None else None:
            case control.Ready(udp_port=udp_port, tcp_port=tcp_port):
                self.udp_port, self.tcp_port = udp_port, tcp_port
                self._heard_s = time.monotonic()  # one in reserve had nothing to say until now
                self._reading = asyncio.create_task(self._read(reader))
            case control.CannotStart(detail=detail):
                raise Unavailable("media_down", detail)
            case _:
                raise Unavailable("media_down", "the media worker did not start: its own words are above")

    def send(self, command: control.Message) -> None:
        """Send a command now; nothing happens if the worker is gone."""
        if self._writer is not None and not self.gone:
            self._writer.write(control.frame(command))

    def send_sound(self, handle: int, data: bytes) -> None:
        """Hand a page's frame to the worker; if that does not keep up, or is gone, it is thrown away."""
        writer = self._writer
        if writer is None or self.gone or writer.transport.get_write_buffer_size() > control.SOUND_WAITS_BYTES:
            return
        writer.write(control.framed(control.sound_to_worker(handle, data)))

    async def connect(self, session: str, seat: str, connection: str, offer_sdp: str, publishes: bool) -> str:
        """The answer to an offer. Raises `OfferRefused`, or `Unavailable("media_down")` if the worker dies
        meanwhile."""
        request = next(self._requests)
        answer = await self._ask(
            request,
            control.Connect(
                request=request,
                session=session,
                seat=seat,
                connection=connection,
                offer_sdp=offer_sdp,
                publishes=publishes,
            ),
        )
        match answer:
            case control.Answer(sdp=sdp):
                return sdp
            case control.Refusal(code=code, detail=detail):
                raise OfferRefused(code, detail)
        raise Unavailable("media_down", "the media worker answered something else")

    async def stats(self, patience_s: float) -> control.Stats:
        """Raises `Unavailable("media_down")` if it does not answer in time."""
        request = next(self._requests)
        answer = await self._ask(request, control.AskStats(request=request), patience_s)
        if not isinstance(answer, control.Stats):
            raise Unavailable("media_down", "the media worker answered something else")
        return answer

    async def ping(self, patience_s: float) -> None:
        """Raises `Unavailable("media_down")` if it does not answer in time."""
        request = next(self._requests)
        await self._ask(request, control.Ping(request=request), patience_s)

    def kill(self) -> None:
        """End it without a word; `on_death` follows."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def stop(self) -> None:
        """End the stream, then the process if it does not follow within 3 s. `on_death` is not called."""
        await end(self._reading)
        await self._bury()

    async def _ask(self, request: int, command: control.Message, patience_s: float = _ANSWER_S) -> control.Event:
        if self.gone:
            raise Unavailable("media_down", "the media worker is gone")
        answer: asyncio.Future[control.Event] = asyncio.get_running_loop().create_future()
        self._waiting[request] = answer
        try:
            self.send(command)
            async with asyncio.timeout(patience_s):
                return await answer
        except TimeoutError:
            raise Unavailable("media_down", "the media worker does not answer") from None
        finally:
            del self._waiting[request]

    async def _read(self, reader: asyncio.StreamReader) -> None:
        loop = asyncio.get_running_loop()
        while (body := await control.read_frame(reader)) is not None:
            self._heard_s = time.monotonic()
            if body[0] == control.SOUND:
                self.on_sound(*control.read_sound_from_worker(body))
                continue
            event = control.EVENT.validate_json(body)
            match event:
                case control.Answer() | control.Refusal() | control.Stats() | control.Pong():
                    waiting = self._waiting.get(event.request)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(event)
                case _:
                    loop.call_soon(self._on_event, event)
        await self._bury()
        self.on_death()

    async def _bury(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(Unavailable("media_down", "the media worker died"))
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()
        if self._process is not None:
            try:
                async with asyncio.timeout(_STOP_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
