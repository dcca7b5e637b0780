"""The whole script, conducted and lived in real pages at speed; simulated managers fill the other seats."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Error, expect

from tests.browser.house import House, Made
from tests.browser.person import Person, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SPEED = 20


@contextlib.asynccontextmanager
async def filled(house: House, made: Made, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`cosession simulate --fill` beside us, until the session closes or the test fails."""
    command = [sys.executable, "-m", "cosession.cli", "simulate", "--fill", made.links["f"], *options]
    with (house.folder / "simulate.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), 20)


@contextlib.asynccontextmanager
async def taking_turns(*people: Person) -> AsyncIterator[None]:
    """Each of these ends their turn a moment after they got it, by the button that the page shows."""

    async def live(person: Person) -> None:
        while True:
            button = person.page.locator("#role button[data-gesture=end_turn]")
            with contextlib.suppress(Error):  # the turn has passed by itself between the look and the click
                if await button.count() and await button.is_visible():
                    await button.click(timeout=500)
            await asyncio.sleep(0.1)

    tasks = [asyncio.create_task(live(person)) for person in people]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def step_is(person: Person, step: int) -> None:
    """The lead moves on, if the room does not by itself, until `step` runs."""

    async def reached() -> bool:
        if person.step < step:
            with contextlib.suppress(Error):  # the room was quicker than the click
                await person.button("next_step").click(timeout=2000)
        return person.step >= step

    await until(reached, 20, f"step {step}")


async def rests(person: Person, within_s: float = 30) -> None:
    """Everybody has had the floor in this step."""
    await until(lambda: bool(person.view["common"]["now"]["resting"]), within_s, "all turns are done")


async def test_the_whole_script_in_real_pages(house: House, tmp_path: Path) -> None:
    made = await house.make(6, speed=SPEED, deputy=1)
    facilitator, client, consultant = people = await house.enter(made, "f", "p1", "p2")
    async with filled(house, made, "--no-media") as company:
        await until(lambda: all(seat["presence"] == "here" for seat in facilitator.view["common"]["seats"]), 30, "all")
        await conducted(facilitator, client, consultant)
        assert await asyncio.wait_for(company.wait(), 20) == 0
    for person in people:
        await expect(person.page.get_by_role("heading", level=1)).to_be_visible()
        await expect(person.page.locator(f"a[href$='/{person.seat}/after']")).to_be_visible()
    await remains(client, tmp_path, ["mieux déléguer", "Un point par semaine", "Je garde la confiance", "Dire non"])
    await remains(client, tmp_path, ["Montre le résultat attendu", "Qui décide aujourd’hui"])
    await remains(consultant, tmp_path, ["Poser la question avant"])
    checked = await house.verify(made)
    assert checked["replay_equal"] is True
    assert [phase["id"] for phase in checked["phases"]][-1] == "closing"


async def conducted(facilitator: Person, client: Person, consultant: Person) -> None:
    """Phase by phase, by the buttons of the three pages."""
    await facilitator.press("start_session")
    await until(lambda: facilitator.phase == "check_in", what="the first phase")
    planned = allotted(facilitator)
    await facilitator.press_and_confirm("extend_phase")
    await until(lambda: allotted(facilitator) == planned + 60_000, what="one minute more")
    async with taking_turns(client, consultant):
        await step_is(facilitator, 1)
        await rests(facilitator)
    await facilitator.next_phase("topic_choice")

    await client.write("topic", text="Mon adjoint attend que je décide")
    await facilitator.page.locator(".turns li", has_text="Nadia").locator("[data-gesture=grant_floor]").click()
    await until(lambda: facilitator.floor["holder"] == "p1", what="the client has the floor")
    await client.press("end_turn")
    await until(lambda: facilitator.floor["holder"] == "f", what="the floor is back")
    await facilitator.next_phase("problem_statement")

    await client.open_microphone()
    await facilitator.press("pause")
    await expect(client.page.locator(".banners .banner").first).to_be_visible()
    await until(lambda: not facilitator.view["common"]["now"]["countdown"]["running"], what="the clock stands")
    await client.write("headline_question", text="Comment lâcher sans abandonner ?")
    await facilitator.press("resume")
    await until(lambda: bool(facilitator.view["common"]["now"]["countdown"]["running"]), what="the clock runs")
    await facilitator.next_phase("questions")

    async with taking_turns(client):
        await consultant.write("question", text="Qui décide aujourd’hui ?")
        await expect(facilitator.page.get_by_text("Qui décide aujourd’hui").first).to_be_visible()
        await asks(consultant)
        await until(lambda: facilitator.view["console"]["questions"].get("p2", 0) >= 1, what="the question counts")
    await facilitator.next_phase("contract")

    await consultant.write("reformulation", text="Tu aimerais tenir le cap sans tout refaire")
    await client.write("request", text="mieux déléguer les dossiers sensibles", kind="ideas")
    async with taking_turns(consultant):
        await expect(consultant.page.locator(".contract")).to_contain_text("mieux déléguer")
        await step_is(facilitator, 2)
    async with taking_turns(client):
        await consultant.page.locator("[data-capture=can_help] button").click()
        await until(lambda: facilitator.view["console"]["counts"].get("can_help", 0) >= 1, what="somebody can help")
        await step_is(facilitator, 3)
    await facilitator.next_phase("advice")

    hidden = "Montre le résultat attendu, pas le chemin"
    await consultant.write("contribution", kind="idea", text=hidden)
    assert facilitator.step == 0
    await expect(facilitator.page.get_by_text(hidden).first).to_be_visible()
    await expect(client.page.get_by_text(hidden)).to_have_count(0)
    async with taking_turns(consultant, client):
        await until(lambda: "p2" in facilitator.floor["spoken"] or facilitator.step > 0, 30, "the consultant's turn")
        await step_is(facilitator, 1)
        await expect(client.page.get_by_text(hidden).first).to_be_visible()
        await step_is(facilitator, 2)
        await rests(facilitator, 60)
    await facilitator.next_phase("action_plan")

    await client.write("retained", text="Je garde la confiance comme point de départ")
    await client.write("action", what="Un point par semaine avec mon adjoint", first_step="Dire non lundi")
    await step_is(facilitator, 1)
    await expect(consultant.page.get_by_text("Un point par semaine").first).to_be_visible()
    await facilitator.next_phase("learnings")

    await consultant.write("learning", learning="Poser la question avant de répondre")
    async with taking_turns(client, consultant):
        await step_is(facilitator, 1)
        await rests(facilitator)
        await facilitator.next_phase("closing")
        await rests(facilitator)
    await facilitator.press_and_confirm("next_phase")
    await until(lambda: facilitator.view["common"]["status"] == "closed", what="the session is closed")


def allotted(person: Person) -> int:
    phase = next(phase for phase in person.view["common"]["phases"] if phase["status"] == "now")
    return int(phase["allotted_ms"])


async def asks(consultant: Person) -> None:
    """Raise a hand and ask when one's turn comes; a turn that slipped by at this speed is asked for again."""

    async def asked() -> bool:
        if not consultant.own["my_turn"] and "raise_hand" in consultant.own["may"]:
            with contextlib.suppress(Error):
                await consultant.button("raise_hand").click(timeout=1000)
        return consultant.accepted["end_turn"] > before

    before = consultant.accepted["end_turn"]
    async with taking_turns(consultant):
        await until(asked, 40, "the consultant has asked")


async def remains(person: Person, folder: Path, texts: list[str]) -> None:
    """What is theirs afterwards, as a page and as Markdown."""
    if not person.page.url.endswith("/after"):
        await person.page.locator(f"a[href$='/{person.seat}/after']").click()
    async with person.page.expect_download() as coming:
        await person.page.locator("a[href$='/after.md']").click()
    file = folder / f"{person.seat}.md"
    await (await coming.value).save_as(file)
    markdown = file.read_text(encoding="utf-8")
    for text in texts:
        await expect(person.page.locator("article")).to_contain_text(text)
        assert text in markdown
