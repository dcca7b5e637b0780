"""Half a sentence is nobody's contribution: whatever happens while somebody types, every character is in the field, in
a draft or in what was handed in, the caret stays where it was, and nobody reads a part of it.

Typed as a person does: 79 characters, 60 ms each; what happens, happens after 25 of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.browser.house import NARROW, WIDE, House, Made
from tests.browser.person import Person, until
from tests.browser.test_gestures import for_me, held, more

pytestmark = pytest.mark.browser

SENTENCE = "Et si tu demandais à Paul, devant tout le monde, ce qui le retient de décider ?"
BEGUN = SENTENCE[:10]

#: The network goes and comes back by the test's word: `cut`.
_CUT = """{
  const Own = window.WebSocket;
  window.opened = [];
  window.WebSocket = class extends Own {
    constructor(address) { super(window.cut ? address + '/nowhere' : address); window.opened.push(this); }
  };
}"""
#: Where the caret was, each time it went somewhere else.
_WATCH = """() => {
  window.carets = [];
  const look = () => {
    const at = document.activeElement;
    const name = at.id || at.className || at.tagName;
    if (window.carets.at(-1) !== name) window.carets.push(name);
    requestAnimationFrame(look);
  };
  look();
}"""


class Reader:
    """Everything that is sent to a person from now on, as text."""

    def __init__(self, person: Person) -> None:
        self.frames: list[str] = []
        person.sockets[-1].on("framereceived", lambda payload: self.frames.append(str(payload)))

    def read(self) -> set[bool]:
        """Of the sentence nothing (empty), a part (False), the whole (True)."""
        return {SENTENCE in frame for frame in self.frames if BEGUN in frame}


async def ask(person: Person, **command: Any) -> None:
    """A gesture of the page, without looking for its button."""
    done = await person.page.evaluate("command => document.querySelector('co-app').room.ask(command)", command)
    assert done["ok"], done


def phase(person: Person) -> str:
    return str(person.view["common"]["now"]["phase"])


async def next_phase(lead: Person) -> None:
    await ask(lead, type="next_phase", phase=phase(lead), losing=["minimum", "empty"])


async def next_step(lead: Person) -> None:
    await ask(lead, type="next_step", phase=phase(lead), step=lead.step)


async def skip(lead: Person) -> None:
    await ask(lead, type="skip_phase", phase=phase(lead))


async def close(lead: Person) -> None:
    await ask(lead, type="close_session", losing=["minimum", "empty"])


async def stop(lead: Person) -> None:
    await ask(lead, type="care_pause")
    await ask(lead, type="stop_session")


async def types(field: Locator, text: str = SENTENCE, after: int = 25, then: Awaitable[object] | None = None) -> None:
    """Type into a field; what happens, happens after so many characters, while the typing goes on."""
    page = field.page
    await field.click()
    await page.evaluate(_WATCH)
    before = len(await field.input_value())
    typing = asyncio.create_task(page.keyboard.type(text, delay=60))
    await until(lambda: typed(field, before + after), what="the beginning is typed")
    if then is not None:
        await then
    await typing


async def typed(field: Locator, least: int) -> bool:
    return len(await field.input_value()) >= least


async def carets(person: Person) -> list[str]:
    found: list[str] = await person.page.evaluate("window.carets")
    return found


async def room(house: House, phase: str, **more: Any) -> tuple[Made, Person, Person, Person]:
    made = await house.make(2, **more)
    lead, client, writer = await house.enter(made, "f", "p1", "p2")
    await lead.go_to(phase)
    return made, lead, client, writer


async def handed_in(person: Person, capture: str) -> None:
    """The form says so where the focus is, and goes when one turns to something else."""
    await expect(person.form(capture)).to_have_attribute("data-fate", "closed")
    await expect(person.form(capture).locator(".fate")).to_be_focused()
    await person.page.locator("#role").click()
    await expect(person.form(capture)).to_have_count(0)


def field(person: Person, capture: str, name: str = "text") -> Locator:
    return person.page.locator(f"#write-{capture}-{name}")


_ENDS: dict[str, tuple[str, str, str, Callable[[Person], Awaitable[None]]]] = {
    "next phase": ("questions", "p2", "question", next_phase),
    "into silent writing, another arrangement": ("questions", "p1", "answer", next_phase),
    "next step, the reveal": ("contract", "p2", "reformulation", next_step),
    "skipped": ("topic_choice", "p1", "topic", skip),
    "closed": ("questions", "p2", "question", close),
    "stopped": ("questions", "p2", "question", stop),
}


@pytest.mark.parametrize("how", _ENDS)
async def test_an_end_leaves_the_sentence_open_and_shows_no_part_of_it(house: House, how: str) -> None:
    where, seat, capture, end = _ENDS[how]
    _, lead, client, consultant = await room(house, where)
    writer, other = (client, consultant) if seat == "p1" else (consultant, client)
    readers = [Reader(lead), Reader(other)]
    text = field(writer, capture)
    await types(text, then=end(lead))
    await expect(text).to_have_value(SENTENCE)
    await expect(text).to_be_focused()
    assert await carets(writer) == [f"write-{capture}-text"], "the caret has never been elsewhere"
    await expect(writer.form(capture)).to_have_attribute("data-fate", "open")
    await expect(writer.form(capture).locator(".fate")).to_contain_text("encore")
    assert [reader.read() for reader in readers] == [set(), set()]

    await writer.form(capture).locator("[data-gesture=hand_in]").click()
    await until(lambda: writer.accepted["submit_capture"] == 1, what="it is handed in")
    if how not in ("closed", "stopped"):
        await handed_in(writer, capture)
    assert False not in readers[0].read() | readers[1].read()
    if how in ("closed", "stopped"):
        await expect(writer.page.locator(".screen h1")).to_be_focused()


async def test_at_the_end_of_the_stated_time_the_page_hands_in_what_stands_there(house: House) -> None:
    _, lead, client, writer = await room(house, "contract")
    reader = Reader(client)
    text = field(writer, "reformulation")
    await types(text, then=next_step(lead))
    await expect(text).to_have_value(SENTENCE)
    await expect(writer.form("reformulation")).to_have_attribute("data-fate", "closed", timeout=25_000)
    await expect(writer.form("reformulation").locator(".fate")).to_be_focused()
    await expect(writer.form("reformulation").locator(".fate")).to_contain_text("votre texte est remis")
    await expect(client.page.get_by_text(SENTENCE)).to_be_visible()
    assert reader.read() == {True}
    await writer.page.locator("#role").click()
    await expect(writer.form("reformulation")).to_have_count(0)


async def test_an_end_that_comes_by_itself_does_not_hand_in_half_a_sentence(house: House) -> None:
    _, _lead, client, writer = await room(house, "contract", speed=10)
    reader = Reader(client)
    text = field(writer, "reformulation")
    await until(lambda: writer.phase == "contract" and writer.step == 0, what="the silent writing")
    left_s = writer.view["common"]["now"]["step_countdown"]["left_ms"] / 10_000
    await asyncio.sleep(max(0, left_s - 3))
    await types(text)
    await until(lambda: writer.step == 1, what="the silent writing is over")
    await expect(text).to_have_value(SENTENCE)
    assert await carets(writer) == ["write-reformulation-text"]
    assert reader.read() == set()
    await writer.form("reformulation").locator("[data-gesture=hand_in]").click()
    await until(lambda: reader.read() == {True}, what="it is handed in")


@pytest.mark.parametrize("cause", ["care", "suspended"])
async def test_a_pause_lets_one_finish_and_nobody_reads_it(house: House, cause: str) -> None:
    _, lead, client, writer = await room(house, "questions")
    reader = Reader(client)
    text = field(writer, "question")
    begin, end = ("care_pause", "resume") if cause == "care" else ("suspend_session", "resume_session")
    await types(text, then=ask(lead, type=begin))
    await held(writer, cause)
    await expect(text).to_have_value(SENTENCE)
    assert await carets(writer) == ["write-question-text"]
    await expect(writer.form("question").locator(".fate")).to_contain_text("en pause")
    await ask(lead, type=end)
    await held(writer, cause, so=False)
    await expect(text).to_have_value(SENTENCE)
    await expect(text).to_be_focused()
    assert reader.read() == set()
    await writer.form("question").locator("footer button").click()
    await until(lambda: reader.read() == {True}, what="it is handed in")


@pytest.mark.parametrize("from_to", [(WIDE, NARROW), (NARROW, WIDE)], ids=["narrower", "wider"])
async def test_another_width_and_another_arrangement_leave_the_caret_alone(house: House, from_to: Any) -> None:
    _, lead, _client, writer = await room(house, "questions")
    await writer.page.set_viewport_size(from_to[0])
    text = field(writer, "question")

    async def turn() -> None:
        await writer.page.set_viewport_size(from_to[1])
        await ask(lead, type="pause")
        await ask(lead, type="resume")

    await types(text, then=turn())
    await expect(text).to_have_value(SENTENCE)
    assert await carets(writer) == ["write-question-text"]


async def test_an_open_input_method_is_not_closed_by_the_end(house: House) -> None:
    _, lead, client, writer = await room(house, "questions")
    reader = Reader(client)
    text = field(writer, "question")
    await text.click()
    await writer.page.keyboard.type(SENTENCE[:25], delay=30)
    await writer.page.evaluate(
        "() => { window.ended = 0; document.addEventListener('compositionend', () => (window.ended += 1)); }"
    )
    keys = await writer.page.context.new_cdp_session(writer.page)
    open_ = SENTENCE[25:31]
    await keys.send(
        "Input.imeSetComposition", {"text": open_, "selectionStart": len(open_), "selectionEnd": len(open_)}
    )
    await asyncio.sleep(2.5)  # thinking over a candidate: no key is pressed
    await next_phase(lead)
    await expect(writer.form("question")).to_have_attribute("data-fate", "open")
    assert await writer.page.evaluate("window.ended") == 0
    await keys.send("Input.insertText", {"text": open_})
    await writer.page.keyboard.type(SENTENCE[31:], delay=30)
    await expect(text).to_have_value(SENTENCE)
    await expect(text).to_be_focused()
    assert reader.read() == set()


@pytest.mark.parametrize("before", [0, 12], ids=["nothing was saved yet", "a part was saved"])
async def test_what_was_typed_without_a_network_is_finished_and_handed_in(house: House, before: int) -> None:
    made = await house.make(2)
    lead, client = await house.enter(made, "f", "p1")
    writer = await house.seat(made, "p2", script=_CUT)
    await writer.open()
    await writer.enter()
    await lead.go_to("questions")
    await until(lambda: writer.phase == "questions", what="the questions")
    reader = Reader(client)
    text = field(writer, "question")
    await text.click()
    await writer.page.keyboard.type(SENTENCE[:before], delay=60)
    await writer.page.evaluate("() => { window.cut = true; window.opened.at(-1).close(); }")
    await types(text, SENTENCE[before:], after=13, then=next_phase(lead))
    await asyncio.sleep(3)  # its author has stopped, and nobody could tell the server
    assert reader.read() == set()
    await writer.page.evaluate("() => { window.cut = false; }")
    await until(lambda: writer.phase == "contract", what="back")
    await expect(text).to_have_value(SENTENCE)
    await expect(text).to_be_focused()
    assert await carets(writer) == ["write-question-text"]
    await expect(writer.form("question")).to_have_attribute("data-fate", "open")
    await writer.form("question").locator("[data-gesture=hand_in]").click()
    await handed_in(writer, "question")
    assert False not in reader.read()


async def test_a_reload_in_the_middle_loses_no_character(house: House) -> None:
    _, lead, client, writer = await room(house, "questions")
    reader = Reader(client)
    text = field(writer, "question")
    await text.click()
    await writer.page.keyboard.type(SENTENCE[:40], delay=60)
    await next_phase(lead)
    await writer.page.reload()
    await writer.is_in()
    await expect(text).to_have_value(SENTENCE[:40])
    await types(text, SENTENCE[40:], after=5)
    await expect(text).to_have_value(SENTENCE)
    await writer.form("question").locator("[data-gesture=hand_in]").click()
    await handed_in(writer, "question")
    assert False not in reader.read()


async def test_a_sentence_that_had_stopped_is_handed_in_and_can_still_be_gone_on_with(house: House) -> None:
    _, lead, client, writer = await room(house, "contract")
    text = field(writer, "reformulation")
    await text.click()
    await writer.page.keyboard.type(SENTENCE[:25], delay=60)
    await asyncio.sleep(3)
    await writer.page.evaluate(_WATCH)
    await next_step(lead)
    await expect(writer.form("reformulation")).to_have_attribute("data-fate", "sent")
    await expect(client.page.get_by_text(SENTENCE[:25])).to_be_visible()
    await writer.page.keyboard.type(SENTENCE[25:], delay=60)
    assert await carets(writer) == ["write-reformulation-text"]
    await expect(writer.form("reformulation")).to_have_attribute("data-fate", "open")
    await writer.form("reformulation").locator("[data-gesture=hand_in]").click()
    await expect(client.page.get_by_text(SENTENCE)).to_be_visible()


async def test_what_one_began_in_the_lobby_stays_when_the_session_starts(house: House) -> None:
    made = await house.make(2)
    (lead,) = await house.enter(made, "f")
    writer = await house.guest(made, "p2")
    text = field(writer, "intention")
    await types(text, then=ask(lead, type="start_session"))
    await expect(text).to_have_value(SENTENCE)
    assert await carets(writer) == ["write-intention-text"]
    await writer.form("intention").locator("[data-gesture=hand_in]").click()
    await until(lambda: any(SENTENCE in one["fields"].values() for one in writer.own["captures"]), what="it is kept")


async def test_a_typed_turn_that_is_over_keeps_its_words_for_the_next(house: House) -> None:
    made = await house.make(2)
    lead, client, writer = await house.enter(made, "f", "p1", "p2")
    await ask(writer, type="choose_typing", typed=True)
    await lead.go_to("advice")
    await until(lambda: bool(writer.own["my_turn"]), what="the turn")
    reader = Reader(client)
    text = writer.page.locator("#typed-turn")
    await types(text, then=next_phase(lead))
    await expect(text).to_have_value(SENTENCE)
    assert await carets(writer) == ["typed-turn"]
    await expect(writer.page.locator(".typed-turn .fate")).to_contain_text("Votre tour est fini")
    await writer.page.locator("#role").click()
    await expect(text).to_have_count(0)
    await writer.page.reload()
    await writer.is_in()
    await lead.go_to("learnings")
    await next_step(lead)
    await until(lambda: bool(writer.own["my_turn"]), 20, what="the next turn")
    await expect(text).to_have_value(SENTENCE)
    assert reader.read() == set()


async def test_a_private_word_stays_in_its_field_whatever_the_room_does(house: House) -> None:
    _, lead, _client, writer = await room(house, "questions")
    await for_me(writer)
    text = writer.page.locator("#note-line")
    await types(text, then=next_phase(lead))
    await expect(text).to_have_value(SENTENCE)
    assert await carets(writer) == ["note-line"]
    await writer.press("send_note")
    await expect(lead.page.locator(".ask")).to_contain_text(SENTENCE)

    await lead.page.locator("[data-seat-menu=p2]").first.click()
    to_seat = lead.page.locator("co-seat-gestures input.input")
    await types(to_seat, then=close(lead))
    await expect(to_seat).to_have_value(SENTENCE)
    await expect(to_seat).to_be_focused()
    assert await carets(lead) == ["input"]


async def test_a_wording_of_the_charter_stays_in_its_field_too(house: House) -> None:
    _, lead, _client, _writer = await room(house, "check_in")
    await more(lead).locator("summary").click()
    await lead.press("charter_wording")
    text = lead.page.locator("#wording")
    await text.fill("")
    await types(text, then=next_phase(lead))
    await expect(text).to_have_value(SENTENCE)
    assert await carets(lead) == ["wording"]
    await lead.page.reload()
    await lead.is_in()
    await more(lead).locator("summary").click()
    await lead.press("charter_wording")
    await expect(text).to_have_value(SENTENCE)
