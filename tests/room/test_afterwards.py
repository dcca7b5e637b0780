"""After the close: what may still be written, what is erased, and sessions that nobody began."""

from __future__ import annotations

import pytest

from cosession.core import commands as cmd
from cosession.core.captures import visible
from cosession.core.refusal import Refused
from cosession.core.schedule import LAPSES_MS
from cosession.core.vocabulary import HoldCause, Loss, RefusalCode, Status
from cosession.room.actor import Room
from cosession.room.connection import Connection
from cosession.room.directory import KEEP_CLOSED_MS
from tests.room.bench import Bench

ACTION = {"what": "Parler à Marc", "first_step": "Un café lundi"}
HOUR_MS = 3_600_000


async def closed(bench: Bench, *, stopped: bool = False) -> Room:
    """A session in which the client wrote one action, and that is over."""
    room = await bench.room()
    await bench.everyone(room)
    await room.ask(cmd.StartSession(), "f")
    while room.state.current is not None and room.state.current.id != "action_plan":
        await room.ask(cmd.NextPhase(phase=room.state.current.key, losing=tuple(Loss)), "f")
    await room.ask(cmd.SubmitCapture(capture="action", fields=ACTION), "p1")
    if stopped:
        await room.ask(cmd.CarePause(), "f")
        await room.ask(cmd.StopSession(), "f")
    else:
        await room.ask(cmd.CloseSession(losing=tuple(Loss)), "f")
    return room


async def test_the_action_plan_is_completed_within_its_hours_although_the_room_was_put_away(bench: Bench) -> None:
    room = await closed(bench)
    await bench.passes(KEEP_CLOSED_MS + 20_000)
    for page in [one for mine in room.audience._connections.values() for one in mine]:
        assert isinstance(page, Connection)
        page.ended()
    await bench.passes(2_000)
    assert bench.directory.live() == []
    bench.clock.turn_to(bench.clock.now_ms + 46 * HOUR_MS)
    again = await bench.directory.get(room.session)
    assert again is not None
    assert again is not room
    first = again.state.captures[0]
    more = {**ACTION, "indicator": "Il revient me voir"}
    await again.ask(cmd.SubmitCapture(capture="action", fields=more, version=1, entry=first.entry), "p1")
    await again.ask(cmd.SubmitCapture(capture="action", fields={"what": "Écrire au comité"}), "p1")
    assert [(c.version, c.fields["what"]) for c in again.state.captures] == [
        (2, "Parler à Marc"),
        (1, "Écrire au comité"),
    ]
    rating = cmd.SubmitCapture(capture="rating", fields={"learned": "rate_4", "safe": "rate_5"})
    await again.ask(rating, "p3")
    with pytest.raises(Refused) as late:
        await again.ask(rating, "f")
    assert late.value.code is RefusalCode.NOT_YOUR_SEAT
    bench.clock.turn_to(bench.clock.now_ms + 2 * HOUR_MS)
    with pytest.raises(Refused) as late:
        await again.ask(cmd.SubmitCapture(capture="action", fields=ACTION), "p1")
    assert late.value.code is RefusalCode.TOO_LATE


@pytest.mark.parametrize(("seat", "entry"), [("p1", 99), ("p2", 1)])
async def test_an_entry_that_is_not_ones_own_stays_as_it_is(bench: Bench, seat: str, entry: int) -> None:
    room = await closed(bench)
    with pytest.raises(Refused) as refused:
        await room.ask(cmd.SubmitCapture(capture="action", fields=ACTION, version=1, entry=entry), seat)
    assert refused.value.code in (RefusalCode.STALE, RefusalCode.NOT_YOUR_SEAT)
    assert [c.version for c in room.state.captures] == [1]


@pytest.mark.parametrize("stopped", [True, False])
async def test_a_session_that_has_ended_is_erased_in_memory_on_disk_and_for_good(bench: Bench, stopped: bool) -> None:
    room = await closed(bench, stopped=stopped)
    await bench.page(room, "p1")
    await room.erase()
    await bench.settled()
    for text in ("Parler à Marc", "Nadia", "Estuaire"):
        assert text not in repr(room.state)
        assert text not in room.view_text("p1", None)
    assert [view.erased for view in visible(room.state, "p1")] == [True]
    assert (await room.verify())["replay_equal"]
    with pytest.raises(Refused) as refused:
        await room.ask(cmd.SubmitCapture(capture="action", fields=ACTION), "p1")
    assert refused.value.code is RefusalCode.CLOSED
    await room.erase()
    await bench.crash()
    await bench.restart()
    again = await bench.directory.get(room.session)
    assert again is not None
    assert again.stream.erased
    assert again.state.title == "erased"


async def test_what_has_not_ended_is_not_erased(bench: Bench) -> None:
    room = await bench.room()
    await bench.everyone(room)
    with pytest.raises(Refused):
        await room.erase()
    await room.ask(cmd.StartSession(), "f")
    with pytest.raises(Refused):
        await room.erase()
    assert not room.stream.erased


async def test_a_suspended_session_is_resumed_from_exactly_there_though_the_server_was_away(bench: Bench) -> None:
    room = await bench.room()
    await bench.everyone(room)
    await room.ask(cmd.StartSession(), "f")
    await bench.passes(60_000)
    left_ms, spent_ms = room.state.ends_at_ms - room.now_ms(), room.state.clock(room.now_ms())
    await room.ask(cmd.SuspendSession(), "f")
    until_ms = room.wall_ms(room.state.holds[HoldCause.SUSPENDED])
    await bench.crash()
    await bench.restart(away_ms=48 * HOUR_MS)
    again = await bench.directory.get(room.session)
    assert again is not None
    assert again.wall_ms(again.state.holds[HoldCause.SUSPENDED]) == until_ms
    await bench.everyone(again)
    await again.ask(cmd.ResumeSession(), "f")
    assert abs(again.state.ends_at_ms - again.now_ms() - left_ms) <= 2_000
    assert again.state.clock(again.now_ms()) == spent_ms


async def test_what_one_person_wrote_is_erased_alone(bench: Bench) -> None:
    room = await closed(bench)
    await room.ask(cmd.SubmitCapture(capture="rating", fields={"learned": "rate_4", "safe": "rate_5"}), "p3")
    await bench.log.erase(room.session, "p1")
    await bench.crash()
    await bench.restart()
    again = await bench.directory.get(room.session)
    assert again is not None
    assert not again.stream.erased
    assert [(view.fields, view.erased) for view in visible(again.state, "p1")] == [({}, True)]
    assert [view.erased for view in visible(again.state, "p3") if view.seat == "p3"] == [False]


async def test_a_session_that_nobody_began_closes_a_week_after_its_end(bench: Bench) -> None:
    room = await bench.room(starts_at_ms=HOUR_MS)
    ends_ms = room.state.ends_at_ms
    assert ends_ms == HOUR_MS + room.state.planned_ms
    bench.clock.turn_to(room.time.monotonic_at(ends_ms + LAPSES_MS) - 1)
    await bench.settled()
    assert (await bench.directory.get(room.session)) is room
    assert room.state.closed_at_ms is None
    await bench.passes(10)
    assert room.state.status is Status.CLOSED
    assert room.state.started_at_ms is None
    await bench.passes(2_000)
    assert await bench.log.open_sessions() == []


async def test_a_session_that_nobody_began_closes_though_the_server_was_away(bench: Bench) -> None:
    room = await bench.room()
    await bench.crash()
    await bench.restart(away_ms=room.state.planned_ms + LAPSES_MS + 1_000)
    again = await bench.directory.get(room.session)
    assert again is not None
    assert again.state.status is Status.CLOSED
