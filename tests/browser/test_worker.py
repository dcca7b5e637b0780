"""The media worker dies, or hangs, in the middle of a round: pictures and the open voice come again by themselves, and
the script does not notice (faults.md, "media worker SIGKILL or hang")."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import House
from tests.browser.person import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_round_goes_on_without_its_worker(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, how: signal.Signals
) -> None:
    house = await House.open(browser, tmp_path_factory.mktemp("worker"))
    try:
        await lose_the_worker(house, how)
        assert await house.leave() == []
        hung = [line for line in house.errors_logged() if "media.worker_hangs" in line]
        assert house.errors_logged() == hung
        assert len(hung) == (how is signal.SIGSTOP)
    finally:
        await house.close()


async def lose_the_worker(house: House, how: signal.Signals) -> None:
    made = await house.make(2)
    people = lead, client, consultant = await house.enter(made, "f", "p1", "p2")
    await lead.go_to("advice")
    await until(lambda: consultant.floor["holder"] == "p2", what="the consultant's turn")
    await consultant.open_microphone()
    await client.sees(["f", "p2"])

    async def trials_are_over() -> bool:
        return len(await carrying(house)) == 1

    await until(trials_are_over, 30, "only the room has media")  # each lobby tried the way to the media server
    (before,) = await carrying(house)
    sockets = [len(person.sockets) for person in people]

    os.kill(before["pid"], how)

    async def is_carried_again() -> bool:
        return [(w["pid"] != before["pid"], w["connections"]) for w in await carrying(house)] == [(True, 3)]

    await until(is_carried_again, 30, "all three are with a worker that lives")
    for person in people:
        await person.sees([other.seat for other in people if other is not person], within_s=30)
    await client.hears("p2", within_s=30)

    for person in people:
        assert person.phase == "advice"
        assert person.view["common"]["now"]["holds"] == []
    assert consultant.floor["holder"] == "p2"
    await expect(consultant.microphone).to_have_attribute("data-state", "open")
    await expect(client.microphone).to_have_attribute("data-state", "closed")
    assert [len(person.sockets) for person in people] == sockets
    assert (await house.verify(made))["replay_equal"] is True


async def carrying(house: House) -> list[dict[str, Any]]:
    """The workers that have connections."""
    answer = await house.board.request.get(f"{house.ops}/rooms.json")
    return [worker for worker in (await answer.json())["media"] if worker["connections"]]
