"""When one page hears somebody, whatever carries the sound: by packets or by the page's own connection.

What counts is what left for the loudspeaker and was not made up: received samples without the concealed ones of
`getStats`, and what the worklet has played of frames that came.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass

from cosession.room.clock import SystemClock
from tests.browser.person import Person, until

#: Four looks a second (the worklet reports five times a second): [milliseconds since 1970, samples of sound that was
#: really heard since the page began].
EAR = """{
  window.ears = [];
  const last = new Map();
  let total = 0;
  const count = (key, value) => {
    const before = last.get(key) ?? 0;
    total += value < before ? value : value - before;
    last.set(key, value);
  };
  const look = async () => {
    for (const [i, pc] of (window.peers ?? []).entries()) {
      if (pc.connectionState === 'closed') continue;
      (await pc.getStats()).forEach(one => {
        if (one.type === 'inbound-rtp' && one.kind === 'audio')
          count(`${i} ${one.id}`, Math.max(0, (one.totalSamplesReceived ?? 0) - (one.concealedSamples ?? 0)));
      });
    }
    for (const [place, {played}] of window.cosession?.sound?.()?.counts ?? []) count(`line ${place}`, played);
    window.ears.push([Date.now(), total]);
  };
  const again = () => look().catch(() => undefined).finally(() => setTimeout(again, 250));
  again();
}"""
_RATE = 48_000
#: A look with less than this of its sound is silent.
_SOUNDING = 0.5


def now_s() -> float:
    """As the pages of this machine know it: seconds since 1970."""
    return SystemClock().wall_ms() / 1000


@dataclass(frozen=True)
class Piece:
    """From one look to the next, seconds since 1970."""

    from_s: float
    to_s: float
    sounds: bool


async def pieces(person: Person, since_s: float = 0.0) -> list[Piece]:
    log = await person.page.evaluate("() => window.ears")
    found = [
        Piece(a_ms / 1000, b_ms / 1000, b - a >= _SOUNDING * _RATE * (b_ms - a_ms) / 1000)
        for (a_ms, a), (b_ms, b) in itertools.pairwise(log)
        if b_ms > a_ms
    ]
    return [piece for piece in found if piece.to_s >= since_s]


async def hears_on(person: Person, since_s: float, within_s: float = 30, steadily_s: float = 1.0) -> None:
    """Returns when there has been sound without a pause for so long, after `since_s`."""

    async def steady() -> bool:
        ends = await pieces(person, since_s)
        latest = [piece for piece in ends if piece.from_s >= ends[-1].to_s - steadily_s] if ends else []
        return bool(latest) and ends[-1].to_s - since_s >= steadily_s and all(piece.sounds for piece in latest)

    await until(steady, within_s, f"{person.seat} hears somebody without a pause")


async def silence_s(person: Person, since_s: float) -> float:
    """The longest time since then without sound."""
    longest, began_s = 0.0, None
    for piece in await pieces(person, since_s):
        if piece.sounds:
            began_s = None
            continue
        began_s = max(piece.from_s, since_s) if began_s is None else began_s
        longest = max(longest, piece.to_s - began_s)
    return longest


async def lost_s(person: Person, since_s: float, within_s: float = 30) -> float:
    """What a change at `since_s` costs: waits until the sound has gone and is steadily back; the longest silence."""

    async def gone() -> bool:
        return any(not piece.sounds for piece in await pieces(person, since_s))

    await until(gone, within_s, f"{person.seat} hears nobody any more")
    await hears_on(person, now_s(), within_s, 2.0)
    return await silence_s(person, since_s)


async def quiet_for(seconds: float) -> None:
    """Let a session go on as it is, which is what is measured."""
    await asyncio.sleep(seconds)
