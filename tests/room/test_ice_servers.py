"""Relays in welcome, with a credential of the seat; the next one before it ends; never in a log. That coturn takes it:
`tests/media/test_coturn.py`."""

from __future__ import annotations

from typing import Any

import pytest

from cosession.room.audience import GHOST_MS
from cosession.room.directory import Directory
from cosession.room.ice_servers import GRACE_MS, RENEW_BEFORE_MS, IceServers
from tests.room.bench import Bench, Page

URLS = ("turn:turn.example.org:3478?transport=udp", "turns:turn.example.org:443?transport=tcp")
LENGTH_MS = 75 * 60_000


@pytest.fixture
async def relays(bench: Bench) -> Bench:
    bench.directory = Directory(bench.log, bench.engine, bench.clock, ice=IceServers(URLS, b"a secret of the house"))
    return bench


def told(page: Page, kind: str) -> list[dict[str, Any]]:
    return [one for message in page.of(kind) for one in message["ice_servers"]]


def good_until_ms(server: dict[str, Any]) -> int:
    return int(server["username"].partition(":")[0]) * 1000


async def test_welcome_tells_each_seat_its_own_credential_for_the_length_and_some_grace(relays: Bench) -> None:
    room = await relays.room(4)
    pages = [await relays.page(room, seat, tab=f"tab-of-{seat}") for seat in ("f", "p1")]
    servers = [told(page, "welcome")[0] for page in pages]
    for seat, server in zip(("f", "p1"), servers, strict=True):
        assert server["urls"] == list(URLS)
        assert server["username"].partition(":")[2] == f"{room.session}.{seat}"
        assert server["username"].isascii()
        assert good_until_ms(server) == (relays.clock.wall_ms() + LENGTH_MS + GRACE_MS) // 1000 * 1000
    assert servers[0]["credential"] != servers[1]["credential"]


async def test_the_next_credential_comes_before_the_last_one_ends_for_as_long_as_one_is_there(relays: Bench) -> None:
    room = await relays.room(4)
    page = await relays.page(room, "p1", place="lobby")

    async def strides(ms: int) -> None:
        """Time passes, in steps in which a page that answers is still believed to be there."""
        end_ms = relays.clock.now_ms + ms
        while relays.clock.now_ms < end_ms:
            relays.clock.turn_to(min(end_ms, relays.clock.now_ms + GHOST_MS - 1000))
            await relays.settled()

    for _ in range(2):
        last = (told(page, "welcome") + told(page, "ice_servers"))[-1]
        await strides(LENGTH_MS + GRACE_MS - RENEW_BEFORE_MS - 1000)
        assert (told(page, "welcome") + told(page, "ice_servers"))[-1] == last
        await strides(1000)
        newest = told(page, "ice_servers")[-1]
        assert relays.clock.wall_ms() < good_until_ms(last) < good_until_ms(newest)
    await page.gone()
    count = len(page.got)
    await strides(LENGTH_MS + GRACE_MS)
    assert len(page.got) == count


async def test_without_a_relay_there_is_nothing_to_tell(bench: Bench) -> None:
    room = await bench.room(4)
    page = await bench.page(room, "p1")
    assert page.of("welcome")[0]["ice_servers"] == []
    assert page.of("ice_servers") == []
