"""How long it takes from the click on Join to the first picture of everybody else, in real browsers.

A whole server, one Chromium with a profile for each person. Once everybody is in, one after the other leaves and
comes back as a new page, by the personal link and the lobby: each such click is measured, and each of the others is
one measurement. After each round one more page comes late, to a room where everybody has long been sending, and goes
again: until it sees all of them is one measurement. Then the media worker is killed, without a word (SIGKILL): until a
page sees all others again is one measurement for each page. A picture counts when the browser has decoded it and shows
it (requestVideoFrameCallback).
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosession.bench.chromium import launch, named
from cosession.bench.errors import CannotMeasure
from cosession.bench.house import House, house

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page

_PATIENCE_S = 30
#: After this a worker stands in reserve again.
_CALM_S = 5

#: Looks on: when Join was clicked, and when each track that arrives shows its first picture after that.
_WATCH = """{
  const Own = window.RTCPeerConnection;
  window.since = null;
  window.pictures = [];
  addEventListener('click', event => {
    if (event.target.closest('[data-gesture=enter]')) window.since = performance.now();
  }, true);
  window.RTCPeerConnection = class extends Own {
    constructor(...given) {
      super(...given);
      this.addEventListener('track', ({track}) => {
        if (track.kind !== 'video') return;
        const eye = document.createElement('video');
        eye.muted = true;
        eye.srcObject = new MediaStream([track]);
        eye.requestVideoFrameCallback(() => window.pictures.push(performance.now() - window.since));
        eye.play();
      });
    }
  };
}"""


@dataclass(frozen=True, slots=True)
class Joins:
    """Milliseconds, sorted: `ms` from click to the picture of each other who is there, `late_ms` to the last of all;
    `lost_ms` from the worker's death to the last of all."""

    ms: list[float]
    late_ms: list[float]
    lost_ms: list[float]

    def as_json(self) -> dict[str, Any]:
        return {"ms": _shares(self.ms), "late_ms": _shares(self.late_ms), "lost_ms": _shares(self.lost_ms)}


def _shares(found: Sequence[float]) -> dict[str, int | None]:
    at = {"p50": 0.5, "p95": 0.95}
    return {
        name: round(found[min(len(found) - 1, int(share * len(found)))]) if found else None
        for name, share in at.items()
    }


async def measure_joins(browsers: int, rounds: int) -> Joins:
    """Everybody joins, then so many times everybody comes back and one more comes late. Raises `CannotMeasure`."""
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError:
        raise CannotMeasure("this needs Playwright, which drives the browsers: pip install playwright") from None
    async with house(browsers) as place, async_playwright() as playwright:
        chromium = await launch(playwright, named())
        try:
            return await _all_joins(place, chromium, browsers, rounds)
        except Error as reason:
            raise CannotMeasure(f"a page did not do as it should: {str(reason).splitlines()[0]}") from None
        finally:
            await chromium.close()


async def _all_joins(place: House, chromium: Browser, browsers: int, rounds: int) -> Joins:
    *links, late = list(place.links.values())[: browsers + 1]
    contexts: list[BrowserContext] = []
    for here, link in enumerate(links):
        context, _ = await _enter(chromium, link, here)
        contexts.append(context)
    found: list[float] = []
    lates: list[float] = []
    lost: list[float] = []
    for _ in range(rounds):
        for person, link in enumerate(links):
            await contexts[person].close()
            contexts[person], pictures_ms = await _enter(chromium, link, browsers - 1)
            found += pictures_ms
        context, pictures_ms = await _enter(chromium, late, browsers)
        lates.append(max(pictures_ms))
        await context.close()
        lost += await _lose_the_worker(place, contexts)
    return Joins(sorted(found), sorted(lates), sorted(lost))


async def _lose_the_worker(place: House, contexts: Sequence[BrowserContext]) -> list[float]:
    """For each page, when it saw all others again."""
    worker, pages = await place.worker(), [context.pages[0] for context in contexts]
    await asyncio.gather(
        *(page.evaluate("() => { window.pictures = []; window.since = performance.now(); }") for page in pages)
    )
    os.kill(worker, signal.SIGKILL)
    seen = await asyncio.gather(*(_pictures(page, len(pages) - 1) for page in pages))
    await asyncio.sleep(_CALM_S)
    return [max(one) for one in seen]


async def _enter(chromium: Browser, link: str, others: int) -> tuple[BrowserContext, list[float]]:
    """A new page goes through the lobby; when the pictures of so many others came, in ms after the click."""
    context = await chromium.new_context(permissions=["camera", "microphone"], locale="fr-FR")
    await context.add_init_script(_WATCH)
    page = await context.new_page()
    await page.goto(link)
    await page.locator("[data-gesture=enter]").click()
    found = await _pictures(page, others)
    await asyncio.sleep(1)  # the next one should not meet this one's beginnings
    return context, found


async def _pictures(page: Page, others: int) -> list[float]:
    """When the pictures of so many others came, in ms."""
    found: list[float] = []
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while len(found) < others:
                await asyncio.sleep(0.2)  # the page itself notes the instants
                found = await page.evaluate("() => window.pictures")
    except TimeoutError:
        raise CannotMeasure(f"a page saw {len(found)} of {others} others within {_PATIENCE_S} s") from None
    return found[:others]
