"""How long it takes from the click on Join to the first picture of everybody else, in real browsers.

A whole server, one Chromium with a profile for each person. Once everybody is in, one after the other leaves and
comes back as a new page, by the personal link and the lobby: each such click is measured, and each of the others is
one measurement. A picture counts when the browser has decoded it and shows it (requestVideoFrameCallback).
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosession.bench.house import House, house
from cosession.bench.measure import CannotMeasure

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Synthetic camera and microphone, no prompts, no traffic of its own, and WebRTC over loopback.
_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
_PATIENCE_S = 30

#: Looks on: when Join was clicked, and when each track that arrives shows its first picture after that.
_WATCH = """{
  const Own = window.RTCPeerConnection;
  window.clicked = null;
  window.pictures = [];
  addEventListener('click', event => {
    if (event.target.closest('[data-gesture=enter]')) window.clicked = performance.now();
  }, true);
  window.RTCPeerConnection = class extends Own {
    constructor(...given) {
      super(...given);
      this.addEventListener('track', ({track}) => {
        if (track.kind !== 'video') return;
        const eye = document.createElement('video');
        eye.muted = true;
        eye.srcObject = new MediaStream([track]);
        eye.requestVideoFrameCallback(() => window.pictures.push(performance.now() - window.clicked));
        eye.play();
      });
    }
  };
}"""


@dataclass(frozen=True, slots=True)
class Joins:
    """Milliseconds from click to picture, sorted."""

    ms: list[float]

    def as_json(self) -> dict[str, Any]:
        at = [self.ms[min(len(self.ms) - 1, int(share * len(self.ms)))] if self.ms else None for share in (0.5, 0.95)]
        p50, p95 = (None if value is None else round(value) for value in at)
        return {"ms": {"p50": p50, "p95": p95}}


async def measure_joins(browsers: int, rounds: int) -> Joins:
    """Everybody joins, then everybody comes back so many times. Raises `CannotMeasure`."""
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError:
        raise CannotMeasure("this needs Playwright, which drives the browsers: pip install playwright") from None
    async with house(max(2, browsers - 1)) as place, async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=_chromium(), headless=True, args=_FLAGS)
        try:
            return Joins(sorted(await _all_joins(place, chromium, browsers, rounds)))
        except Error as reason:
            raise CannotMeasure(f"a page did not do as it should: {str(reason).splitlines()[0]}") from None
        finally:
            await chromium.close()


async def _all_joins(place: House, chromium: Browser, browsers: int, rounds: int) -> list[float]:
    links = list(place.links.values())[:browsers]
    contexts: list[BrowserContext] = []
    for here, link in enumerate(links):
        context, _ = await _enter(chromium, link, here)
        contexts.append(context)
    found: list[float] = []
    for _ in range(rounds):
        for person, link in enumerate(links):
            await contexts[person].close()
            contexts[person], pictures_ms = await _enter(chromium, link, browsers - 1)
            found += pictures_ms
    return found


async def _enter(chromium: Browser, link: str, others: int) -> tuple[BrowserContext, list[float]]:
    """A new page goes through the lobby; when the pictures of so many others came, in ms after the click."""
    context = await chromium.new_context(permissions=["camera", "microphone"], locale="fr-FR")
    await context.add_init_script(_WATCH)
    page = await context.new_page()
    await page.goto(link)
    await page.locator("[data-gesture=enter]").click()
    found: list[float] = []
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while len(found) < others:
                await asyncio.sleep(0.2)  # the page itself notes the instants
                found = await page.evaluate("() => window.pictures")
    except TimeoutError:
        raise CannotMeasure(f"a page saw {len(found)} of {others} others within {_PATIENCE_S} s") from None
    await asyncio.sleep(0.5)  # the next one should not meet this one's beginnings
    return context, found[:others]


def _chromium() -> str | None:
    """The path of a Chromium; None leaves it to Playwright."""
    return os.environ.get("COSESSION_CHROMIUM") or next((path for name in _NAMES if (path := shutil.which(name))), None)
