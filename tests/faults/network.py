"""A computer whose network can be closed, thinned or narrowed: a network namespace of Linux, with nft and tbf.

One veth pair leads out of it. On the outer end there is an address for each thing that may be opened or closed by
itself: the site, a site whose proxy drops `Upgrade`, the relay, the media server. Needs root; netem is not needed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Playwright

from cosession.bench.chromium import launch
from tests.faults.names import PORT, Names, names
from tests.program import IP, NFT, ProgramMissing

SITE_NAME = "cosession.test"
STRIPPED_NAME = "stripped.test"
RELAY_NAME = "relay.test"


def https(*addresses: str) -> list[str]:
    """TCP 443 of these."""
    return [f"ip daddr {address} tcp dport 443" for address in addresses]


class CannotCause(Exception):
    """This machine cannot make the fault; the text says why."""


class Network:
    """`site`, `stripped`, `relay`, `media`: addresses outside; `inside`: its own."""

    def __init__(self, name: str, net: str, folder: Path) -> None:
        self.name, self._folder = name, folder
        self._etc = Path("/etc/netns") / name
        self.names = Names()
        self.site, self.stripped, self.relay, self.media, self.inside = (f"{net}.{last}" for last in (1, 2, 3, 4, 100))

    def opened(self) -> None:
        """Everything is open."""
        self._rules([], [])

    def restored(self) -> None:
        """Open and wide, with all names."""
        self.opened()
        self.narrow(None)
        self.knows(**{RELAY_NAME: self.relay})

    def only(self, *ways: str) -> None:
        """What these words of nft name, from here (`ip daddr … tcp dport …`), and what comes back, and the
        questions for names; the rest is swallowed both ways, as most firewalls do."""
        ways = (f"ip daddr {self.site} udp dport {PORT}", *ways)
        back = [way.replace("daddr", "saddr").replace("dport", "sport") for way in ways]
        self._rules([*(f"{way} accept" for way in ways), "drop"], [*(f"{way} accept" for way in back), "drop"])

    def loses(self, percent: int) -> None:
        """So much of what goes out and comes in is lost, of every protocol."""
        lost = f"numgen random mod 100 < {percent} drop"
        self._rules([lost], [lost])

    def _rules(self, out: list[str], back: list[str]) -> None:
        chains = {"output": ["oif lo accept", *out], "input": ["iif lo accept", *back]}
        text = "table inet lab {}\ndelete table inet lab\ntable inet lab {\n"
        for hook, lines in chains.items():
            text += f"chain {hook} {{ type filter hook {hook} priority 0; policy accept;\n"
            text += "".join(f"{line}\n" for line in lines) + "}\n"
        self._inside(NFT.find(), "-f", "-", text=text + "}\n")

    def narrow(self, kbps: int | None) -> None:
        """So wide in each direction, with a queue of 300 ms; None: as wide as the machine."""
        for end, where in ((self._outer, []), (self._inner, ["-n", self.name])):
            tc = [str(IP.find().with_name("tc")), *where]
            subprocess.run([*tc, "qdisc", "del", "dev", end, "root"], capture_output=True, check=False)
            if kbps is not None:
                width = f"tbf rate {kbps}kbit burst 4k latency 300ms"
                run(*tc, "qdisc", "add", "dev", end, "root", *width.split())

    async def chromium(self, playwright: Playwright, path: Path) -> Browser:
        """A Chromium whose network this is; the caller closes it. It takes certificates that nobody vouches for."""
        inside = self._folder / f"chromium-{self.name}"
        inside.write_text(f'#!/bin/sh\nexec {IP.find()} netns exec {self.name} {path} "$@"\n')
        inside.chmod(0o755)
        return await launch(playwright, inside, also=["--ignore-certificate-errors"])

    def knows(self, **more: str) -> None:
        """Which names there are beside those of the site."""
        self.names.known = {SITE_NAME: self.site, STRIPPED_NAME: self.stripped, **more}

    @property
    def _outer(self) -> str:
        return f"{self.name}o"

    @property
    def _inner(self) -> str:
        return f"{self.name}i"

    def _inside(self, *command: str | Path, text: str | None = None) -> None:
        run(IP.find(), "netns", "exec", self.name, *command, text=text)

    def make(self) -> None:
        ip = IP.find()
        self._etc.mkdir(parents=True, exist_ok=True)
        (self._etc / "hosts").write_text("127.0.0.1 localhost\n")
        (self._etc / "resolv.conf").write_text(f"nameserver {self.site}\n")
        run(ip, "netns", "add", self.name)
        run(ip, "link", "add", self._outer, "type", "veth", "peer", "name", self._inner, "netns", self.name)
        for address in (self.site, self.stripped, self.relay, self.media):
            run(ip, "addr", "add", f"{address}/24", "dev", self._outer)
        run(ip, "link", "set", self._outer, "up")
        for command in (
            f"addr add {self.inside}/24 dev {self._inner}",
            f"link set {self._inner} up",
            "link set lo up",
            f"route add default via {self.site}",
        ):
            run(ip, "-n", self.name, *command.split())

    def remove(self) -> None:
        subprocess.run([IP.find(), "netns", "del", self.name], capture_output=True, check=False)
        subprocess.run([IP.find(), "link", "del", self._outer], capture_output=True, check=False)
        shutil.rmtree(self._etc, ignore_errors=True)


@asynccontextmanager
async def network(folder: Path) -> AsyncIterator[Network]:
    """A computer with an open network, as long as the context lasts. Raises `CannotCause`."""
    if os.geteuid() != 0:
        raise CannotCause("network namespaces need root")
    try:
        made = Network(f"cs{os.getpid()}", _free_net(), folder)
        NFT.find()
    except ProgramMissing as missing:
        raise CannotCause(str(missing)) from None
    try:
        try:
            made.make()
        except subprocess.CalledProcessError as failed:
            raise CannotCause(f"network namespaces do not work here: {failed.stderr.strip()}") from None
        async with names(made.site) as made.names:
            made.restored()
            yield made
    finally:
        made.remove()


def _free_net(nets: Iterable[int] = range(1, 255)) -> str:
    """One of 10.213.x, with no address of this machine in it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for net in nets:
            try:
                probe.bind((f"10.213.{net}.1", 0))
            except OSError:
                return f"10.213.{net}"
    raise CannotCause("all networks of 10.213 are in use on this machine")


def run(*command: str | Path, text: str | None = None) -> None:
    subprocess.run(command, input=text, capture_output=True, text=True, check=True)
