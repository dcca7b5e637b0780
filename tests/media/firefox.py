"""A real Firefox for the tests: found or installed, started without a window, driven by WebDriver BiDi.

`python -m tests.media.firefox` (called by `make test-firefox`) prints its path and installs Debian's firefox-esr where
that is possible. COSESSION_FIREFOX names another one. Only what the tests need of BiDi is spoken
(https://w3c.github.io/webdriver-bidi/): open a page, evaluate an expression.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

from tests import chromium

NAMES = ("firefox-esr", "firefox")
_START_S = 60.0
#: Synthetic devices without a question, sound without a gesture, and WebRTC over loopback.
PREFERENCES = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "toolkit.telemetry.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}


class FirefoxMissing(Exception):
    """There is no Firefox to test with; the text is the command that fixes it."""


def find() -> Path:
    """The Firefox of this machine. Raises `FirefoxMissing`."""
    named = os.environ.get("COSESSION_FIREFOX")
    for name in [named] if named else NAMES:
        path = shutil.which(name)
        if path and b"Firefox" in subprocess.run([path, "--version"], capture_output=True, check=False).stdout:
            return Path(path)
    if named:
        raise FirefoxMissing(f"COSESSION_FIREFOX names {named}, which does not start as Firefox: correct or unset it")
    raise FirefoxMissing("no Firefox here: `make test-firefox` installs one, or set COSESSION_FIREFOX to its path")


def obtain() -> None:
    """Install Debian's, with the rights of the caller. Raises `FirefoxMissing` with the command that needs more."""
    install = ["apt-get", "install", "-y", "--no-install-recommends", "firefox-esr"]
    if not chromium.is_debian() or os.geteuid() != 0:
        raise FirefoxMissing(
            "the tests need Firefox ESR. Install it, then say `make test-firefox` again; on Debian:\n"
            f"    sudo apt-get update && sudo {' '.join(install)}\n"
            "or set COSESSION_FIREFOX to the path of one"
        )
    chromium.say("installing Firefox ESR with apt")
    for command in (["apt-get", "update", "-q"], install):
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment, check=False)
        if done.returncode != 0:
            raise FirefoxMissing(f"`{' '.join(command)}` failed (its reason stands above)")


class Firefox:
    """One running Firefox with a profile of its own; `async with` it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._profile = tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)
        self._process: asyncio.subprocess.Process | None = None
        self._line: ClientConnection | None = None
        self._ids = itertools.count(1)

    async def __aenter__(self) -> Self:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in PREFERENCES.items()]
        (Path(self._profile.name) / "user.js").write_text("\n".join(lines), encoding="utf-8")
        self._process = await asyncio.create_subprocess_exec(
            self._path,
            "--headless",
            "--no-remote",
            "--profile",
            self._profile.name,
            "--remote-debugging-port",
            "0",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(_START_S):
            address = await self._address()
        self._line = await connect(f"{address}/session", max_size=None, open_timeout=_START_S)
        await self.ask("session.new", capabilities={})
        return self

    async def _address(self) -> str:
        assert self._process is not None
        assert self._process.stderr is not None
        while line := await self._process.stderr.readline():
            if found := re.search(rb"BiDi listening on (ws://\S+)", line):
                return found[1].decode()
        raise RuntimeError("Firefox ended before it listened")

    async def __aexit__(self, *_: object) -> None:
        if self._line is not None:
            await self._line.close()
        if self._process is not None:
            if self._process.returncode is None:
                self._process.terminate()
            await self._process.communicate()
        self._profile.cleanup()

    async def ask(self, method: str, **parameters: Any) -> Any:
        """One command and its answer; what else Firefox tells meanwhile is passed over. One at a time."""
        assert self._line is not None
        number = next(self._ids)
        await self._line.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            said = json.loads(await self._line.recv())
            if said.get("id") == number:
                if said["type"] == "error":
                    raise RuntimeError(f"{method}: {said['error']}: {said['message']}")
                return said["result"]

    async def open(self, url: str) -> FirefoxPage:
        context = (await self.ask("browsingContext.create", type="tab"))["context"]
        await self.ask("browsingContext.navigate", context=context, url=url, wait="complete")
        return FirefoxPage(self, context)


class FirefoxPage:
    """A tab; `evaluate` as Playwright's."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self._firefox, self._context = firefox, context

    async def evaluate(self, function: str, argument: Any = None) -> Any:
        """Call a function of the page with one argument and give back what it returns, by way of JSON."""
        call = f"Promise.resolve(({function})({json.dumps(argument)})).then(found => JSON.stringify(found ?? null))"
        said = await self._firefox.ask(
            "script.evaluate", expression=call, target={"context": self._context}, awaitPromise=True
        )
        if said["type"] != "success":
            raise RuntimeError(said["exceptionDetails"]["text"])
        return json.loads(said["result"]["value"])

    async def close(self) -> None:
        await self._firefox.ask("browsingContext.close", context=self._context)


def main() -> int:
    try:
        try:
            path = find()
        except FirefoxMissing:
            if "COSESSION_FIREFOX" in os.environ:
                raise
            obtain()
            path = find()
    except FirefoxMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
