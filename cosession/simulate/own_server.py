"""A server of one's own, as a process with temporary data, that can be killed and started again (rehearsals, the kill
test)."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from cosession.simulate.options import Unusable

START_S = 40.0
STOP_S = 10.0
_LINE = re.compile(r"^(Facilitator|Operations)\s+(https?://\S+)\s*$")


class OwnServer:
    """`cosession serve` in `folder`, on free ports of this machine. Those for pages stay the same over restarts; the
    media take what is free when they start. `descriptors`: so many files and sockets it may have open, and no more.
    `settings`: further variables, by their whole names."""

    def __init__(
        self,
        folder: Path,
        media_host: str = "127.0.0.1",
        descriptors: int | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._folder = folder
        self._descriptors = descriptors
        port, ops_port = _free_ports()
        self._environment = {
            **os.environ,
            "COSESSION_BIND": f"127.0.0.1:{port}",
            "COSESSION_OPS_BIND": f"127.0.0.1:{ops_port}",
            "COSESSION_MEDIA_BIND": f"{media_host}:0",
            "COSESSION_DATA": str(folder),
            "COSESSION_REHEARSAL": "1",
        }
        # Temporary data has a key of its own: the real one is neither used nor made.
        for setting in ("COSESSION_PUBLIC_URL", "COSESSION_MASTER_KEY"):
            self._environment.pop(setting, None)
        self._environment |= settings
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[bytes] | None = None
        self.url = f"http://127.0.0.1:{port}"
        self.sign_in = ""
        self.ops_sign_in = ""

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return None if self._process is None else self._process.pid

    @property
    def _log(self) -> Path:
        return self._folder / "server.log"

    async def start(self) -> None:
        """Returns when the server has printed its two links. Raises `Unusable` with the end of its log if it does
        not."""
        self._folder.mkdir(parents=True, exist_ok=True)
        serve = [sys.executable, "-m", "cosession.cli", "serve"]
        if self._descriptors is not None:
            serve = ["sh", "-c", f'ulimit -n {self._descriptors} && exec "$@"', "sh", *serve]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *serve,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        assert self._process.stdout is not None
        links: dict[str, str] = {}
        try:
            async with asyncio.timeout(START_S):
                while len(links) < 2:
                    line = (await self._process.stdout.readline()).decode()
                    if not line:
                        break
                    if found := _LINE.match(line):
                        links[found[1]] = found[2]
        except TimeoutError:
            pass
        if len(links) < 2:
            await self.stop()
            raise Unusable(f"the server did not start: {self._last_words()}")
        self.sign_in, self.ops_sign_in = links["Facilitator"], links["Operations"]
        self._reader = asyncio.create_task(self._process.stdout.read())

    async def kill(self) -> None:
        """SIGKILL, as a machine that loses its power."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end, and wait."""
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(how)
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        if self._reader is not None:
            await self._reader
            self._reader = None

    def _last_words(self) -> str:
        text = self._log.read_text(errors="replace").strip() if self._log.exists() else ""
        return "\n".join(text.splitlines()[-12:]) or "it said nothing"


def _free_ports() -> tuple[int, int]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(2)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports[0], ports[1]
