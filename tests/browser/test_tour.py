"""Every page, as a person with a keyboard, a screen reader or a phone meets it; in French, from one lived session.

At each stop, wide and narrow: axe finds nothing serious, nothing has to be scrolled sideways, and with COSESSION_SHOTS
set to a folder a picture is kept there for people to look at, of more moments, with everybody's pictures moving.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.house import NARROW, WIDE, House
from tests.browser.person import Person, until
from tests.browser.test_played import filled, step_is

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_AXE = Path("web/node_modules/axe-core/axe.min.js")
_JUDGE = """async () => (await axe.run(document, {resultTypes: ['violations'],
  runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations
  .filter(v => ['serious', 'critical'].includes(v.impact))
  .map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | ')}`)"""


class Tour:
    """Looks at pages and collects what is wrong with them, so that one walk names everything."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.shots = os.environ.get("COSESSION_SHOTS")
        self._axe = _AXE.read_text(encoding="utf-8")

    async def look(self, page: Page, name: str) -> None:
        """Wide and narrow. The page is wide again afterwards."""
        for size, words in ((NARROW, "narrow"), (WIDE, "wide")):
            await page.set_viewport_size(size)
            await page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            over = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
            if over > 0:
                self.wrong.append(f"{name}, {words}: {over} px wider than the screen")
            await page.evaluate(self._axe)
            self.wrong += [f"{name}, {words}: {found}" for found in await page.evaluate(_JUDGE)]
            if self.shots:
                await page.screenshot(path=Path(self.shots) / f"{name}-{words}.png")  # makes the folder too


@pytest.mark.timeout(600)  # with pictures for people it looks three times as often
async def test_every_page_can_be_read_by_everyone(house: House) -> None:
    tour = Tour()
    await the_office(house, tour)
    made = await house.make(8, number=8, previous_client=4, deputy=1, timekeeper=2, scribe=3)
    people = facilitator, client, consultant = [await house.guest(made, seat) for seat in ("f", "p1", "p2")]
    await until(lambda: "common" in client.view, what="the lobby")
    await tour.look(client.page, "lobby")
    for person in people:
        await person.enter()
    async with filled(house, made, "--media" if tour.shots else "--no-media"):
        await until(lambda: all(seat["presence"] == "here" for seat in client.view["common"]["seats"]), 30, "all")
        if tour.shots:
            await client.sees([seat for seat in made.links if seat != "p1"], by=1, within_s=60)
            await tour.look(facilitator.page, "console-lobby")
            await tour.look(client.page, "room-lobby")
        await the_session(tour, facilitator, client, consultant)
        await board(house, tour)
        await page_of(house, tour, made.page, "session")
        await facilitator.go_to("closing")
        await facilitator.press_and_confirm("next_phase")
        await until(lambda: facilitator.view["common"]["status"] == "closed", what="the session is closed")
    for person, name in ((client, "client"), (consultant, "consultant"), (facilitator, "facilitator")):
        after = person.page.locator(f"a[href$='/{person.seat}/after']")
        await expect(after).to_be_visible(timeout=30_000)  # a text that was begun stays open for 20 s
        await tour.look(person.page, f"farewell-{name}")
        await person.page.goto(f"{house.url}/s/{made.session}/{person.seat}/after")
        await tour.look(person.page, f"after-{name}")
    await page_of(house, tour, house.url, "sessions")
    assert tour.wrong == []


async def the_office(house: House, tour: Tour) -> None:
    stranger = await house.browser.new_context(locale="fr-FR")
    page = await stranger.new_page()
    for path, name in (("/", "sign-in"), ("/check", "check"), ("/j/abc.p1.def", "link-unknown")):
        await page.goto(house.url + path)
        await tour.look(page, name)
    await page.goto(house.ops)
    await tour.look(page, "ops-sign-in")
    await stranger.close()
    await page_of(house, tour, house.url, "sessions-none")
    await page_of(house, tour, f"{house.url}/sessions/new", "new-session")


async def page_of(house: House, tour: Tour, address: str, name: str) -> None:
    await visit(house.office, tour, address, name)


async def board(house: House, tour: Tour) -> None:
    await visit(house.board, tour, house.ops, "ops")


async def visit(context: BrowserContext, tour: Tour, address: str, name: str) -> None:
    page = await context.new_page()
    answer = await page.goto(address)
    assert answer is not None
    assert answer.status == 200
    await tour.look(page, name)
    await page.close()


async def the_session(tour: Tour, facilitator: Person, client: Person, consultant: Person) -> None:
    """The moments that differ: a round, a preview, a statement, questions, writing, advice, the plan."""

    async def all_of(name: str, *judged: str) -> None:
        for person, who in ((client, "client"), (consultant, "consultant"), (facilitator, "console")):
            if tour.shots or who in judged:
                await tour.look(person.page, f"{name}-{who}")

    await facilitator.go_to("follow_up")
    await facilitator.press("extend_phase")
    await expect(facilitator.page.locator("section.preview")).to_be_visible()
    await tour.look(facilitator.page, "console-preview")
    await facilitator.page.locator("section.preview button.bare").click()
    await facilitator.go_to("topic_choice")
    await client.write("topic", text="Mon adjoint attend que je décide à sa place")
    await facilitator.go_to("problem_statement")
    await client.open_microphone()
    await client.write("headline_question", text="Comment lâcher sans abandonner ?")
    await all_of("statement")
    await facilitator.go_to("questions")
    await consultant.write("question", text="Qu’as-tu déjà essayé quand il revient vers toi ?")
    await consultant.press("raise_hand")
    await until(lambda: bool(consultant.floor["holder"]), what="the floor is held")
    await all_of("questions", "client", "consultant", "console")
    await facilitator.go_to("contract")
    await consultant.type("reformulation", text="Tu aimerais tenir le cap sans tout refaire toi-même")
    await all_of("writing", "consultant")
    await client.write("request", text="mieux déléguer les dossiers sensibles, sans y revenir", kind="ideas")
    await step_is(facilitator, 2)
    await all_of("request")
    await facilitator.go_to("advice")
    await consultant.open_microphone()
    await consultant.write("contribution", kind="idea", text="Dis le résultat attendu et la date, jamais le chemin")
    await client.type("private_note", text="Le résultat, pas le chemin")
    await all_of("advice", "client")
    await facilitator.press("pause")
    await until(lambda: not client.view["common"]["now"]["countdown"]["running"], what="the clock stands")
    await all_of("pause")
    await facilitator.press("resume")
    await facilitator.go_to("action_plan")
    await client.write("retained", text="La confiance d’abord, le contrôle ensuite")
    await client.write("action", what="Un point par semaine avec mon adjoint", first_step="L’inviter lundi")
    await all_of("plan")
    await facilitator.go_to("learnings")
    await consultant.write("learning", learning="Poser la question avant de répondre")
    await client.write("learning", learning="Je confonds aider et faire")
    await all_of("learnings")


async def test_the_keyboard_alone_is_enough(house: House) -> None:
    made = await house.make(2)
    facilitator, _ = await house.enter(made, "f", "p1")
    person = await house.guest(made, "p2")
    await tab_to(person.page, "[data-gesture=enter]")
    await person.page.keyboard.press("Enter")
    await person.is_in()
    await facilitator.go_to("questions")

    await expect(person.button("raise_hand")).to_be_visible()
    await tab_to(person.page, "[data-gesture=raise_hand]")
    await person.page.keyboard.press("Enter")
    await until(lambda: facilitator.floor["holder"] == "p2", what="the hand is served")
    await expect(person.button("end_turn")).to_be_visible()
    await tab_to(person.page, "[data-gesture=end_turn]")
    await person.page.keyboard.press("Enter")
    await until(lambda: facilitator.floor["holder"] == "p1", what="the question is asked, the client answers")


async def tab_to(page: Page, selector: str, at_most: int = 60) -> None:
    """Press Tab until the focus is there, and is seen to be there."""
    passed: list[Any] = []
    for _ in range(at_most):
        await page.keyboard.press("Tab")
        found = await page.evaluate(
            """selector => {
              const here = document.activeElement;
              const style = getComputedStyle(here);
              return {there: here.matches(selector), shown: style.outlineStyle !== 'none' || style.boxShadow !== 'none',
                      is: here.outerHTML.slice(0, 80)};
            }""",
            selector,
        )
        if found["there"]:
            assert found["shown"], "the focus cannot be seen"
            return
        passed.append(found["is"])
    pytest.fail(f"Tab never reached {selector}: {passed}")
