"""A coturn for the tests, with a configuration of its own (`tests.program` finds it)."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.program import COTURN

_START_S = 20.0


class Coturn:
    """A turnserver with the configuration `text`, which listens on `host`; its files and its log are in `folder`.
    `settings`: those of a cosession beside it."""

    def __init__(
        self, folder: Path, text: str, settings: Mapping[str, str] = MappingProxyType({}), host: str = "127.0.0.1"
    ) -> None:
        self.settings, self._host = settings, host
        self._file, self._log = folder / "turnserver.conf", folder / "turnserver.log"
        self._file.write_text(f"{text}\npidfile={folder / 'pid'}\nuserdb={folder / 'users'}\n", encoding="utf-8")
        self._process: asyncio.subprocess.Process | None = None
        self._ports = [
            int(value)
            for key, _, value in (line.partition("=") for line in text.splitlines())
            if key in ("listening-port", "tls-listening-port")
        ]

    async def start(self) -> None:
        """Returns when it takes connections on all its TCP ports."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                COTURN.find(), "-c", self._file, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(_START_S):
                for port in self._ports:
                    while not answers(port, self._host):
                        assert self._process.returncode is None, self.said()
                        await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"coturn did not start: {self.said()}") from None

    async def kill(self) -> None:
        """SIGKILL, as a machine that loses its power. May be repeated."""
        if self._process is not None:
            if self._process.returncode is None:
                self._process.send_signal(signal.SIGKILL)
            await self._process.wait()
            self._process = None

    def said(self) -> str:
        return self._log.read_text(errors="replace")


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody takes TCP connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def free_port() -> int:
    """A port that is free for UDP and TCP now."""
    while True:
        with socket.socket() as one, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            try:
                other.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def certify(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost and its key, as PEM files."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([*make.split(), "-keyout", key, "-out", certificate], capture_output=True, check=True)
    return certificate, key
