"""A house for the tests of one file, and the promise that neither the server nor a page has complained."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.browser.house import House


@pytest.fixture(scope="module")
async def running(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    opened = await House.open(browser, tmp_path_factory.mktemp("house"))
    yield opened
    await opened.close()


@pytest.fixture
async def house(running: House) -> AsyncIterator[House]:
    """The running house; everybody leaves with the test."""
    logged = len(running.errors_logged())
    yield running
    complaints = await running.leave()
    assert complaints == []
    assert running.errors_logged()[logged:] == []
