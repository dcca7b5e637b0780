"""How well people are connected: one steady word for each seat, the figures for whoever leads, nothing kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from cosession.core.commands import HandOverLead, StartSession
from cosession.room.connection_quality import LOOK_EVERY_MS, Qualities, quality
from cosession.room.ports import ConnectionStats
from tests.room.bench import Bench, Page


def stats(seat: str = "p1", **changes: Any) -> ConnectionStats:
    good = ConnectionStats(f"c-{seat}", seat, "udp", 9, 9, 0.4, 31.4, 5, 4, 0, jitter_ms=4.0, kbps_in=140, kbps_out=980)
    return replace(good, **changes)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "good"),
        ({"round_trip_ms": None, "jitter_ms": None}, "good"),
        ({"loss_percent": 5.0}, "good"),
        ({"loss_percent": 5.1}, "weak"),
        ({"round_trip_ms": 401.0}, "weak"),
        ({"jitter_ms": 120.0}, "good"),
        ({"level": "small"}, "weak"),
        ({"level": "stage"}, "weak"),
        ({"level": "sound", "loss_percent": 20.0}, "sound_only"),
    ],
)
def test_one_look_has_one_word(changes: dict[str, Any], word: str) -> None:
    assert quality(stats(**changes)) == word


def test_a_word_changes_only_when_looks_agree() -> None:
    qualities = Qualities()

    def look(**changes: Any) -> str:
        return qualities.look({"p1": stats(**changes)})["p1"]

    bad: dict[str, Any] = {"loss_percent": 12.0}
    assert [look(), look(**bad), look()] == ["good", "good", "good"]  # a moment
    assert [look(**bad), look(**bad)] == ["good", "weak"]
    assert [look(), look(), look(**bad), look(), look(), look()] == ["weak", "weak", "weak", "weak", "weak", "good"]
    assert [look(**bad), look(level="sound"), look(level="sound")] == ["good", "good", "sound_only"]
    qualities.look({})
    assert look() == "good", "a seat that was away begins anew"


async def offer(bench: Bench, page: Page) -> None:
    await page.say(type="media_offer", id=f"offer-{page.seat}", connection=f"connection-{page.seat}", sdp="v=0")
    await bench.settled()


async def test_the_lead_has_the_figures_and_everybody_their_own_word(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    await bench.passes(2 * LOOK_EVERY_MS)
    assert bench.engine.looks == 0, "nobody's media are there: nothing is asked"

    for page in pages.values():
        await offer(bench, page)
    bench.engine.found = {room.session: [stats("p1"), stats("p2", level="sound", path="tcp"), stats("nobody")]}
    await bench.passes(LOOK_EVERY_MS)
    assert bench.engine.looks == 1
    ways = pages["f"].of("ways")[-1]["ways"]
    assert {seat: (way["quality"], way["path"]) for seat, way in ways.items()} == {
        "p1": ("good", "udp"),
        "p2": ("sound_only", "tcp"),
    }
    measured = {"loss_percent": 0.4, "round_trip_ms": 31, "jitter_ms": 4, "kbps_up": 140, "kbps_down": 980}
    assert ways["p1"].items() >= measured.items()
    assert [pages["p2"].of("own_way")[-1], pages["p3"].of("own_way")] == [
        {"type": "own_way", "quality": "sound_only"},
        [],
    ]
    for seat in ("p1", "p2", "p3"):
        assert pages[seat].of("ways") == [], seat
        assert "kbps_up" not in json.dumps(pages[seat].got), seat
    assert "kbps_up" not in json.dumps(pages["f"].of("view")), "never in a view"


async def test_the_figures_follow_the_lead(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    await offer(bench, pages["p1"])
    bench.engine.found = {room.session: [stats("p1")]}
    assert (await pages["f"].ask(StartSession()))["type"] == "accepted"
    assert (await pages["f"].ask(HandOverLead()))["type"] == "accepted"
    told = len(pages["f"].of("ways"))
    await bench.passes(LOOK_EVERY_MS)
    assert len(pages["f"].of("ways")) == told
    assert room.state.lead is not None
    assert set(pages[room.state.lead].of("ways")[-1]["ways"]) == {"p1"}


async def test_a_media_plane_that_does_not_answer_is_asked_again(bench: Bench) -> None:
    room = await bench.room(people=2)
    page = await bench.page(room, "p1")
    await offer(bench, page)
    bench.engine.found, bench.engine.down = {room.session: [stats("p1")]}, True
    await bench.passes(3 * LOOK_EVERY_MS)
    assert (bench.engine.looks >= 3, page.of("own_way")) == (True, [])
    bench.engine.down = False
    await bench.passes(LOOK_EVERY_MS)
    assert page.of("own_way")[-1]["quality"] == "good"


async def test_that_a_seat_goes_by_a_relay_is_its_pages_word(bench: Bench) -> None:
    room = await bench.room(4)
    pages = await bench.everyone(room)
    bench.engine.found = {room.session: [stats("p1"), stats("p2", path="tcp")]}
    await offer(bench, pages["p1"])
    await pages["p1"].say(type="media_rung", rung="relay")

    async def paths() -> dict[str, str]:
        await bench.passes(LOOK_EVERY_MS)
        return {seat: way["path"] for seat, way in pages["f"].of("ways")[-1]["ways"].items()}

    assert await paths() == {"p1": "relay", "p2": "tcp"}
    await pages["p1"].say(type="media_rung", rung="udp")
    assert await paths() == {"p1": "udp", "p2": "tcp"}
    await pages["p1"].say(type="media_rung", rung="telepathy")
    await bench.settled()
    assert pages["p1"].of("error")[-1]["code"] == "bad_message"


async def test_the_lead_reads_what_worked_in_each_check_and_nobody_else_does(bench: Bench) -> None:
    room = await bench.room(4)
    lead = await bench.page(room, "f", place="lobby")
    assert lead.of("checks")[-1]["works"] == {}
    guest, other = [await bench.page(room, seat, place="lobby", tab=f"tab-of-{seat}") for seat in ("p1", "p2")]
    await guest.say(type="network_check", works=["socket", "relay_tls", "relay_tls"])
    await bench.settled()
    assert lead.of("checks")[-1]["works"] == {"p1": ["socket", "relay_tls"]}
    assert other.of("checks") == guest.of("checks") == []
    later = await bench.page(room, "f", tab="tab-two-2")
    assert later.of("checks")[-1]["works"] == {"p1": ["socket", "relay_tls"]}
    await guest.say(type="network_check", works=["192.0.2.7"])
    await bench.settled()
    assert guest.of("error")[-1]["code"] == "bad_message"


async def test_a_plan_that_nobody_confirms_is_said_once(bench: Bench) -> None:
    bench.engine.listener = None
    room = await bench.room(4)
    pages = await bench.everyone(room)
    await offer(bench, pages["p1"])
    await pages["f"].ask(StartSession())
    with capture_logs() as logs:
        await bench.passes(10 * LOOK_EVERY_MS)
        bench.directory.in_force(room.session, bench.engine.versions[room.session])
        await bench.passes(10 * LOOK_EVERY_MS)
    assert [line["log_level"] for line in logs if line["event"] == "media.plan_not_in_force"] == ["error"]
