"""Pages that reach the media server by a real coturn alone, over UDP, TCP and TLS; and the relay's death and return."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from cosession.bench.chromium import launch
from cosession.media.coturn import config
from cosession.settings import Address, load
from tests.browser.house import House
from tests.browser.person import Person
from tests.coturn import Coturn, certify, free_port

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
    await asyncio.sleep(9)  # connections were given up and made anew meanwhile, in vain
    assert await heard(listeners[0]) == await heard(listeners[0]), "nothing comes by a relay that is dead"
    await coturn.start()
    await asyncio.gather(*(person.hears("p1", within_s=8) for person in (lead, *listeners)))


async def heard(person: Person) -> float:
    """The energy of what came from the client, half a second later."""
    await asyncio.sleep(0.5)
    return (await person.heard())["slots"]["p1"]["energy"]
