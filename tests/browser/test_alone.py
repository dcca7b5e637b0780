"""A script that nobody conducts, in three real pages: the frame is everybody's, and everybody is client once."""

from __future__ import annotations

import contextlib

import pytest
from playwright.async_api import Error, expect

from tests.browser.house import House
from tests.browser.person import Person, until
from tests.browser.test_tour import Tour

pytestmark = pytest.mark.browser

SPEED = 30

#: Counts the notes that a page rings; changes nothing about them.
_COUNT_NOTES = """{
  window.notes = 0;
  const made = AudioContext.prototype.createOscillator;
  AudioContext.prototype.createOscillator = function () { window.notes += 1; return made.call(this); };
}"""


async def test_three_people_take_turns_as_client_and_nobody_conducts(house: House) -> None:
    made = await house.make(3, script="troika-30", facilitator=None, speed=SPEED)
    any_one = await house.seat(made, "p2", script=_COUNT_NOTES)
    await any_one.open()
    await any_one.enter()
    people = {person.seat: person for person in [*await house.enter(made, "p1", "p3"), any_one]}
    tour = Tour()
    await tour.look(any_one.page, "alone")
    await any_one.press("start_session")
    clients: list[str] = []
    notes = 0
    for _ in people:
        await next_until(any_one, "present")
        client = people[client_now(any_one)]
        clients.append(client.seat)
        await expect(client.page.locator(".where .pill.turn")).to_have_text("Vous êtes client")
        await next_until(any_one, "consult")
        await any_one.press("pause")  # so that looking takes no time
        await until(lambda: "pause" in any_one.view["common"]["now"]["holds"], what="the pause")
        await turned_away(client, [person for person in people.values() if person is not client])
        if len(clients) == 1:
            notes = await any_one.page.evaluate("() => window.notes")
            await tour.look(client.page, "turned-away")
        await any_one.press("resume")
        await until(lambda: not any_one.view["common"]["now"]["holds"], what="it goes on")
        await next_until(any_one, "take_away")
    await any_one.press("next_phase")
    for person in people.values():
        await expect(person.page.locator(f"a[href$='/{person.seat}/after']")).to_be_visible()
    assert sorted(clients) == ["p1", "p2", "p3"]
    assert notes >= 2, "the bell at the beginning of the consultation"
    assert (await house.verify(made))["replay_equal"] is True
    assert tour.wrong == []


def client_now(person: Person) -> str:
    phases = person.view["common"]["phases"]
    return str(next(phase["client"] for phase in phases if phase["status"] == "now"))


async def turned_away(client: Person, others: list[Person]) -> None:
    """Neither seen nor heard, and it says so; the others see that somebody listens unseen."""
    await expect(client.page.locator(f".face[data-seat={client.seat}] .shut")).to_be_visible()
    await expect(client.microphone).to_have_attribute("data-state", "closed")
    for other in others:
        await expect(other.page.locator(f".face[data-seat={client.seat}]")).to_contain_text("écoute, sans se montrer")


async def next_until(person: Person, phase: str) -> None:
    """Any member may go on; phases may also end by themselves meanwhile."""

    async def there() -> bool:
        common = person.view["common"]
        if person.phase == phase:
            return True
        here = common["now"]["phase"] if common["now"] else ""
        button = person.button("next_phase")
        if here and await button.count():
            with contextlib.suppress(Error):  # the phase ended by itself between the look and the click
                await button.click(timeout=1000)
                if common["previews"] and any(one["losses"] for one in common["previews"]):
                    await person.page.locator("button[data-confirm=next_phase]").click(timeout=1000)
            await until(lambda: person.view["common"]["now"]["phase"] != here, what=f"the phase after {here}")
        return person.phase == phase

    await until(there, 30, f"phase {phase}")
