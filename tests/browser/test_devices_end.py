"""Camera, microphone and connection end with their purpose, and what the browser brings later ends as it comes.

Every track that the page was ever given, its copies included, and every peer connection are counted from before the
page's own scripts run.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import expect

from tests.browser.house import House, Made
from tests.browser.person import Person, until, watched
from tests.browser.test_gestures import held, more, open_care

pytestmark = pytest.mark.browser

WITHIN_S = 2.0

#: Counts questions, tracks and sockets; where `late` is a promise, the browser's question is answered with it.
_COUNT = """{
  window.asked = 0; window.tracks = []; window.opened = [];
  const media = navigator.mediaDevices, ask = media.getUserMedia.bind(media);
  media.getUserMedia = async constraints => {
    window.asked += 1;
    const stream = await ask(constraints);
    await window.late;
    window.tracks.push(...stream.getTracks());
    return stream;
  };
  const clone = MediaStreamTrack.prototype.clone;
  MediaStreamTrack.prototype.clone = function () {
    const copied = clone.call(this);
    window.tracks.push(copied);
    return copied;
  };
  const Own = window.WebSocket;
  window.WebSocket = class extends Own {
    constructor(...given) { super(...given); window.opened.push(this); }
  };
}"""
_LATE = _COUNT + "window.late = new Promise(answer => window.answer = answer);"
_ON = """() => [
  window.tracks.filter(track => track.readyState === 'live').length,
  window.peers.filter(peer => peer.connectionState !== 'closed').length,
]"""


async def on(person: Person) -> list[int]:
    """Tracks that are live, peer connections that are open."""
    found: list[int] = await person.page.evaluate(_ON)
    return found


async def asked(person: Person) -> int:
    return int(await person.page.evaluate("window.asked"))


async def ends(*people: Person, after_s: float | None = None) -> None:
    """Of nobody is anything on any more, within two seconds; and it stays so."""
    since_s = time.monotonic() if after_s is None else after_s
    for person in people:
        await until(lambda person=person: over(person), since_s + WITHIN_S - time.monotonic(), f"{person.seat} is off")  # type: ignore[misc]
    await people[0].page.wait_for_timeout(1500)
    for person in people:
        assert await on(person) == [0, 0]


async def over(person: Person) -> bool:
    return await on(person) == [0, 0]


async def is_on(person: Person, connected: int = 1) -> None:
    async def so() -> bool:
        tracks, peers = await on(person)
        return tracks >= 2 and peers == connected

    await until(so, what=f"camera and microphone of {person.seat} are on")


async def in_the_room(house: House, *seats: str, script: str = _COUNT) -> tuple[Made, list[Person]]:
    made = await house.make(2)
    people = []
    for seat in seats:
        person = await house.seat(made, seat, script=script)
        await person.open()
        await person.enter()
        people.append(person)
    return made, people


async def closed(house: House, made: Made, lead: Person, guest: Person) -> None:
    await lead.go_to("closing")
    await lead.press_and_confirm("next_phase")


async def stopped(house: House, made: Made, lead: Person, guest: Person) -> None:
    await lead.go_to("problem_statement")
    await more(lead).locator("summary").click()
    await open_care(lead)
    await lead.press("stop_session")
    await lead.page.locator("[data-confirm=stop_session]").click()


async def suspended(house: House, made: Made, lead: Person, guest: Person) -> None:
    await lead.go_to("problem_statement")
    await more(lead).locator("summary").click()
    await open_care(lead)
    await lead.press("suspend_session")
    await lead.page.locator("[data-confirm=suspend_session]").click()


async def moved(house: House, made: Made, lead: Person, guest: Person) -> None:
    second = await watched(guest.page.context, guest.seat, sorted(made.links), guest.link)
    await second.open()
    await second.page.locator("[data-gesture=enter]").click()


async def revoked(house: House, made: Made, lead: Person, guest: Person) -> None:
    office = await house.office.new_page()
    office.on("dialog", lambda dialog: dialog.accept())
    await office.goto(made.page)
    await office.locator(f"form[action$='/{guest.seat}/revoke'] button").click()
    await expect(office.locator(f"#{guest.seat} .pill.stop")).to_be_visible()  # a page that is asking may not close
    await office.close()


async def left(house: House, made: Made, lead: Person, guest: Person) -> None:
    await guest.page.locator("co-confirm.leave button").click()
    await guest.page.locator("co-confirm.leave .confirm button:not([data-no])").click()


def refused(code: int) -> Callable[[House, Made, Person, Person], Awaitable[None]]:
    async def close(house: House, made: Made, lead: Person, guest: Person) -> None:
        await guest.page.evaluate("code => window.opened.at(-1).dispatchEvent(new CloseEvent('close', {code}))", code)

    return close


_ENDS: dict[str, Callable[[House, Made, Person, Person], Awaitable[None]]] = {
    "closed": closed,
    "stopped": stopped,
    "suspended": suspended,
    "moved": moved,
    "revoked": revoked,
    "left": left,
    "signed out": refused(4401),
    "unknown": refused(4404),
}


@pytest.mark.parametrize("how", _ENDS)
async def test_nothing_is_on_once_its_purpose_is_over(house: House, how: str) -> None:
    made, (lead, guest) = await in_the_room(house, "f", "p1")
    await is_on(guest)
    await guest.page.locator("co-settings button").first.click()  # the level is measured on a copy
    await until(lambda: copied(guest), what="a copy of the microphone's track")
    await guest.page.keyboard.press("Escape")
    await _ENDS[how](house, made, lead, guest)
    await ends(guest)
    if how in ("closed", "stopped", "suspended"):
        await ends(lead)


async def copied(person: Person) -> bool:
    return int(await person.page.evaluate("window.tracks.length")) >= 3


@pytest.mark.parametrize("how", _ENDS)
async def test_a_question_that_is_answered_too_late_turns_nothing_on(house: House, how: str) -> None:
    made, (lead,) = await in_the_room(house, "f")
    guest = await house.seat(made, "p1", script=_LATE)
    await guest.open()
    await guest.enter()
    assert await asked(guest) == 1
    await _ENDS[how](house, made, lead, guest)
    await until(lambda: no_connection(guest), WITHIN_S, "the connection is closed")
    await guest.page.evaluate("window.answer()")
    await until(lambda: given(guest), what="the browser has answered")
    await ends(guest)
    assert await asked(guest) == 1, "nobody is asked again for nothing"


async def no_connection(person: Person) -> bool:
    return (await on(person))[1] == 0


async def given(person: Person) -> bool:
    return bool(await person.page.evaluate("window.tracks.length > 0"))


async def test_who_comes_back_is_asked_anew_and_is_seen(house: House) -> None:
    made, (lead, guest) = await in_the_room(house, "f", "p1")
    await is_on(guest)
    second = await watched(guest.page.context, "p1", sorted(made.links), made.links["p1"])
    await second.open()
    await second.enter()
    await expect(guest.page.get_by_role("heading", name="Vous êtes ailleurs")).to_be_visible()
    await ends(guest)
    before = await asked(guest)

    await guest.press("come-back")
    await guest.is_in()
    await is_on(guest)
    assert await asked(guest) == before + 1
    await lead.sees(["p1"])
    await guest.sees(["f"])
    await ends(second)


async def test_a_suspended_session_that_goes_on_is_seen_and_heard_again(house: House) -> None:
    made, (lead, guest) = await in_the_room(house, "f", "p1")
    await is_on(guest)
    await suspended(house, made, lead, guest)
    await held(guest, "suspended")
    await ends(lead, guest)
    await expect(guest.page.locator("[data-dock=camera], co-settings")).to_have_count(0)
    await expect(guest.microphone).to_have_attribute("data-state", "closed")

    await lead.press("resume_session")
    await held(guest, "suspended", so=False)
    await is_on(guest)
    await lead.sees(["p1"])
    await guest.sees(["f"])


async def test_a_page_that_one_has_gone_from_keeps_nothing_on(house: House) -> None:
    """What a page that is hidden for good still has on is written down by itself, last of all."""
    _, (lead, guest) = await in_the_room(house, "f", "p1")
    await is_on(guest)
    await guest.page.evaluate(f"() => addEventListener('pagehide', () => localStorage.setItem('on', ({_ON})().join()))")
    address = guest.page.url
    await guest.page.goto(address.rpartition("/s/")[0] + "/assets/none")
    await guest.page.go_back()
    assert await guest.page.evaluate("localStorage.getItem('on')") == "0,0"
    await is_on(guest)
    await lead.sees(["p1"])
