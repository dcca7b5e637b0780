"""Pages that reach the media server by a real coturn alone, over UDP, TCP and TLS; the relay's death and return; and
the check that says which ways are open, in five made-up networks."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from cosession.bench.chromium import launch
from cosession.media.coturn import config
from cosession.settings import Address, load
from tests.browser.house import House
from tests.browser.person import Person, follow
from tests.browser.test_tour import Tour, tab_to
from tests.coturn import Coturn, certify, free_port
from tests.nginx import without_upgrade

pytestmark = [pytest.mark.browser, pytest.mark.slow]

#: A browser whose network lets it reach nothing but the relays whose address matches.
_RELAY_ALONE = """{
  const Own = window.RTCPeerConnection;
  const wanted = ({iceServers = [], ...more} = {}) => ({...more, iceTransportPolicy: 'relay',
    iceServers: iceServers.map(one => ({...one, urls: one.urls.filter(url => /%s/.test(url))}))});
  window.RTCPeerConnection = class extends Own {
    constructor(given) { super(wanted(given)); }
    setConfiguration(given) { super.setConfiguration(wanted(given)); }
  };
}"""
#: A network in which the media server's own ports do not answer: UDP is swallowed, TCP refused if `%s`.
_CLOSED = """{
  const Own = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Own {
    setRemoteDescription({type, sdp}) {
      if (this.getConfiguration().iceTransportPolicy === 'relay') return super.setRemoteDescription({type, sdp});
      sdp = sdp.replace(/(udp \\d+ \\S+) \\d+ typ/g, '$1 %d typ');
      if (%s) sdp = sdp.replace(/(tcp \\d+ \\S+) \\d+ typ/g, '$1 9 typ');
      return super.setRemoteDescription({type, sdp});
    }
  };
}"""
_WAYS = {"p1": "^turn:.*=udp", "p2": "^turn:.*=tcp", "p3": "^turns:"}


@pytest.fixture(scope="module")
async def coturn(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Coturn]:
    folder = tmp_path_factory.mktemp("coturn")
    (folder / "secret").write_text("of-the-house-0123456789")
    certificate, key = certify(folder)
    port = free_port()
    urls = f"turn:127.0.0.1:{port},turn:127.0.0.1:{port}?transport=tcp,turns:localhost:{free_port()}"
    wanted = load(turn_urls=urls, turn_secret_file=folder / "secret", media_bind=Address("127.0.0.1", 0))
    known = {"COSESSION_TURN_URLS": urls, "COSESSION_TURN_SECRET_FILE": str(folder / "secret")}
    made = Coturn(folder, config(wanted, certificate=certificate, key=key, listen=["127.0.0.1"]), known)
    await made.start()
    yield made
    await made.kill()


@pytest.fixture(scope="module")
async def browser(anyio_backend: str, chromium: Path) -> AsyncIterator[Browser]:
    """Chromium judges the certificate of a relay as that of a page: here it takes ours, which nobody vouches for."""
    async with async_playwright() as playwright:
        running = await launch(playwright, chromium, also=["--ignore-certificate-errors"])
        yield running
        await running.close()


@pytest.fixture(scope="module")
async def running(browser: Browser, coturn: Coturn, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    opened = await House.open(browser, tmp_path_factory.mktemp("house"), settings=coturn.settings)
    yield opened
    await opened.close()


async def test_sound_and_pictures_go_by_a_relay_over_each_transport_and_come_back_with_it(
    house: House, coturn: Coturn
) -> None:
    made = await house.make(3)
    (lead,) = await house.enter(made, "f")
    relayed = [await house.seat(made, seat, script=_RELAY_ALONE % way) for seat, way in _WAYS.items()]
    for person in relayed:
        await person.open()
        await person.enter()
    everyone = [lead, *relayed]
    for person in everyone:
        await person.sees([other.seat for other in everyone if other is not person], within_s=20)

    await lead.go_to("problem_statement")
    client, *listeners = relayed
    await client.open_microphone()
    for person in listeners:
        await person.hears("p1")
    words = {seat: lead.page.locator(f"[data-way={seat}] .word") for seat in ("f", *_WAYS)}
    await expect(words["f"]).to_have_text("bonne")
    for seat in _WAYS:
        await expect(words[seat]).to_have_text("par un relais")

    await coturn.kill()
    for seat in _WAYS:  # relays and restarts in vain: by the page's own connection
        await expect(words[seat]).to_have_text("son de secours", timeout=25_000)
    await coturn.start()
    for seat in _WAYS:  # two good looks, and back
        await expect(words[seat]).to_have_text("par un relais", timeout=60_000)
    await asyncio.gather(*(person.hears("p1", within_s=8) for person in (lead, *listeners)))


async def test_the_check_says_what_is_open_and_what_to_open(house: House, coturn: Coturn, tmp_path: Path) -> None:
    tour = Tour()
    made = await house.make(3)
    lead = await house.guest(made, "f")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        async with without_upgrade(tmp_path, house.server.url) as stripped:
            wide_open, no_udp, no_upgrade = await asyncio.gather(
                checked(house, f"{house.url}/check"),
                checked(house, f"{house.url}/check", script=_CLOSED % (port, "false"), locale="en-GB"),
                checked(house, f"{stripped}/check"),
            )
        nadia = await house.seat(made, "p1", script=_CLOSED % (port, "true"))
        await nadia.open()
        await check(nadia.page)

    relays = ["relay_udp", "relay_tcp", "relay_tls"]
    everything = ["socket", "reconnect", "events", "udp", "tcp", *relays, "sound", "microphone", "speaker"]
    assert await found(wide_open) == ("direct", everything, [])
    assert await found(no_udp) == ("tcp", [one for one in everything if one != "udp"], ["udp"])
    without = [one for one in everything if one not in ("socket", "reconnect", "sound")]
    assert await found(no_upgrade) == ("direct", without, ["socket", "sound"])
    assert await found(nadia.page) == (
        "relay",
        [one for one in everything if one not in ("udp", "tcp")],
        ["udp", "tcp"],
    )

    closed = await no_udp.locator("[data-closed=udp]").inner_text()
    media = re.search(r"127\.0\.0\.1, port (\d+), UDP", closed)
    assert media is not None, closed
    assert f'"udp_port": {media[1]}' in (house.folder / "server.log").read_text()
    await expect(no_upgrade.locator("[data-closed=socket]")).to_contain_text(
        f"127.0.0.1, port {stripped.rpartition(':')[2]}, TCP"
    )
    report = await copied(no_udp, "json")
    assert '"verdict": "tcp"' in report
    text = await copied(no_udp, "text")
    assert (
        f"- Sound and picture over UDP. To be opened, from this computer to: 127.0.0.1, port {media[1]}, UDP." in text
    )
    for page, name in ((wide_open, "check-open"), (no_udp, "check-no-udp-en"), (no_upgrade, "check-no-upgrade")):
        await tour.look(page, name)
    await tour.look(nadia.page, "check-lobby")

    await expect(lead.page.locator(".prepared")).to_contain_text("Nadia viendra par un relais.")
    await expect(lead.page.locator(".prepared")).to_contain_text("Karim et Inès n’ont pas essayé leur connexion.")
    await tour.look(lead.page, "prepared-lobby")
    await coturn.kill()
    await asyncio.gather(check(wide_open), check(nadia.page))
    await coturn.start()
    assert await found(wide_open) == ("direct", [one for one in everything if one not in relays], relays)
    assert (await found(nadia.page))[::2] == ("sound", ["udp", "tcp", *relays])
    await expect(nadia.page.locator("#enter .do")).to_have_text(re.compile("sans image"))
    await expect(lead.page.locator(".prepared")).to_contain_text("Nadia viendra par le son de secours, sans image")
    await tour.look(nadia.page, "check-lobby-closed")
    assert tour.wrong == []


async def checked(house: House, address: str, **context: Any) -> Page:
    """A stranger's page of the check, after it was done with the keyboard alone; it closes with the house's guests."""
    script = context.pop("script", "")
    options = {"permissions": ["microphone", "clipboard-read", "clipboard-write"], "locale": "fr-FR"} | context
    profile = await house.browser.new_context(**options)
    if script:
        await profile.add_init_script(script)
    person = Person(await profile.new_page(), "stranger", [], address)
    follow(person)
    house.guests.append(person)
    await person.open()
    await tab_to(person.page, "[data-check=start]")
    await person.page.keyboard.press("Enter")
    await over(person.page)
    return person.page


async def check(page: Page) -> None:
    await page.locator("[data-check=start]").click()
    await over(page)


async def over(page: Page) -> None:
    """Within the 15 s that the check promises."""
    await expect(page.locator("[data-verdict]")).to_have_count(1, timeout=15_000)


async def found(page: Page) -> tuple[str, list[str], list[str]]:
    """The verdict, what works, what does not."""
    [verdict, works, closed] = await page.evaluate(
        """() => ['verdict', 'works', 'closed'].map(name =>
             [...document.querySelectorAll(`[data-${name}]`)].map(one => one.dataset[name]))"""
    )
    return verdict[0] if verdict else "", works, closed


async def copied(page: Page, what: str) -> str:
    if not await page.locator("[data-report]").evaluate("one => one.open"):
        await page.locator("[data-report] summary").click()
    await page.locator(f"[data-copy-report={what}]").click()
    await expect(page.locator(f"[data-copy-report={what}]")).to_have_text(re.compile("Copi"))
    return str(await page.evaluate("() => navigator.clipboard.readText()"))
