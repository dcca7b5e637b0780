"""What a process has cost so far, from outside it: Linux' own accounts under /proc."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path


def seconds(pids: Iterable[int]) -> float:
    """CPU seconds of these processes with all their living threads, user and system together.

    In nanoseconds where the kernel keeps scheduler statistics, else in its ticks of usually 10 ms. Raises
    ProcessLookupError if one of them is gone.
    """
    return sum(_seconds(pid) for pid in pids)


def _seconds(pid: int) -> float:
    process = Path(f"/proc/{pid}")
    if not process.is_dir():
        raise ProcessLookupError(f"process {pid} is gone")
    total_ns = 0
    for thread in process.glob("task/*/schedstat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # the thread has just ended
            total_ns += int(thread.read_text().split()[0])
    if total_ns:
        return total_ns / 1e9
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def parent(pid: int) -> int:
    """The process that started this one. Raises `FileNotFoundError` if it is gone."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def load() -> float:
    """The machine's load average of the last minute: whether others were at work too."""
    return os.getloadavg()[0]
