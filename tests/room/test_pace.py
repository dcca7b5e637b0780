"""How fast a seat may send: the table, the slowing, the word about it, the end; and that a page is far below."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from cosession.room.pace import MESSAGES, PATIENCE_MS, SEAT_SOCKETS, Bucket, Buckets, Budget
from cosession.wire.messages import BrowserMessage
from tests.room.bench import Bench, Page

#: What a page sends at most, by type: at once (a return with all that waits), and each second for long.
PAGE: dict[str, tuple[int, float]] = {
    "hello": (2, 0),
    "command": (6, 3),
    "draft": (4, 1.7),
    "send_note": (2, 0.3),
    "media_offer": (2, 0.25),
    "media_state": (4, 0.5),
    "media_rung": (2, 0.2),
    "network_check": (1, 0.1),
    "clock_ping": (8, 0.1),
    "pong": (15, 1),
}


def message(kind: str, number: int) -> dict[str, Any]:
    """A small valid one."""
    name = f"{kind}-number-{number}"
    fields: dict[str, dict[str, Any]] = {
        "hello": {"tab": "tab-one-1", "epoch": 1, "place": "room"},
        "command": {"id": name, "command": {"type": "raise_hand"}},
        "draft": {"id": name, "capture": "intention", "fields": {"text": f"{number}"}},
        "send_note": {"id": name, "line": "Bonjour"},
        "media_offer": {"id": name, "connection": "media-one", "sdp": "v=0 offer"},
        "media_state": {"camera": number % 2 == 0, "microphone": True},
        "media_rung": {"rung": "udp"},
        "network_check": {"works": ["udp"]},
        "clock_ping": {"sent_ms": 1.0},
        "pong": {"n": number},
    }
    return {"type": kind, **fields[kind]}


KINDS = [union.model_fields["type"].default for union in get_args(get_args(BrowserMessage)[0])]


def test_every_type_of_message_has_a_budget_far_above_what_a_page_needs() -> None:
    assert set(KINDS) == set(PAGE) == set(MESSAGES) - {"bad", "message", "byte"}
    for kind, (at_once, per_s) in PAGE.items():
        assert MESSAGES[kind].burst >= 2 * at_once, kind
        assert MESSAGES[kind].per_s >= 2 * per_s, kind
    assert MESSAGES["message"].per_s >= 4 * sum(per_s for _, per_s in PAGE.values())


def test_a_budget_gives_its_burst_at_once_and_then_its_rate() -> None:
    bucket = Bucket(Budget(per_s=4, burst=10))
    assert [bucket.take(1_000) for _ in range(10)] == [0] * 10
    assert bucket.take(1_000) == 250
    assert bucket.take(1_000) == 500
    assert bucket.take(1_500) == 250
    assert bucket.take(60_000) == 0
    assert not bucket.idle(60_000)
    assert bucket.idle(60_250)


def test_those_who_were_here_long_ago_are_forgotten() -> None:
    buckets = Buckets(Budget(per_s=1, burst=1))
    for number in range(1_000):
        buckets.take(number, 10_000 * number)
    assert len(buckets._buckets) <= 256


async def rests_ms(page: Page, kind: str, count: int) -> list[float]:
    """How long the socket rests after each of so many messages; time stands still."""
    text = "{" if kind == "bad" else ""
    return [await page.connection.receive(text or json.dumps(message(kind, number))) for number in range(count)]


@pytest.mark.parametrize("kind", [*KINDS, "bad"])
async def test_whoever_goes_beyond_is_slowed_and_told_and_at_last_closed(bench: Bench, kind: str) -> None:
    room = await bench.room()
    page, other = await bench.page(room, "p2"), await bench.page(room, "p3")
    budget = MESSAGES[kind]
    rests: list[float] = []
    began_ms = bench.clock.now_ms
    while page.closed is None:
        assert bench.clock.now_ms - began_ms < 2 * PATIENCE_MS + 1_000 * budget.burst / budget.per_s
        if kind == "bad" and page.connection._bad_in_a_row >= 5:
            await page.say(type="pong", n=1)
        rests += await rests_ms(page, kind, 1)
        await bench.passes(round(rests[-1]))
    sent_s = (bench.clock.now_ms - began_ms) / 1000
    assert page.closed == 4429
    assert len(rests) <= budget.burst + budget.per_s * sent_s + 1
    assert rests[: min(5, int(budget.burst) - 1)] == [0] * min(5, int(budget.burst) - 1)
    assert [one["code"] for one in page.of("error") if one["code"] == "slow_down"] == ["slow_down", "slow_down"]
    assert other.closed is None


async def test_what_a_seat_sends_counts_on_whichever_socket(bench: Bench) -> None:
    room = await bench.room()
    burst = int(MESSAGES["clock_ping"].burst)
    first = await bench.page(room, "p2")
    assert set(await rests_ms(first, "clock_ping", burst)) == {0}
    await first.gone()
    again = await bench.page(room, "p2", epoch=2)
    assert min(await rests_ms(again, "clock_ping", 3)) > 0
    assert min(await rests_ms(await bench.page(room, "p3"), "clock_ping", 3)) == 0


async def test_whoever_is_slowed_for_a_moment_stays(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    for _ in range(3):
        assert max(await rests_ms(page, "media_state", 24)) > 0
        await bench.passes(30_000)
    assert page.closed is None


async def test_large_messages_are_slowed_before_small_ones(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    text = json.dumps({**message("draft", 1), "fields": {"text": "x" * 15_000}})
    rests = [await page.connection.receive(text) for _ in range(20)]
    assert rests[:10] == [0] * 10
    assert rests[-1] > 0


async def test_a_seat_has_eight_sockets_and_the_oldest_without_hello_makes_room(bench: Bench) -> None:
    room = await bench.room()
    greeted = await bench.page(room, "p2")
    waiting = [Page(bench, room, "p2") for _ in range(SEAT_SOCKETS)]
    await bench.settled()
    assert greeted.closed is None
    assert [page.closed for page in waiting] == [4429] + [None] * (SEAT_SOCKETS - 1)


async def test_a_socket_without_hello_is_closed_after_ten_seconds(bench: Bench) -> None:
    room = await bench.room()
    silent, greeted = Page(bench, room, "p2"), await bench.page(room, "p3")
    await bench.passes(9_900)
    assert silent.closed is None
    await bench.passes(200)
    assert [silent.closed, greeted.closed] == [4400, None]
