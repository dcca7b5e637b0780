"""How busy each media worker is: the share of one core between two readings of the CPU time that it has used."""

from __future__ import annotations

from collections.abc import Sequence

from cosession.room.ports import WorkerStats

#: Two readings that are closer together say little: the older one is kept until the next.
APART_S = 1.0


class Load:
    """Remembers the last readings, by process."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[float, float]] = {}
        self._percent: dict[int, float] = {}

    def percent(self, workers: Sequence[WorkerStats], now_s: float) -> dict[int, float | None]:
        """Percent of a core by pid; None until a worker was read twice. `now_s` is any clock that does not jump."""
        alive = {worker.pid for worker in workers}
        self._read = {pid: reading for pid, reading in self._read.items() if pid in alive}
        self._percent = {pid: percent for pid, percent in self._percent.items() if pid in alive}
        for worker in workers:
            before_s, cpu_s = self._read.setdefault(worker.pid, (now_s, worker.cpu_s))
            if now_s - before_s >= APART_S:
                self._percent[worker.pid] = round(100 * (worker.cpu_s - cpu_s) / (now_s - before_s), 1)
                self._read[worker.pid] = now_s, worker.cpu_s
        return {worker.pid: self._percent.get(worker.pid) for worker in workers}
