"""How much memory the processes of a simulation hold, looked at every few seconds while it plays.

Whose a process is follows from its ancestry: the server that was started here and its children, or this process and
the children that carry the managers' media. Nothing is asked of them: the kernel's own accounts under /proc say it, so
there are figures on Linux only. What they mean is for `endurance`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Side = Literal["server", "managers"]

_PROC = Path("/proc")
_MIB = 1 << 20
#: A run is looked at about so many times, however long it is: what is kept of it does not grow with it.
LOOKS = 600
LEAST_EVERY_S = 2.0


@dataclass
class Resident:
    """One process: `samples` are (seconds of the monotonic clock, resident MiB), `peak_mib` is the most it ever held,
    between the looks too."""

    side: Side
    name: str
    samples: list[tuple[float, float]] = field(default_factory=list)
    peak_mib: float = 0.0


class Residents:
    """`server` is the process id of a server that runs here, None for one that does not."""

    def __init__(self, server: int | None) -> None:
        self._server = server
        self._found: dict[tuple[int, int], Resident] = {}
        """By start (the kernel's ticks) and id, since ids come again."""
        self.every_s = LEAST_EVERY_S

    @property
    def seen(self) -> list[Resident]:
        """In the order in which they started; empty where the kernel does not say."""
        return [self._found[key] for key in sorted(self._found)]

    async def watch(self, planned_s: float) -> None:
        """Look until cancelled, as often as suits a run that is planned to last `planned_s`."""
        self.every_s = max(LEAST_EVERY_S, planned_s / LOOKS)
        while True:
            self.look()
            await asyncio.sleep(self.every_s)

    def look(self) -> None:
        """Take one sample of every process that lives now."""
        at_s = time.monotonic()
        living = _living()
        for pid in living:
            side = self._side(pid, living)
            if side is None:
                continue
            with contextlib.suppress(FileNotFoundError, ProcessLookupError, KeyError):  # it has just ended
                held = _held_mib(pid)
                key = living[pid].started, pid
                if key not in self._found:
                    self._found[key] = Resident(side, _name(pid))
                resident = self._found[key]
                resident.samples.append((at_s, held["VmRSS"]))
                resident.peak_mib = held["VmHWM"]

    def _side(self, pid: int, living: Mapping[int, _Stat]) -> Side | None:
        ancestor = pid
        while ancestor in living:
            if ancestor == self._server:
                return "server"
            if ancestor == os.getpid():
                return "managers"
            ancestor = living[ancestor].parent
        return None


@dataclass(frozen=True)
class _Stat:
    parent: int
    started: int


def _living() -> dict[int, _Stat]:
    """proc(5), `stat`: the second field is in brackets and may hold anything, the fourth is the parent, the 22nd the
    start."""
    found: dict[int, _Stat] = {}
    for process in _PROC.glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = process.read_text(errors="replace").rpartition(")")[2].split()
            found[int(process.parent.name)] = _Stat(int(fields[1]), int(fields[19]))
    return found


def _held_mib(pid: int) -> dict[str, float]:
    """proc(5), `status`: what is resident now and was at most. KeyError for a process that has no memory left."""
    lines = (_PROC / str(pid) / "status").read_text(errors="replace").splitlines()
    values = {name: value for name, _, value in (line.partition(":") for line in lines)}
    return {name: int(values[name].split()[0]) * 1024 / _MIB for name in ("VmRSS", "VmHWM")}


def _name(pid: int) -> str:
    """The module that it runs, or its program's name; never a path."""
    words = (_PROC / str(pid) / "cmdline").read_text(errors="replace").split("\0")
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1]
    script = next((word for word in words[1:] if word and not word.startswith("-")), words[0])
    return Path(script).name
