"""What rows need, made when first asked for: a house, a site before a network that can be closed, browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Playwright, async_playwright

from cosession.bench.chromium import launch
from cosession.media.coturn import config
from cosession.settings import Address, load
from tests.browser.house import House, Made
from tests.browser.person import Person
from tests.coturn import Coturn, certify
from tests.faults.network import RELAY_NAME, SITE_NAME, STRIPPED_NAME, Network, https, network
from tests.nginx import deployed

MEDIA_PORT = 40_000
RELAY_PORT = 3478


@dataclass
class Site:
    """A house behind nginx on 443 with a real relay, and a browser in a network of its own that leads there."""

    network: Network
    house: House
    coturn: Coturn
    browser: Browser

    async def seat(self, made: Made, seat: str, script: str = "", name: str = SITE_NAME) -> Person:
        """A person in that network, with nothing opened yet."""
        person = await self.house.seat(made, seat, script=script, browser=self.browser)
        person.link = person.link.replace(self.house.url, f"https://{name}")
        return person

    def only_443(self, relay: bool = False) -> None:
        """Nothing but TCP 443 of the site, and of the relay."""
        self.network.only(*https(self.network.site, *([self.network.relay] if relay else [])))

    @property
    def address(self) -> str:
        return f"https://{SITE_NAME}"

    @property
    def stripped(self) -> str:
        """The same, by a proxy that drops `Upgrade`."""
        return f"https://{STRIPPED_NAME}"


class Lab:
    def __init__(self, folder: Path, playwright: Playwright, chromium: Path, stack: AsyncExitStack) -> None:
        self.folder, self.playwright, self.chromium = folder, playwright, chromium
        self._stack = stack
        self._browser: Browser | None = None
        self._house: House | None = None
        self._site: Site | None = None

    def new_folder(self, name: str) -> Path:
        made = self.folder / f"{name}-{sum(1 for _ in self.folder.iterdir())}"
        made.mkdir()
        return made

    async def browser(self) -> Browser:
        """A Chromium of this machine. It takes certificates that nobody vouches for."""
        if self._browser is None:
            self._browser = await self.another_browser()
            self._stack.push_async_callback(self._browser.close)
        return self._browser

    async def another_browser(self) -> Browser:
        """The caller closes it."""
        return await launch(self.playwright, self.chromium, also=["--ignore-certificate-errors"])

    async def house(self) -> House:
        """A house on loopback, for the rows that close no network; whoever comes to it is sent away by the row."""
        if self._house is None:
            self._house = await House.open(await self.browser(), self.new_folder("house"))
            self._stack.push_async_callback(self._house.close)
        return self._house

    async def site(self) -> Site:
        """Raises `CannotCause`."""
        if self._site is None:
            self._site = await self._stack.enter_async_context(self._open_site())
        return self._site

    @asynccontextmanager
    async def _open_site(self) -> AsyncIterator[Site]:
        folder = self.new_folder("site")
        async with AsyncExitStack() as stack:
            net = await stack.enter_async_context(network(folder))
            coturn = await _coturn(self.new_folder("coturn"), net)
            stack.push_async_callback(coturn.kill)
            settings = {**coturn.settings, "COSESSION_MEDIA_BIND": f"{net.media}:{MEDIA_PORT}"}
            house = await House.open(await self.browser(), self.new_folder("house"), settings=settings)
            stack.push_async_callback(house.close)
            for address, upgrade in ((net.site, True), (net.stripped, False)):
                proxy = deployed(self.new_folder("nginx"), house.server.url, address, upgrade)
                await stack.enter_async_context(proxy)
            inside = await net.chromium(self.playwright, self.chromium)
            stack.push_async_callback(inside.close)
            yield Site(net, house, coturn, inside)


async def _coturn(folder: Path, net: Network) -> Coturn:
    """With UDP and TCP on its usual port, TLS on 443."""
    (folder / "secret").write_text("of-the-lab-0123456789")
    certificate, key = certify(folder)
    plain = f"turn:{RELAY_NAME}:{RELAY_PORT}"
    urls = f"{plain},{plain}?transport=tcp,turns:{RELAY_NAME}:443?transport=tcp"
    wanted: dict[str, Any] = {"turn_urls": urls, "turn_secret_file": folder / "secret"}
    settings = load(**wanted, media_bind=Address(net.media, MEDIA_PORT))
    known = {f"COSESSION_{name.upper()}": str(value) for name, value in wanted.items()}
    text = config(settings, certificate=certificate, key=key, listen=[net.relay])
    made = Coturn(folder, text, known, net.relay)
    await made.start()
    return made


@asynccontextmanager
async def lab(folder: Path, chromium: Path) -> AsyncIterator[Lab]:
    async with async_playwright() as playwright, AsyncExitStack() as stack:
        yield Lab(folder, playwright, chromium, stack)
