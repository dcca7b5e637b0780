"""Pictures that move and voices that are heard, or not, between real browsers."""

from __future__ import annotations

import asyncio

import pytest

from tests.browser.house import House
from tests.browser.person import until

pytestmark = pytest.mark.browser

#: A page that disobeys: its microphone's track stays enabled whatever the script of the page says.
_TAMPERED = """Object.defineProperty(MediaStreamTrack.prototype, 'enabled', {get: () => true, set: () => undefined});"""


#: The second socket, that of the room, opens after so many milliseconds and speaks after so many, as behind a slow
#: proxy; an offer takes so many, as on a slow computer.
_SLOW = """{
  const [opens, speaks, offers] = %s;
  const Socket = window.WebSocket;
  let made = 0;
  window.WebSocket = class extends Socket {
    constructor(...given) {
      super(...given);
      const now = ++made === 2 ? performance.now() : -Infinity;
      [this.opens, this.speaks] = [now + opens, now + speaks];
    }
    get readyState() { return this.told ? super.readyState : Socket.CONNECTING; }
    set onopen(f) {
      const tell = event => { this.told = true; f(event); };
      super.onopen = f && (event => setTimeout(tell, this.opens - performance.now(), event));
    }
    set onmessage(f) { super.onmessage = f && (event => setTimeout(f, this.speaks - performance.now(), event)); }
  };
  const make = RTCPeerConnection.prototype.setLocalDescription;
  RTCPeerConnection.prototype.setLocalDescription = async function (...given) {
    await make.apply(this, given);
    await new Promise(done => setTimeout(done, offers));
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


@pytest.mark.parametrize(
    ("opens_ms", "speaks_ms", "offers_ms", "offers"),
    [
        pytest.param(400, 0, 0, 1, id="ready before the socket"),
        pytest.param(0, 2_000, 700, 1, id="ready before the welcome"),
        pytest.param(0, 0, 1_000, 1, id="ready after the welcome"),
        pytest.param(3_500, 0, 0, 2, id="too old"),
    ],
)
async def test_the_offer_is_made_on_the_way_in_and_anew_if_that_was_long(
    house: House, opens_ms: int, speaks_ms: int, offers_ms: int, offers: int
) -> None:
    made = await house.make(2)
    (here,) = await house.enter(made, "f")
    slow = await house.seat(made, "p1", script=_SLOW % [opens_ms, speaks_ms, offers_ms])
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
