"""The operators' listener: who may look, what is shown, what is never shown, and what probes say."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from cosession.core.commands import CarePause, Pause, ReportPresence, StartSession, SuspendSession
from cosession.core.vocabulary import Presence
from cosession.main import Application
from cosession.ops.app import build
from cosession.ops.counting import Answers
from cosession.ops.load import Load
from cosession.ops.pulse import EVERY_S, Pulse
from cosession.room.actor import Room
from cosession.room.ports import ConnectionStats, Unavailable, WorkerStats
from cosession.settings import Settings
from tests.room.bench import FakeClock
from tests.server.conftest import PEOPLE, QuietMedia, facilitator, journal, made, media, settings, setup

__all__ = ["facilitator", "journal", "made", "media", "settings"]


@pytest.fixture
async def application(settings: Settings, media: QuietMedia, journal: io.StringIO) -> AsyncIterator[Application]:
    """Its clock stands still: seats that nobody sits in are not found absent, however slow the machine is."""
    async with Application(settings, media=media, clock=FakeClock(), zone=ZoneInfo("Europe/Paris")).running() as it:
        yield it


@pytest.fixture
async def outsider(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application.ops, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://ops.test", follow_redirects=True, headers={"accept-language": "fr"}
    ) as client:
        yield client


@pytest.fixture
async def operator(application: Application, outsider: httpx.AsyncClient) -> httpx.AsyncClient:
    answer = await outsider.post(f"/in/{await application.registry.new_login_link('ops')}")
    assert answer.status_code == 200
    return outsider


@pytest.fixture
async def room(application: Application, made: dict[str, Any]) -> Room:
    found = await application.rooms.get(made["session"])
    assert found is not None
    return found


async def test_only_operators_look(application: Application, outsider: httpx.AsyncClient, made: dict[str, Any]) -> None:
    assert (await outsider.get("/")).status_code == 403
    assert (await outsider.get("/rooms.json")).status_code == 403
    assert (await outsider.get(f"/verify/{made['session']}")).status_code == 403
    token = await application.registry.new_login_link("facilitator")
    for refused in (await outsider.get(f"/in/{token}"), await outsider.post(f"/in/{token}")):
        assert refused.status_code == 404, "a facilitator's link is not an operator's"
    assert (await outsider.get("/")).status_code == 403


async def test_a_server_that_reaches_nobody_says_so(application: Application, outsider: httpx.AsyncClient) -> None:
    assert (await outsider.get("/readyz")).text == "ok\n"
    lonely = replace(application._ops, reaches_nobody=lambda: True)
    app = build(lonely)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as asking:
        found = await asking.get("/readyz")
    assert (found.status_code, found.text.splitlines()[0]) == (200, "ok")
    assert "media: no address but this machine's own" in found.text


async def test_probes_and_metrics_need_no_login(
    application: Application, outsider: httpx.AsyncClient, media: QuietMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await outsider.get("/livez")).text == "ok\n"
    assert (await outsider.get("/readyz")).text == "ok\n"
    media.answers = False
    unready = await outsider.get("/readyz")
    assert (unready.status_code, unready.text) == (503, "media: does not answer\n")

    async def full(mark: object) -> None:
        raise Unavailable("store_full")

    monkeypatch.setattr(application.log, "alive", full)
    assert (await outsider.get("/readyz")).text == "store: does not answer\nmedia: does not answer\n"
    assert (await outsider.get("/livez")).status_code == 200
    assert "cosession_media_up 0.0" in (await outsider.get("/metrics")).text


async def test_the_board_shows_each_room_without_names_or_texts(
    operator: httpx.AsyncClient, room: Room, media: QuietMedia
) -> None:
    media.seats[room.session] = [
        ConnectionStats("c1", "p1", "udp", 100, 700, 0.4, 21.0, 60, 40, 3),
        ConnectionStats("c2", "p2", "udp", 120, 650, 7.5, None, 60, 60, 0),
    ]
    page = await operator.get("/")
    assert page.status_code == 200
    assert room.session in page.text
    assert "perte élevée" in page.text
    assert "content-security-policy" in page.headers
    for private in (*PEOPLE, "Claire", "Estuaire"):
        assert private not in page.text
    (row,) = (await operator.get("/rooms.json")).json()["rooms"]
    assert (row["grade"], row["trouble"], row["loss_percent"], row["paths"]) == ("warn", "loss", 7.5, {"udp": 2})
    seat = next(seat for seat in row["seats"] if seat["seat"] == "p1")
    assert (seat["packets_in"], seat["packets_out"], seat["audio_packets_dropped"]) == (100, 700, 3)
    english = await operator.get("/?lang=en")
    assert "high loss" in english.text


async def test_a_board_without_rooms_and_one_without_media_say_so(
    application: Application, operator: httpx.AsyncClient, media: QuietMedia
) -> None:
    assert "Rien à faire" in (await operator.get("/")).text
    media.answers = False
    assert "ne répond pas" in (await operator.get("/")).text
    assert (await operator.get("/rooms.json")).json()["media"] is None


async def another(application: Application, facilitator: httpx.AsyncClient) -> Room:
    answer = await facilitator.post("/sessions", json=setup())
    found = await application.rooms.get(answer.json()["session"])
    assert found is not None
    return found


async def test_the_worst_room_comes_first(
    application: Application, facilitator: httpx.AsyncClient, operator: httpx.AsyncClient, room: Room
) -> None:
    calm, leaderless = [await another(application, facilitator) for _ in range(2)]
    for one in (room, calm, leaderless):
        for seat in one.state.seats:
            await one.ask(ReportPresence(seat=seat, presence=Presence.HERE))
        await one.ask(StartSession(), "f")
    await room.ask(Pause(), "f")
    await leaderless.ask(ReportPresence(seat="f", presence=Presence.ABSENT))
    found = (await operator.get("/rooms.json")).json()["rooms"]
    assert [(row["session"], row["grade"], row["trouble"]) for row in found[:1]] == [
        (leaderless.session, "bad", "lead_absent")
    ]
    assert {row["session"]: row["trouble"] for row in found[1:]} == {room.session: "paused", calm.session: "ok"}
    assert "animation absente" in (await operator.get("/")).text


async def test_the_board_tells_no_care_pause_from_a_pause_and_leaves_a_suspended_room_alone(
    operator: httpx.AsyncClient, room: Room
) -> None:
    async def trouble() -> tuple[str, str]:
        (row,) = (await operator.get("/rooms.json")).json()["rooms"]
        return row["grade"], row["trouble"]

    for seat in room.state.seats:
        await room.ask(ReportPresence(seat=seat, presence=Presence.HERE))
    await room.ask(StartSession(), "f")
    await room.ask(CarePause(), "f")
    assert room.figures()["holds"] == ["care"]
    assert "care" not in (await operator.get("/rooms.json")).text
    await room.ask(SuspendSession(), "f")
    for seat in room.state.seats:
        await room.ask(ReportPresence(seat=seat, presence=Presence.ABSENT))
    assert await trouble() == ("ok", "suspended")
    assert "suspendue" in (await operator.get("/")).text


async def test_verify_tells_whether_the_log_says_what_the_room_believes(
    operator: httpx.AsyncClient, room: Room
) -> None:
    await room.ask(StartSession(), "f")
    found = (await operator.get(f"/verify/{room.session}")).json()
    assert found["replay_equal"] is True
    assert found["events"] == room.stream.seq
    assert sum(phase["planned_s"] for phase in found["phases"]) == 4500
    assert found["hearable"]
    assert (await operator.get("/verify/nosuchthing1")).status_code == 404


async def test_metrics_count_and_name_nobody(application: Application, outsider: httpx.AsyncClient, room: Room) -> None:
    for text in (
        '{"type":"accepted","id":"command-1","seq":3}',
        '{"type":"refused","id":"command-2","code":"not_now","field":"","detail":""}',
        '{"type":"view","seq":3}',
        '{"type":"error","id":null,"code":"not_json","place":"","fix":"","retry":false}',
    ):
        application.answers.count(text)
    text = (await outsider.get("/metrics")).text
    for line in (
        'cosession_rooms{status="lobby"} 1.0',
        'cosession_rooms{status="running"} 0.0',
        'cosession_seats{presence="here"} 0.0',
        "cosession_commands_total 1.0",
        'cosession_refusals_total{code="not_now"} 1.0',
        'cosession_wire_errors_total{code="not_json"} 1.0',
        'cosession_media_packets_total{direction="in",worker="0"} 1200.0',
        'cosession_media_dropped_total{reason="closed_floor",worker="0"} 5.0',
    ):
        assert line in text, line
    assert room.session not in text


async def test_what_was_turned_away_stands_on_the_board_and_in_the_metrics(
    application: Application, operator: httpx.AsyncClient, outsider: httpx.AsyncClient
) -> None:
    application.answers.count_close(4429)
    application.answers.count_close(4429)
    application.answers.ended.update({"head": 3, "full": 1})
    for _ in range(5):
        application.answers.count_overtaken()
    text = (await outsider.get("/metrics")).text
    for line in (
        'cosession_socket_closes_total{code="4429"} 2.0',
        'cosession_connections_ended_total{reason="head"} 3.0',
        'cosession_connections{kind="socket"} 0.0',
        "cosession_sound_frames_overtaken_total 5.0",
        f"cosession_connections_limit {float(application.visits.limits.most)}",
    ):
        assert line in text, line
    assert (await operator.get("/rooms.json")).json()["doors"] == {
        "connections": 0,
        "sockets": 0,
        "most": application.visits.limits.most,
        "too_fast": 2,
        "ended": {"full": 1, "head": 3},
        "sound_overtaken": 5,
    }
    page = (await operator.get("/")).text
    assert "trop rapides, fermées\u00a0: 2" in page
    assert "pour faire place, coupées\u00a0: 4" in page
    assert "trames dépassées\u00a0: 5" in page


def test_a_long_view_costs_the_counter_nothing() -> None:
    answers = Answers()
    answers.count('{"type":"view","common":not even json')
    assert answers.accepted == 0


async def test_the_board_says_of_each_worker_how_busy_it_is_and_what_it_dropped_and_why(
    operator: httpx.AsyncClient, media: QuietMedia
) -> None:
    page = (await operator.get("/")).text
    for said in ("média 77", "1200", "3400", "parole fermée 5"):
        assert said in page, said
    (worker,) = (await operator.get("/rooms.json")).json()["media"]
    assert (worker["dropped"], worker["loop_lag_ms"], worker["cpu_percent"]) == ({"closed_floor": 5}, 0.0, None)


def test_how_busy_a_worker_is_is_read_twice() -> None:
    load = Load()

    def look(now_s: float, *workers: tuple[int, float]) -> dict[int, float | None]:
        return load.percent([WorkerStats(pid, 0, 0, cpu_s=cpu_s) for pid, cpu_s in workers], now_s)

    assert look(10.0, (7, 3.0)) == {7: None}
    assert look(10.5, (7, 3.4)) == {7: None}, "too close to say"
    assert look(12.0, (7, 3.5)) == {7: 25.0}
    assert look(12.5, (7, 4.0), (8, 0.1)) == {7: 25.0, 8: None}
    assert look(14.0, (8, 1.1)) == {8: 66.7}, "7 is gone"


async def test_the_pulse_sees_a_loop_that_is_held_up() -> None:
    pulse = Pulse()
    pulse.start()
    loop = asyncio.get_running_loop()
    held_until = loop.time() + EVERY_S + 0.15
    while loop.time() < held_until:
        pass  # what must never happen in the server
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    pulse.stop()
    assert pulse.worst_ms >= 100


async def test_metrics_tell_how_people_are_connected_and_not_who(
    outsider: httpx.AsyncClient, room: Room, media: QuietMedia
) -> None:
    media.seats[room.session] = [
        ConnectionStats("c1", "p1", "udp", 100, 700, 0.4, 21.0, 60, 40, 3, jitter_ms=3.0, kbps_in=140, kbps_out=900),
        ConnectionStats("c2", "p2", "tcp", 120, 650, 7.5, None, 60, 60, 0, level="small"),
    ]
    text = (await outsider.get("/metrics")).text
    for line in (
        'cosession_media_ways{level="full",path="udp"} 1.0',
        'cosession_media_ways{level="small",path="tcp"} 1.0',
        'cosession_media_loss_ratio{quantile="1.0"} 0.075',
        'cosession_media_round_trip_seconds{quantile="0.5"} 0.021',
        'cosession_media_jitter_seconds{quantile="0.9"} 0.003',
        'cosession_media_received_bits_per_second{quantile="1.0"} 140000.0',
        'cosession_media_sent_bits_per_second{quantile="1.0"} 900000.0',
    ):
        assert line in text, line
    assert room.session not in text
