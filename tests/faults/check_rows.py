"""Rows of the check: eight made-up networks, and what it must say in each."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.async_api import expect

from tests.browser.house import WIDE
from tests.browser.test_relays import found as findings
from tests.faults.lab import MEDIA_PORT, RELAY_PORT, Lab, Site
from tests.faults.network import RELAY_NAME, SITE_NAME, STRIPPED_NAME
from tests.faults.table import Play

_RELAYS = ("relay_udp", "relay_tcp", "relay_tls")
#: The microphone and the loudspeaker are of the computer and not of its network.
_OWN = ("microphone", "speaker")
_PAGE = ("socket", "reconnect", "events", "sound")
ALL = (*_PAGE, "udp", "tcp", *_RELAYS)


@dataclass(frozen=True)
class Trial:
    """One network. `close` makes it; `verdict` and `closed` are what the check must find (what else there is must
    work), `said` what the words for what is closed must hold: host, port and protocol."""

    close: Callable[[Site], None]
    verdict: str
    closed: frozenset[str] = frozenset()
    said: tuple[str, ...] = ()
    stripped: bool = False
    maybe: frozenset[str] = frozenset()
    """May be closed or not."""


def _media(protocol: str) -> str:
    return rf"10\.213\.\d+\.4, ports? {MEDIA_PORT}(?: (?:to|à) \d+)?, {protocol}"


def _relay(port: int, protocol: str) -> str:
    return rf"{re.escape(RELAY_NAME)}, port {port}, {protocol}"


_TLS = _relay(443, "TLS")
_CLOSED_443 = (_media("UDP"), _media("TCP"), _relay(RELAY_PORT, "UDP"), _relay(RELAY_PORT, "TCP"))
_NOT_443 = frozenset(("udp", "tcp", "relay_udp", "relay_tcp"))


def _no_udp(site: Site) -> None:
    site.network.only("meta l4proto tcp")


TRIALS = {
    "all open": Trial(lambda site: site.network.opened(), "direct"),
    "no UDP": Trial(_no_udp, "tcp", frozenset(("udp", "relay_udp")), (_media("UDP"), _relay(RELAY_PORT, "UDP"))),
    "443 alone": Trial(lambda site: site.only_443(relay=True), "relay", _NOT_443, _CLOSED_443),
    "443 without a relay": Trial(lambda site: site.only_443(), "sound", _NOT_443 | {"relay_tls"}, (*_CLOSED_443, _TLS)),
    "no Upgrade": Trial(
        lambda site: site.network.opened(),
        "direct",
        frozenset(("socket", "sound")),
        (rf"{STRIPPED_NAME}, port 443, TCP",),
        stripped=True,
        maybe=frozenset(("reconnect",)),
    ),
    "a tenth is lost": Trial(lambda site: site.network.loses(10), "direct"),
    "200 kbit/s": Trial(lambda site: site.network.narrow(200), "direct"),
    "the relay's name is broken": Trial(
        lambda site: site.network.knows(),
        "direct",
        frozenset(_RELAYS),
        (_TLS, _relay(RELAY_PORT, "UDP")),
    ),
}


def check(name: str) -> Play:
    """Plays the check in the network of that name: how long it takes, in seconds."""
    trial = TRIALS[name]

    async def play(lab: Lab, times: int) -> list[float]:
        site = await lab.site()
        try:
            trial.close(site)
            return [await _checked(lab, site, trial) for _ in range(times)]
        finally:
            site.network.restored()

    return play


async def _checked(lab: Lab, site: Site, trial: Trial) -> float:
    browser = await site.network.chromium(lab.playwright, lab.chromium)
    try:
        context = await browser.new_context(permissions=["microphone"], locale="en-GB", viewport=WIDE)
        page = await context.new_page()
        await page.goto(f"https://{STRIPPED_NAME if trial.stripped else SITE_NAME}/check", timeout=60_000)
        began_s = time.monotonic()
        await page.locator("[data-check=start]").click()
        await expect(page.locator("[data-verdict]")).to_have_count(1, timeout=30_000)
        took_s = time.monotonic() - began_s
        verdict, works, closed = await findings(page)
        assert verdict == trial.verdict, f"it says {verdict}, closed: {', '.join(closed)}"
        unsure = {*trial.maybe, *_OWN}
        assert set(closed) - unsure == trial.closed, f"closed: {', '.join(closed)}"
        assert set(works) - unsure == set(ALL) - trial.closed - unsure, f"works: {', '.join(works)}"
        words = " ".join([await one.inner_text() for one in await page.locator("[data-closed]").all()])
        for said in trial.said:
            assert re.search(said, words), f"{said} is not in: {words}"
        return took_s
    finally:
        await browser.close()
