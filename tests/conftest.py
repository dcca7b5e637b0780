"""What every test may lean on: one event loop implementation, one hypothesis profile, a real browser.

Tests and fixtures that are `async def` need no mark. Only session-wide things live here; what one folder needs is in
its own conftest.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.async_api import Browser, BrowserContext, async_playwright

from cosession.authoring.scripts import read_all
from cosession.bench.chromium import launch
from tests.chromium import find

settings.register_profile("house", deadline=None, derandomize=True, print_blob=True)
settings.register_profile(
    "thorough", deadline=None, max_examples=2000, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("COSESSION_HYPOTHESIS", "house"))


#: Folders whose tests need neither a browser nor minutes: `make unit`. They may run beside each other.
QUICK = ("core", "programme", "golden", "room", "store", "wire", "server", "ops", "doors", "faults")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the quick ones, before `-m` chooses."""
    folder = Path(__file__).parent
    for item in items:
        browser_or_slow = any(item.iter_markers("browser")) or any(item.iter_markers("slow"))
        if not browser_or_slow and item.path.relative_to(folder).parts[0] in QUICK:
            item.add_marker("quick")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def delivered_scripts() -> Iterator[None]:
    """An application reads the delivered scripts at its start; here they are read once for all tests of a run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cosession.main.read_all", cache(read_all))
        yield


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of a real Chromium. A machine without one fails the test, with the fix: it is not skipped."""
    return find()


@pytest.fixture(scope="module")
async def browser(anyio_backend: str, chromium: Path) -> AsyncIterator[Browser]:
    """A running Chromium with a synthetic camera and microphone, shared by the tests of one file."""
    async with async_playwright() as playwright:
        running = await launch(playwright, chromium)
        yield running
        await running.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh profile that may use camera and microphone; all its pages close with the test."""
    fresh = await browser.new_context(permissions=["camera", "microphone"], locale="fr-FR")
    yield fresh
    await fresh.close()
