"""Pictures that move and voices that are heard, or not, between real browsers (issue: points 4 and 6)."""

from __future__ import annotations

import asyncio

import pytest

from tests.browser.house import House
from tests.browser.person import until

pytestmark = pytest.mark.browser

#: A page that disobeys: its microphone's track stays enabled whatever the script of the page says.
_TAMPERED = """Object.defineProperty(MediaStreamTrack.prototype, 'enabled', {get: () => true, set: () => undefined});"""


#: The second socket, that of the room, opens so many milliseconds late, as behind a slow proxy.
_SLOW = """{
  const Own = window.WebSocket;
  let made = 0;
  window.WebSocket = class extends Own {
    constructor(...given) {
      super(...given);
      this.until = ++made === 2 ? performance.now() + %d : 0;
    }
    get readyState() { return performance.now() < this.until ? Own.CONNECTING : super.readyState; }
    set onopen(told) {
      super.onopen = told && (event => setTimeout(() => told(event), this.until - performance.now()));
    }
  };
}"""


async def test_three_pages_see_each_other_and_a_late_joiner_sees_moving_faces(house: House) -> None:
    made = await house.make(3)
    here = await house.enter(made, "f", "p1", "p2")
    for person in here:
        await person.sees([other.seat for other in here if other is not person])

    (late,) = await house.enter(made, "p3")
    await late.sees(["f", "p1", "p2"], by=1, within_s=5)
    await late.sees_moving(pictures=4, within_s=5)  # three others, and oneself
    for person in here:
        await person.sees(["p3"])


@pytest.mark.parametrize(("late_ms", "offers"), [(400, 1), (3_500, 2)])
async def test_the_offer_is_made_on_the_way_in_and_anew_if_that_was_long(
    house: House, late_ms: int, offers: int
) -> None:
    made = await house.make(2)
    (here,) = await house.enter(made, "f")
    slow = await house.seat(made, "p1", script=_SLOW % late_ms)
    await slow.open()
    await slow.enter()
    await slow.sees(["f"])
    await here.sees(["p1"])
    states = await slow.page.evaluate("() => window.peers.map(pc => pc.connectionState)")
    assert states == ["closed"] * (offers - 1) + ["connected"]


async def test_only_the_hearable_voice_arrives_whatever_a_page_sends(house: House) -> None:
    made = await house.make(3)
    facilitator, client = await house.enter(made, "f", "p1")
    tampered = await house.seat(made, "p2", script=_TAMPERED)
    await tampered.open()
    await tampered.enter()
    (listener,) = await house.enter(made, "p3")
    await facilitator.go_to("problem_statement")
    await client.open_microphone()

    hearing = (facilitator, tampered, listener)
    before = {person.seat: (await person.heard())["slots"]["p1"] for person in hearing}
    sent = (await tampered.heard())["sent"]

    async def heard() -> bool:
        """The client is heard by everybody, and the tampered page has sent meanwhile."""
        now = [(before[person.seat], (await person.heard())["slots"]["p1"]) for person in hearing]
        risen = all(
            new["audio_packets"] - old["audio_packets"] > 50 and new["energy"] > old["energy"] for old, new in now
        )
        return risen and (await tampered.heard())["sent"] - sent > 50

    await until(heard, 15, "the client is heard by all, while the tampered page sends")
    for person in (facilitator, client, listener):
        assert (await person.heard())["slots"]["p2"]["audio_packets"] == 0
        assert (await person.heard())["slots"]["p2"]["energy"] == 0
    assert (await house.rows(made))["p2"]["audio_packets_dropped"] >= 50

    # The floor goes: with the phase, the client's microphone closes, and the next packets stay out within a moment.
    await client.microphone.click()
    await until(lambda: client.own["mic_reason"] == "yours", what="the microphone is closed")
    await asyncio.gather(*(person.page.evaluate("() => new Promise(requestAnimationFrame)") for person in hearing))
    closed = {person.seat: (await person.heard())["slots"]["p1"]["audio_packets"] for person in hearing}
    start = (await tampered.heard())["sent"]

    async def time_passes() -> bool:
        return (await tampered.heard())["sent"] - start > 50

    await until(time_passes, what="a second of packets")
    for person in hearing:
        assert (await person.heard())["slots"]["p1"]["audio_packets"] - closed[person.seat] <= 10
