"""Pages whose network lets no media through, over UDP, TCP or a relay: they hear each other by their own connection,
and the floor is law there too."""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.house import House, Made
from tests.browser.person import Person, until

pytestmark = pytest.mark.browser

#: Nothing that the media server answers to is reachable: every candidate is port 9 of this machine.
NO_MEDIA = """{
  const Own = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Own {
    setRemoteDescription({type, sdp}) {
      sdp = sdp.replace(/((?:udp|tcp) \\d+ \\S+) \\d+ typ/g, '$1 9 typ');
      return super.setRemoteDescription(window.networkIsBack ? arguments[0] : {type, sdp});
    }
  };
}"""
#: A microphone that sounds, and cannot be closed by the page: what the server lets through is the server's word.
TONE = """{
  const media = navigator.mediaDevices, own = media.getUserMedia.bind(media);
  media.getUserMedia = async wanted => {
    const stream = await own(wanted);
    if (!wanted.audio) return stream;
    const context = new AudioContext(), tone = context.createOscillator(), out = context.createMediaStreamDestination();
    tone.frequency.value = %d;
    tone.connect(out);
    tone.start();
    for (const track of stream.getAudioTracks()) { stream.removeTrack(track); track.stop(); }
    const [track] = out.stream.getAudioTracks();
    Object.defineProperty(track, 'enabled', {get: () => true, set: () => undefined});
    stream.addTrack(track);
    return stream;
  };
}"""
#: What goes to the loudspeaker passes an ear.
_EAR = """{
  const own = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode) {
      window.ear = this.context.createAnalyser();
      window.ear.fftSize = 8192;
      own.call(this, window.ear);
    }
    return own.call(this, to, ...more);
  };
}"""
#: The strongest frequency in Hz, and how strong it is in dB.
_HEARD = """() => {
  if (!window.ear) return [0, -200];
  const bins = new Float32Array(window.ear.frequencyBinCount);
  window.ear.getFloatFrequencyData(bins);
  const at = bins.reduce((best, db, i) => db > bins[best] ? i : best, 0);
  return [at * window.ear.context.sampleRate / window.ear.fftSize, bins[at]];
}"""
#: A tone of full strength has about -10 dB, silence less than -100.
_AUDIBLE_DB = -50


async def shut_out(house: House, made: Made, seat: str, hz: int) -> Person:
    """In the room, in a network without media."""
    person = await house.seat(made, seat, script=NO_MEDIA + _EAR + TONE % hz)
    await person.open()
    await person.enter()
    return person


async def by_socket(person: Person) -> bool:
    state = await person.state()
    return (state["rung"], state["path"]) == ("socket", "connected")


async def goes_by_socket(person: Person) -> None:
    """8 s without a peer connection, and a little more on a busy machine."""
    await until(lambda: by_socket(person), 15, f"{person.seat} goes by the socket")


async def hears(person: Person, hz: int | None) -> bool:
    """The tone, or, for None, nothing."""
    at_hz, db = await person.page.evaluate(_HEARD)
    return bool(db < _AUDIBLE_DB if hz is None else db > _AUDIBLE_DB and abs(at_hz - hz) < 10)


async def sound(person: Person) -> dict[str, Any]:
    found: dict[str, Any] = await person.page.evaluate("() => window.cosession.sound()")
    return found


@dataclass
class Figures:
    """What one voice was like at one listener."""

    ways_ms: list[float]
    """Of each frame."""
    concealed: float
    lasted_s: float

    def __str__(self) -> str:
        p95_ms = statistics.quantiles(self.ways_ms, n=20)[-1]
        return (
            f"mouth to ear, n {len(self.ways_ms)}: p50 {statistics.median(self.ways_ms):.0f} ms, p95 {p95_ms:.0f} ms; "
            f"concealed {100 * self.concealed:.2f} % of {self.lasted_s:.1f} s"
        )


async def measured(speaker: Person, listener: Person, place: int, frames: int = 300) -> Figures:
    """From the first sample of a frame in the microphone to when it leaves for the loudspeaker, over so many frames."""

    async def counts() -> dict[str, float]:
        found: dict[str, float] = dict(map(tuple, (await sound(listener))["counts"])).get(place, {})
        return found or {"played": 0, "concealed": 0}

    async def begun() -> list[tuple[int, float]]:
        return [(number, ms) for at, number, ms in (await sound(listener))["begun"] if at == place]

    first = (await begun())[-1][0]
    before = await counts()

    async def enough() -> bool:
        return (await begun())[-1][0] - first >= frames

    await until(enough, 60, f"{frames} frames are heard")
    after = await counts()
    captured = dict(map(tuple, (await sound(speaker))["sent"]))
    ways_ms = [ms - captured[number] + 20 for number, ms in await begun() if number > first and number in captured]
    played, concealed = after["played"] - before["played"], after["concealed"] - before["concealed"]
    return Figures(ways_ms, concealed / (played + concealed), (played + concealed) / 48_000)


async def test_without_media_people_hear_each_other_and_the_floor_is_law(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await house.make(4)
    lead = (await house.enter(made, "f"))[0]
    nadia, karim = await asyncio.gather(shut_out(house, made, "p1", 440), shut_out(house, made, "p2", 660))
    for person in (nadia, karim):
        await goes_by_socket(person)
        await expect(person.page.locator("[data-rung=socket]").first).to_have_text("Son de secours")
    assert await hears(karim, None), "nobody has opened a microphone, whatever their page sends"
    assert (await sound(nadia))["sent"], "it does send"

    await nadia.open_microphone()
    await until(lambda: hears(karim, 440), 5, "Karim hears Nadia's tone")
    assert await hears(nadia, None), "nobody hears themselves"
    await karim.open_microphone()
    await until(lambda: hears(nadia, 660), 5, "Nadia hears Karim's tone")

    async def lead_hears() -> bool:
        slots = (await lead.heard())["slots"]
        return all(slots[seat]["audio_packets"] > 50 for seat in ("p1", "p2"))

    await until(lead_hears, 10, "the facilitator hears both, by packets")
    await expect(lead.page.locator("[data-way=p1] .word")).to_have_text("son de secours")
    await expect(lead.page.locator("[data-way=p2] .word")).to_have_text("son de secours")
    seats = {seat["id"]: seat for seat in lead.view["common"]["seats"]}
    assert not seats["p1"]["media_lost"]

    figures = await measured(nadia, karim, 1)
    with capsys.disabled():
        print(f"\n{figures}")
    assert len(figures.ways_ms) > 200

    await nadia.microphone.click()  # closed; her page goes on sending
    await until(lambda: hears(karim, None), 3, "Nadia is heard no more")
    before = (await sound(nadia))["sent"][-1]
    await until(lambda: hears(karim, None), 3)
    assert (await sound(nadia))["sent"][-1] != before, "she still sends"
