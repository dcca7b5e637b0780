"""The whole server, as a process of its own, under somebody who means no good."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cosession.bench.flood import measure_floods
from cosession.simulate.browsing import Browser
from cosession.simulate.own_server import OwnServer

#: Beside a flood the old server answered after 3 to 8 seconds, 150 to 350 times as late as in quiet.
BOUND_MS, BOUND_RATIO = 1_000, 5


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_seat_that_floods_keeps_no_other_room_waiting() -> None:
    """One kind of each that cost most: a valid message, what is none, frames below the messages."""
    found = await measure_floods(["clock_ping", "hello", "bad", "fragments"], 2.0)
    told = found.as_json()
    bound_ms = BOUND_MS + BOUND_RATIO * told["quiet_ms"]["p99"]
    slow = {kind: one["p99_ms"] for kind, one in told["beside"].items() if one["p99_ms"] > bound_ms}
    assert slow == {}
    assert all(sent["messages"] > 1_000 for sent in found.sent.values()), "that was no flood"


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[OwnServer]:
    """A server that has only 400 descriptors, and could not have more."""
    own = OwnServer(tmp_path / "data", descriptors=400)
    await own.start()
    yield own
    await own.stop()


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_half_requests_keep_no_newcomer_out(small: OwnServer) -> None:
    """Before: each kept its descriptor for ever, and when there were no more nobody came in."""
    place = urlsplit(small.url)
    halves: list[asyncio.StreamWriter] = []
    try:
        for _ in range(700):
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(2):
                    _, writer = await asyncio.open_connection(place.hostname, place.port)
                    writer.write(b"GET / HTTP/1.1\r\nHost: half\r\nX-Half: ")
                    halves.append(writer)
        begun_s = time.monotonic()
        browser = Browser()
        await browser.sign_in(small.sign_in)
        await browser.sign_in(small.ops_sign_in)
        assert time.monotonic() - begun_s < 5
        told = await browser.get_json(small.ops_sign_in.partition("/in/")[0] + "/rooms.json")
        assert told["doors"]["ended"]["full"] >= 500
        assert told["doors"]["connections"] <= 400
    finally:
        for writer in halves:
            writer.transport.abort()
