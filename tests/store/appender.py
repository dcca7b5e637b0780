"""A process that appends until it is killed, and prints each number it was told is on disk. Not a test."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from cosession.room.ports import Record
from cosession.store.eventlog import SqliteEventLog


async def append_for_ever(path: Path, master_key: bytes, rooms: int) -> None:
    log = SqliteEventLog.open(path, master_key)

    async def room(session: str) -> None:
        seq = len(await log.read(session))
        while True:
            written = [Record("advice_given", seq, {"n": seq}, {"text": f"texte {seq}"}, "seat-1")] * 2
            seq = (await log.append(session, seq, written, ("seat-1", f"c{seq}")))[-1].seq
            sys.stdout.write(f"{session} {seq}\n")
            sys.stdout.flush()

    await asyncio.gather(*(room(f"room-{n}") for n in range(rooms)))


if __name__ == "__main__":
    asyncio.run(append_for_ever(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), rooms=4))
