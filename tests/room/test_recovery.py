"""The server goes away without a word and comes back: same state, same phase, same time left."""

from __future__ import annotations

import asyncio

import pytest

from cosession.core.commands import NextPhase, NextStep, RaiseHand, StartSession
from cosession.core.schedule import spent_ms
from cosession.core.state import SessionState
from cosession.core.vocabulary import HoldCause, Loss, Microphone, Presence, Status
from cosession.room.actor import Room
from cosession.room.ports import LastAlive, Record
from cosession.room.session_time import SessionTime, elapsed_ms, resume
from tests.room.bench import Bench


def left_ms(room: Room) -> int:
    """What remains of the running phase, in session time."""
    current = room.state.current
    assert current is not None
    return current.planned_ms - spent_ms(room.state, current, room.now_ms())


async def back(bench: Bench, session: str) -> Room:
    room = await bench.directory.get(session)
    assert room is not None
    return room


@pytest.mark.parametrize("speed", [1, 60])
@pytest.mark.parametrize("away_ms", [300, 40_000])
async def test_same_phase_and_same_time_left(bench: Bench, speed: int, away_ms: int) -> None:
    room = await bench.room(speed=speed)
    lead = (await bench.everyone(room))["f"]
    await lead.ask(StartSession())
    await bench.passes(100_000 // speed)
    before, left = room.state, left_ms(room)
    await bench.crash()
    await bench.restart(away_ms)
    again = await back(bench, room.session)
    assert again is not room
    assert again.state.current is not None
    assert before.current is not None
    assert (again.state.current.key, again.state.turn) == (before.current.key, before.turn)
    assert abs(left_ms(again) - left) <= 2_000 * speed
    assert again.state.booked[HoldCause.OUTAGE] == pytest.approx(away_ms * speed, abs=1_000 * speed)
    assert again.now_ms() == pytest.approx(room.time.at(bench.clock.now_ms), abs=2)
    assert (await again.verify())["replay_equal"]


async def test_a_crash_right_after_an_answer_loses_nothing(bench: Bench) -> None:
    room = await bench.room()
    lead, asker = await bench.page(room, "f"), await bench.page(room, "p2")
    await lead.ask(StartSession())
    while (current := room.state.current) is not None and current.id != "questions":
        await lead.ask(NextPhase(phase=current.key, losing=tuple(Loss)))
    await asker.ask(RaiseHand())
    state, seq = room.state, room.stream.seq
    await bench.crash()
    await bench.restart(0)
    again = await back(bench, room.session)
    # No time was lost, so nothing had to be credited: the replayed state is the very same.
    assert again.stream.seq == seq
    assert again.state == state


async def test_a_lobby_comes_back_as_it_was_and_its_start_stays_where_it_was(bench: Bench) -> None:
    room = await bench.room(starts_at_ms=600_000)
    await bench.passes(60_000)
    await bench.crash()
    await bench.restart(30_000)
    again = await back(bench, room.session)
    assert again.state == room.state
    assert again.state.status is Status.LOBBY
    assert again.state.starts_at_ms - again.now_ms() == pytest.approx(510_000, abs=2)


async def test_after_a_reboot_the_wall_clock_is_asked(bench: Bench) -> None:
    room = await bench.room()
    lead = (await bench.everyone(room))["f"]
    await lead.ask(StartSession())
    await bench.passes(50_000)
    left = left_ms(room)
    await bench.crash()
    await bench.restart(90_000, reboot=True)
    again = await back(bench, room.session)
    assert abs(left_ms(again) - left) <= 2_000
    assert again.state.booked[HoldCause.OUTAGE] == pytest.approx(90_000, abs=1_000)


async def test_a_second_crash_is_counted_from_the_first_return(bench: Bench) -> None:
    room = await bench.room()
    lead = (await bench.everyone(room))["f"]
    await lead.ask(StartSession())
    await bench.passes(20_000)
    left = left_ms(room)
    for _ in range(2):
        await bench.crash()
        await bench.restart(10_000)
    again = await back(bench, room.session)
    assert abs(left_ms(again) - left) <= 2_000
    assert again.state.booked[HoldCause.OUTAGE] == pytest.approx(20_000, abs=2_000)


async def test_who_was_there_is_given_time_to_come_back(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(StartSession())
    await bench.crash()
    await bench.restart(4_000)
    again = await back(bench, room.session)

    def presences(state: SessionState) -> set[Presence]:
        return {seat.presence for seat in state.seats.values()}

    assert presences(again.state) == {Presence.HERE}
    await bench.passes(2_000)
    returned = await bench.page(again, "f", fresh=False)
    assert returned.of("welcome")[0]["behind"] is False
    await bench.passes(4_500)
    assert again.state.seats["f"].presence is Presence.HERE
    assert again.state.seats["p2"].presence is Presence.ABSENT


async def test_a_microphone_survives_a_crash_for_the_same_page_and_not_for_a_new_one(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(StartSession())
    await pages["f"].ask(NextStep(phase="check_in#1", step=0))
    assert room.state.turn is not None
    speaker = room.state.turn.seat
    await pages[speaker].say(
        type="command", id="open-microphone", command={"type": "set_microphone", "microphone": "open"}
    )
    await bench.settled()
    assert room.state.seats[speaker].microphone is Microphone.OPEN
    await bench.crash()
    await bench.restart(500)
    again = await back(bench, room.session)
    await bench.page(again, speaker, fresh=False)
    assert again.state.seats[speaker].microphone is Microphone.OPEN
    assert bench.engine.plans[-1].hearable == {speaker}
    await bench.page(again, speaker, fresh=True, epoch=2)
    assert again.state.seats[speaker].microphone is Microphone.CLOSED
    assert bench.engine.plans[-1].hearable == frozenset()


async def test_drafts_come_back_to_their_author_only(bench: Bench) -> None:
    room = await bench.room()
    await bench.everyone(room)
    author = await bench.page(room, "p3")
    capture = author.view["own"]["writable"][0]["spec"]
    fields = {capture["fields"][0]["id"]: "apprendre à écouter"}
    await author.say(type="draft", id="draft-0001", capture=capture["id"], fields=fields)
    await bench.settled()
    await bench.crash()
    await bench.restart(1_000)
    again = await back(bench, room.session)
    own = (await bench.page(again, "p3", fresh=False)).view["own"]
    assert own["writable"][0]["draft"] == fields
    other = await bench.page(again, "p4", fresh=False)
    assert "apprendre à écouter" not in repr(other.got)


async def test_a_page_that_knows_more_than_the_log_is_told(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    seq, hash_ = page.view["seq"], page.view["hash"]
    for epoch, (seen, behind) in enumerate(
        [((seq, hash_), False), ((seq + 1, hash_), True), ((seq, "0" * 64), True), ((0, ""), False)], start=2
    ):
        again = await bench.page(room, "p2", epoch=epoch, seen=list(seen))
        assert again.of("welcome")[0]["behind"] is behind


async def test_a_damaged_session_does_not_keep_the_others_from_coming_back(bench: Bench) -> None:
    room = await bench.room()
    await bench.log.append("damaged00000", 0, [Record("no_such_event", 0, {})])
    await bench.crash()
    await bench.restart(1_000)
    assert [one.session for one in bench.directory.live()] == [room.session]


# -- on first need ------------------------------------------------------------------------------------------------


class Gate:
    """Whose logs cannot be read until it is opened, except those that are `free`."""

    def __init__(self, *free: str) -> None:
        self._free = free
        self._open = asyncio.Event()
        self.reached = asyncio.Event()

    async def __call__(self, session: str) -> None:
        if session not in self._free:
            self.reached.set()
            await self._open.wait()

    def open(self) -> None:
        self._open.set()


async def test_only_what_time_moves_comes_back_by_itself_and_what_runs_comes_first(bench: Bench) -> None:
    asleep = [await bench.room(starts_at_ms=3_600_000) for _ in range(20)]
    due = []
    for _ in range(3):
        due.append(await bench.room(starts_at_ms=0))
        await bench.passes(1_000)
    runs = [await bench.room() for _ in range(2)]
    for room in runs:
        await (await bench.everyone(room))["f"].ask(StartSession())
    await bench.crash()
    await bench.restart(1_000)
    came = bench.log.was_read
    assert set(came[:2]) == {room.session for room in runs}
    assert came[2:] == [room.session for room in reversed(due)]
    assert {room.session for room in bench.directory.live()} == set(came)
    assert (await bench.directory.asleep(5))[1] == len(asleep)
    assert asleep[7].session not in bench.engine.rooms
    assert (await back(bench, asleep[7].session)).state == asleep[7].state
    assert (await bench.directory.asleep(5))[1] == len(asleep) - 1


async def test_who_knocks_is_let_in_before_the_others_are_back(bench: Bench) -> None:
    runs = [await bench.room() for _ in range(3)]
    for room in runs:
        await (await bench.everyone(room))["f"].ask(StartSession())
    lobby = await bench.room()
    await bench.crash()
    gate = Gate(runs[2].session, lobby.session)
    await bench.restart(1_000, slow=gate)
    await gate.reached.wait()
    assert (await bench.directory.summaries.page("nobody")).total == 0, "pages are served"
    for wanted in (runs[2], lobby):
        assert (await back(bench, wanted.session)).session == wanted.session
    assert {room.session for room in bench.directory.live()} == {runs[2].session, lobby.session}
    waiting = asyncio.ensure_future(bench.directory.get(runs[0].session))
    gate.open()
    await bench.directory.running_back()
    assert await waiting is bench.directory.here(runs[0].session), "it lives once"
    await bench.settled()
    assert len(bench.directory.live()) == 4
    assert len(bench.log.was_read) == 4


async def test_a_session_that_was_not_back_yet_when_the_server_died_again_loses_no_time(bench: Bench) -> None:
    room = await bench.room()
    lead = (await bench.everyone(room))["f"]
    await lead.ask(StartSession())
    await bench.passes(20_000)
    left = left_ms(room)
    await bench.crash()
    await bench.restart(10_000, slow=Gate())
    for _ in range(30):
        bench.clock.turn_to(bench.clock.now_ms + 1_000)
        await asyncio.sleep(0)
    await bench.crash()
    await bench.restart(5_000)
    again = await back(bench, room.session)
    assert abs(left_ms(again) - left) <= 2_000
    assert again.state.booked[HoldCause.OUTAGE] == pytest.approx(45_000, abs=2_000)


async def test_time_goes_on_in_a_session_to_which_nobody_comes_back(bench: Bench) -> None:
    room = await bench.room()
    await (await bench.everyone(room))["f"].ask(StartSession())
    await bench.crash()
    await bench.restart(1_000)
    await bench.passes(60_000)
    again = bench.directory.here(room.session)
    assert again is not None
    assert again.state.vacant, "facilitator and deputy were away for 30 s"
    assert {seat.presence for seat in again.state.seats.values()} == {Presence.ABSENT}


async def test_a_lobby_is_woken_when_its_start_has_come(bench: Bench) -> None:
    room = await bench.room(starts_at_ms=600_000)
    page = await bench.page(room, "f")
    await page.gone()
    await bench.passes(10_000)
    await bench.crash()
    await bench.restart(30_000)
    assert bench.directory.live() == []
    await bench.passes(550_000)
    assert bench.directory.live() == []
    await bench.passes(12_000)
    [again] = bench.directory.live()
    assert again.state == room.state
    assert 0 <= again.now_ms() - again.state.starts_at_ms <= 3_000
    assert again._timer is not None, "and time moves it"


async def test_who_was_in_a_lobby_is_not_shown_there_for_ever(bench: Bench) -> None:
    room = await bench.room(starts_at_ms=600_000)
    await bench.page(room, "p2")
    await bench.crash()
    await bench.restart(2_000)
    await bench.passes(10_000)
    shown = await bench.directory.summaries.one(room.session)
    assert shown is not None
    assert shown.summary.here == 0


# -- the arithmetic -------------------------------------------------------------------------------------------------


def at(boottime_ms: int, boot: str = "a", wall_ms: int | None = None) -> LastAlive:
    return LastAlive(boot, boottime_ms, boottime_ms if wall_ms is None else wall_ms)


def test_an_outage_is_never_negative() -> None:
    assert elapsed_ms(at(500), at(400)) == 0
    assert elapsed_ms(at(500, "a", 9_000), at(10, "b", 8_000)) == 0
    assert elapsed_ms(at(500, "", 9_000), at(10, "", 9_700)) == 700
    resumed = resume(1_000, at(500), at(700), at(600), speed=1)
    assert (resumed.session_ms, resumed.outage_ms) == (1_100, 0)


def test_a_row_older_than_the_last_event_is_not_asked() -> None:
    resumed = resume(60_000, at(5_000), at(4_200), at(9_000), speed=60)
    assert (resumed.session_ms, resumed.outage_ms) == (60_000 + 240_000, 240_000)
    assert resume(60_000, at(5_000), None, at(9_000), speed=60) == resumed


def test_life_after_the_last_event_was_no_outage() -> None:
    resumed = resume(60_000, at(5_000), at(8_000), at(9_000), speed=2)
    assert (resumed.session_ms, resumed.outage_ms) == (60_000 + 8_000, 2_000)


@pytest.mark.parametrize("speed", [1, 7, 60])
@pytest.mark.parametrize("session_ms", [0, 999, 1_000, 123_457])
def test_a_wake_is_neither_early_nor_a_millisecond_late(speed: int, session_ms: int) -> None:
    time = SessionTime(1_000, 50_000, speed)
    moment = time.monotonic_at(session_ms)
    assert time.at(moment) >= session_ms > time.at(moment - 1)
