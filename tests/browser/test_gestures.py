"""What people and the lead may say and undo beside the script, in real pages: the care pause, the typed turn, the later
end, the step back, the private word (method.md, "Rules that the software holds")."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.browser.house import House, Made
from tests.browser.person import Person, until
from tests.browser.test_tour import Tour

pytestmark = pytest.mark.browser


async def room(house: House) -> tuple[Made, Person, Person, Person]:
    made = await house.make(2)
    facilitator, client, consultant = await house.enter(made, "f", "p1", "p2")
    return made, facilitator, client, consultant


async def for_me(person: Person) -> None:
    """Open « Pour moi »."""
    await person.page.locator("[data-dock=mine]").click()


def more(person: Person) -> Locator:
    """The lead's rarer gestures, folded away."""
    return person.page.locator("section.more details.fold")


async def held(person: Person, cause: str, so: bool = True) -> None:
    await until(
        lambda: (cause in person.view["common"]["now"]["holds"]) is so, what=f"held for {cause}" if so else "goes on"
    )


async def test_a_pause_is_asked_of_the_lead_alone_and_left_with_a_smaller_topic(house: House) -> None:
    _, facilitator, client, consultant = await room(house)
    tour = Tour()
    await facilitator.go_to("problem_statement")
    await client.write("headline_question", text="Comment lâcher sans abandonner ?")
    await expect(consultant.page.get_by_text("Comment lâcher sans abandonner").first).to_be_visible()

    await for_me(consultant)
    await tour.look(consultant.page, "for-me")
    await consultant.press("ask_pause")
    await expect(consultant.page.locator(".banner", has_text="prévenu")).to_be_visible()
    await expect(facilitator.page.locator("[data-card=pause]")).to_contain_text("Karim a besoin d’une pause")
    assert "pause_wanted" not in client.view["common"]
    assert client.view["console"] is None
    assert client.own["pause_asked"] is False
    await tour.look(facilitator.page, "pause-wanted")

    await facilitator.press("care_pause")
    for person in (facilitator, client, consultant):
        await held(person, "care")
    await expect(consultant.page.locator("#role .do")).to_have_text("On souffle un moment. Vous n’avez rien à faire.")
    await expect(consultant.page.get_by_text("Comment lâcher sans abandonner")).to_have_count(0)
    await expect(consultant.microphone).to_have_attribute("data-state", "closed")
    await client.open_microphone()
    for person, name in ((facilitator, "lead"), (client, "client"), (consultant, "consultant")):
        await tour.look(person.page, f"care-{name}")

    await expect(facilitator.page.locator(".exits li")).to_have_count(4)
    await facilitator.press("resume_smaller")
    await held(client, "care", so=False)
    await expect(client.page.locator("#role .do")).to_contain_text("plus petit")
    await until(lambda: client.floor["holder"] == "p1", what="the client has the floor")
    await expect(consultant.page.get_by_text("Comment lâcher sans abandonner").first).to_be_visible()
    assert tour.wrong == []


async def test_a_suspended_session_goes_on_from_where_it_was_and_a_stopped_one_says_no_reason(house: House) -> None:
    _, facilitator, _client, consultant = await room(house)
    await facilitator.go_to("questions")
    await more(facilitator).locator("summary").click()
    await open_care(facilitator)
    await facilitator.press("suspend_session")
    await facilitator.page.locator("[data-confirm=suspend_session]").click()
    await held(consultant, "suspended")
    await expect(consultant.page.locator("#role .do")).to_contain_text("La séance est suspendue")
    await facilitator.press("resume_session")
    await held(consultant, "suspended", so=False)
    assert consultant.phase == "questions"

    await more(facilitator).locator("summary").click()
    await open_care(facilitator)
    await facilitator.press("stop_session")
    await facilitator.page.locator("[data-confirm=stop_session]").click()
    await expect(consultant.page.get_by_role("heading", level=1)).to_have_text("La séance s’arrête ici")


async def open_care(facilitator: Person) -> None:
    await facilitator.press("care_pause")
    await facilitator.page.locator("[data-confirm=care_pause]").click()
    await held(facilitator, "care")


async def test_a_typed_turn_is_written_and_stands_large_for_everybody(house: House) -> None:
    _, facilitator, client, consultant = await room(house)
    tour = Tour()
    await for_me(consultant)
    await consultant.press("choose_typing")
    await until(lambda: bool(consultant.own["typed"]), what="the choice is kept")
    await consultant.page.keyboard.press("Escape")
    await facilitator.press("start_session")
    await until(lambda: facilitator.phase == "check_in", what="the first phase")
    await facilitator.press("next_step")
    await until(lambda: consultant.own["my_turn"], what="the consultant's turn")

    words = "Un peu fatigué, et curieux d’entendre Nadia."
    await consultant.page.locator("#typed-turn").fill(words)
    await tour.look(consultant.page, "typed")
    await consultant.press("type_turn")
    await expect(facilitator.page.locator("#role .do")).to_have_text("Karim a écrit son tour. Lisez-le à voix haute.")
    for person in (facilitator, client):
        await expect(person.page.locator(".typed")).to_contain_text(words)
    await tour.look(client.page, "typed-read")
    await consultant.press("end_turn")
    await expect(client.page.locator(".typed")).to_have_count(0)
    assert tour.wrong == []


async def test_a_later_end_is_refused_by_one_and_nobody_learns_by_whom(house: House) -> None:
    _, facilitator, client, consultant = await room(house)
    tour = Tour()
    await facilitator.go_to("problem_statement")
    ends = facilitator.view["common"]["ends_at_ms"]
    await more(facilitator).locator("summary").click()
    await facilitator.press("move_end")
    await expect(facilitator.page.locator(".confirm")).to_contain_text("La fin passe à")
    await facilitator.page.locator("[data-confirm=move_end]").click()
    await expect(client.page.locator("[data-card=end]")).to_contain_text("Rester 5 min de plus")
    await tour.look(client.page, "later-end")

    await consultant.press("refuse_end")
    await expect(consultant.page.locator(".banner", has_text="personne ne sait que c’est vous")).to_be_visible()
    await expect(facilitator.page.locator(".banner", has_text="quelqu’un ne peut pas rester")).to_be_visible()
    await expect(client.page.locator("[data-card=end]")).to_have_count(0)
    assert facilitator.view["common"]["ends_at_ms"] == ends
    assert tour.wrong == []


async def test_next_is_undone_with_one_click_for_five_seconds(house: House) -> None:
    _, facilitator, _client, consultant = await room(house)
    await facilitator.go_to("problem_statement")
    await facilitator.next_phase("questions")
    await facilitator.press("undo")
    await until(lambda: consultant.phase == "problem_statement", what="the phase before")
    await expect(facilitator.button("undo")).to_have_count(0)


async def test_a_private_word_reaches_one_seat_and_an_answer_the_lead(house: House) -> None:
    _, facilitator, client, consultant = await room(house)
    await facilitator.go_to("problem_statement")
    await facilitator.page.locator(".turns .fold summary").click()
    await facilitator.page.locator("[data-seat-menu=p2]").click()
    await facilitator.press("note_open_question")
    await expect(consultant.page.locator(".ask")).to_contain_text("Reformulez en question ouverte.")
    await expect(client.page.locator(".ask")).to_have_count(0)
    await consultant.press("note_read")
    await expect(consultant.page.locator(".ask")).to_have_count(0)

    await for_me(consultant)
    await consultant.page.locator("#note-line").fill("Je n’entends plus Nadia")
    await consultant.press("send_note")
    await expect(facilitator.page.locator(".ask")).to_contain_text("Je n’entends plus Nadia")
    await expect(facilitator.page.locator(".ask h2")).to_have_text("Karim, en privé")


async def test_a_free_group_that_says_tu_hears_no_vous_and_no_cue(house: House) -> None:
    made = await house.make(2, formality="familiar", guidance="free")
    facilitator, client, consultant = await house.enter(made, "f", "p1", "p2")
    await facilitator.go_to("problem_statement")
    await expect(client.page.locator("#role h2")).to_have_text("C’est à toi")
    await expect(client.page.locator("#role .do")).to_have_text("Tu as la parole, personne ne t’interrompt.")
    await expect(consultant.page.locator("#role .do")).to_have_text("Écoute Nadia.")
    for person in (facilitator, client, consultant):
        await expect(person.page.locator(".cue, .cues, .tile .left")).to_have_count(0)
