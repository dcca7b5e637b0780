"""One person in front of a real page: what they see, what they press, what their browser receives.

Nothing of the page is replaced. Two things are looked at beside what is shown: the socket's messages as they pass, and
`getStats` of the page's own peer connections.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page, WebSocket, expect

#: Keeps the room's peer connections where the tests can ask them; changes nothing about them. What only receives tries
#: the network, before there is a room.
_KEEP_PEERS = """{
  const Own = window.RTCPeerConnection;
  window.peers = [];
  window.RTCPeerConnection = class extends Own {
    addTransceiver(kind, init) {
      if (init?.direction === 'sendonly' && !window.peers.includes(this)) window.peers.push(this);
      return super.addTransceiver(kind, init);
    }
  };
}"""

#: By slot: what arrives; and what this page itself sends.
_HEARD = """async () => {
  const found = {slots: {}, sent: 0, state: 'none'};
  const pc = window.peers.filter(p => p.connectionState !== 'closed').at(-1);
  if (!pc) return found;
  found.state = pc.connectionState;
  const place = mid => pc.getTransceivers().findIndex(t => t.mid === mid);
  (await pc.getStats()).forEach(s => {
    if (s.type === 'outbound-rtp' && s.kind === 'audio') found.sent += s.packetsSent;
    if (s.type !== 'inbound-rtp') return;
    const slot = found.slots[Math.floor((place(s.mid) - 2) / 2)] ??=
      {frames: 0, freezes: 0, frozen_s: 0, audio_packets: 0, energy: 0};
    if (s.kind === 'video') {
      slot.frames += s.framesDecoded;
      slot.freezes += s.freezeCount;
      slot.frozen_s += s.totalFreezesDuration;
    }
    else { slot.audio_packets += s.packetsReceived; slot.energy += s.totalAudioEnergy; }
  });
  return found;
}"""

#: A coarse look at every seat's video as it is painted now.
_PAINTED = """() => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [32, 18];
  const brush = canvas.getContext('2d', {willReadFrequently: true});
  return [...document.querySelectorAll('video')].map(video => {
    brush.drawImage(video, 0, 0, 32, 18);
    return Array.from(brush.getImageData(0, 0, 32, 18).data).filter((_, i) => i % 4 !== 3);
  });
}"""


class Slot(TypedDict):
    """A freeze: the next picture came later than three usual intervals, at least 150 ms more than usual
    (webrtc-stats)."""

    frames: int
    freezes: int
    frozen_s: float
    audio_packets: int
    energy: float


class Heard(TypedDict):
    """`slots` by seat; `sent`: audio packets that this page has sent."""

    slots: dict[str, Slot]
    sent: int
    state: str


async def until(condition: Callable[[], bool | Awaitable[bool]], within_s: float = 10, what: str = "") -> None:
    """Wait for what the network brings; fails after `within_s`, saying `what` was waited for."""
    end = time.monotonic() + within_s
    while True:
        answer = condition()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < end, f"not within {within_s:g} s: {what or condition}"
        await asyncio.sleep(0.05)


@dataclass
class Person:
    page: Page
    seat: str
    others: list[str]
    """The other seats in slot order."""
    link: str
    view: dict[str, Any] = field(default_factory=dict)
    """The newest view as it came over the socket, `common` filled in."""
    came_s: float = 0.0
    """When it came, seconds of this machine's monotonic clock."""
    sockets: list[WebSocket] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    accepted: Counter[str] = field(default_factory=Counter)
    """Commands of this page that the server has accepted, by their tag."""

    # -- coming and going ----------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the personal link: the lobby."""
        answer = await self.page.goto(self.link)
        assert answer is not None
        assert answer.status == 200

    async def enter(self, within_s: float = 10) -> None:
        """Join from the lobby; returns when the room is there."""
        await self.page.locator("[data-gesture=enter]").click(timeout=within_s * 1000)
        await self.is_in(within_s)

    async def is_in(self, within_s: float = 10) -> None:
        async def there() -> bool:
            state = await self.state()
            return state["place"] == "room" and state["link"] == "up" and "common" in self.view

        await until(there, within_s, f"{self.seat} is in the room")

    async def state(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.page.evaluate("() => window.cosession.state()")
        return found

    @property
    def open_sockets(self) -> int:
        return sum(not socket.is_closed() for socket in self.sockets)

    # -- what the view says --------------------------------------------------------------------------------------

    @property
    def phase(self) -> str:
        """The running phase's id, empty in the lobby."""
        now = self.view["common"]["now"]
        return "" if now is None else str(now["phase"]).partition("#")[0]

    @property
    def step(self) -> int:
        return int(self.view["common"]["now"]["step"])

    @property
    def floor(self) -> dict[str, Any]:
        found: dict[str, Any] = self.view["common"]["floor"]
        return found

    @property
    def own(self) -> dict[str, Any]:
        found: dict[str, Any] = self.view["own"]
        return found

    def left_s(self, at_s: float) -> float:
        """What the newest view leaves of the phase at `at_s` of this machine's monotonic clock."""
        countdown, clock = self.view["common"]["now"]["countdown"], self.view["clock"]
        session_ms = clock["session_ms"] + (at_s - self.came_s) * 1000 * clock["speed"]
        ran_ms = session_ms - countdown["at_ms"] if countdown["running"] else 0
        return float(countdown["left_ms"] - ran_ms) / 1000

    # -- what is seen and done -----------------------------------------------------------------------------------

    def button(self, gesture: str) -> Locator:
        return self.page.locator(f"button[data-gesture={gesture}]").first

    async def press(self, gesture: str) -> None:
        await self.button(gesture).click()

    async def press_and_confirm(self, gesture: str) -> None:
        """A gesture of the console that shows its consequence first."""
        await self.press(gesture)
        await expect(self.page.locator("section.preview")).to_be_visible()
        await self.page.locator(f"button[data-confirm={gesture}]").click()

    async def next_phase(self, to: str) -> None:
        await self.press_and_confirm("next_phase")
        await until(lambda: self.phase == to, what=f"phase {to}")

    async def go_to(self, phase: str) -> None:
        """Conduct to a phase without lingering; from the lobby too."""
        if self.view["common"]["status"] == "lobby":
            await self.press("start_session")
            await until(lambda: self.phase != "", what="the first phase")
        while self.phase != phase:
            here = self.phase
            await self.press_and_confirm("next_phase")
            await until(lambda here=here: self.phase != here, what=f"the phase after {here}")  # type: ignore[misc]

    def form(self, capture: str) -> Locator:
        return self.page.locator(f"form[data-capture={capture}]")

    async def write(self, capture: str, **fields: str) -> None:
        """Fill in a form and hand it in; waits for its acceptance."""
        await self.type(capture, **fields)
        before = len(self._mine(capture))
        await self.form(capture).locator("footer button").click()
        wanted = next(iter(fields.values()))

        def accepted() -> bool:
            mine = self._mine(capture)
            return len(mine) > before or any(wanted in entry["fields"].values() for entry in mine)

        await until(accepted, what=f"{capture} is accepted")

    async def type(self, capture: str, **fields: str) -> None:
        """Fill in a form's fields as one types; choices by their value."""
        form = self.form(capture)
        await expect(form).to_be_visible()  # what kind of fields it has is seen only then
        for name, value in fields.items():
            choice = form.locator(f"input[type=radio][value={value}]") if value.isidentifier() else None
            if choice is not None and await choice.count():
                await choice.check()
            else:
                await form.locator(f"#write-{capture}-{name}").fill(value)

    def _mine(self, capture: str) -> list[dict[str, Any]]:
        everybodys = [*self.view["common"]["captures"], *self.own["captures"]]
        return [entry for entry in everybodys if entry["capture"] == capture and entry["seat"] == self.seat]

    @property
    def microphone(self) -> Locator:
        return self.page.locator("button[data-dock=microphone]")

    async def open_microphone(self) -> None:
        await expect(self.microphone).to_have_attribute("data-state", "yours")
        await self.microphone.click()
        await expect(self.microphone).to_have_attribute("data-state", "open")

    async def clock_s(self) -> int:
        """The phase's countdown as it stands on the screen, in seconds."""
        text = (await self.page.locator("co-phase-clock b").inner_text()).replace("−", "-")
        minutes, _, seconds = text.partition(":")
        sign = -1 if minutes.startswith("-") else 1
        return int(minutes) * 60 + sign * int(seconds)

    # -- what the browser receives -------------------------------------------------------------------------------

    async def heard(self) -> Heard:
        found = await self.page.evaluate(_HEARD)
        nothing = Slot(frames=0, freezes=0, frozen_s=0.0, audio_packets=0, energy=0.0)
        slots = {seat: found["slots"].get(str(i), nothing) for i, seat in enumerate(self.others)}
        return Heard(slots=slots, sent=found["sent"], state=found["state"])

    async def frames(self) -> dict[str, int]:
        return {seat: slot["frames"] for seat, slot in (await self.heard())["slots"].items()}

    async def sees(self, seats: Sequence[str], by: int = 5, within_s: float = 10) -> None:
        """Decoded frames of each of `seats` rise by at least `by` from now on."""
        before = await self.frames()

        async def risen() -> bool:
            now = await self.frames()
            return all(now[seat] - before[seat] >= by for seat in seats)

        await until(risen, within_s, f"{self.seat} sees {', '.join(seats)} move")

    async def hears(self, seat: str, within_s: float = 10) -> None:
        """Sound of `seat` arrives, and is no silence."""
        before = (await self.heard())["slots"][seat]

        async def risen() -> bool:
            now = (await self.heard())["slots"][seat]
            return now["audio_packets"] - before["audio_packets"] > 20 and now["energy"] > before["energy"]

        await until(risen, within_s, f"{self.seat} hears {seat}")

    async def sees_moving(self, pictures: int, within_s: float) -> None:
        """At least so many <video> on the page are painted differently from one moment to another."""
        before = await self.page.evaluate(_PAINTED)
        moved: set[int] = set()

        async def changed() -> bool:
            nonlocal before
            now = await self.page.evaluate(_PAINTED)
            if len(now) == len(before):
                moved.update(i for i, (old, new) in enumerate(zip(before, now, strict=True)) if differ(old, new))
            else:
                moved.clear()
            before = now
            return len(moved) >= pictures

        await until(changed, within_s, f"{self.seat} sees {pictures} pictures change")


def differ(old: Sequence[int], new: Sequence[int]) -> bool:
    """More than noise: some colour has changed by more than a fifth of its range."""
    return any(abs(a - b) > 50 for a, b in zip(old, new, strict=True))


async def watched(profile: BrowserContext, seat: str, seats: Sequence[str], link: str) -> Person:
    """A fresh tab of a person, whose socket and complaints are followed."""
    await profile.add_init_script(_KEEP_PEERS)
    person = Person(await profile.new_page(), seat, [other for other in seats if other != seat], link)
    follow(person)
    return person


def follow(person: Person) -> None:
    asked: dict[str, str] = {}

    def sent(payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            return  # a frame of sound
        message = json.loads(payload)
        if message["type"] == "command":
            asked[message["id"]] = message["command"]["type"]

    def frame(payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            return
        message = json.loads(payload)
        if message["type"] == "accepted":
            person.accepted[asked[message["id"]]] += 1
        if message["type"] != "view":
            return
        if message["common"] is None:
            message["common"] = person.view["common"]
        person.view, person.came_s = message, time.monotonic()

    def socket(opened: WebSocket) -> None:
        if "/sound?" in opened.url:
            return
        person.sockets.append(opened)
        opened.on("framesent", sent)
        opened.on("framereceived", frame)

    def said(message: ConsoleMessage) -> None:
        network = ("WebSocket connection to", "Failed to load resource")
        if message.type == "error" and not message.text.startswith(network):
            person.complaints.append(message.text)

    person.page.on("websocket", socket)
    person.page.on("console", said)
    person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
