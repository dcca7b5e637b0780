"""A room that everybody left is no alarm on the operators' board for ever.

Source: found in use, "Rehearsals that were left stand on the operators' board as rooms in trouble for ever".
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cosession.core.commands import StartSession
from cosession.ops.board import LEFT_MS, row
from tests.room.bench import Bench


@pytest.mark.parametrize("speed", [1, 10])
async def test_a_room_that_was_left_is_calm_after_half_an_hour(tmp_path: Path, speed: int) -> None:
    bench = Bench(tmp_path / "cosession.db")
    room = await bench.room(speed=speed)
    pages = await bench.everyone(room)
    await pages["f"].ask(StartSession())
    for page in pages.values():
        await page.gone()
    await bench.passes(10_000)
    assert row(room, []).grade == "bad", "at first somebody may need help"
    bench.clock.now_ms += LEFT_MS
    assert (row(room, []).grade, row(room, []).trouble) == ("ok", "left")
    await bench.page(room, "p1", tab="tab-of-p1-again")
    assert row(room, []).trouble != "left", "somebody is back"
    await bench.close()
