"""What the media plane hears becomes facts: spoken time, the lead's words inside a turn, a lost path."""

from __future__ import annotations

import copy
from collections.abc import Callable

from cosession.core import commands as cmd
from cosession.core.vocabulary import ABSENT_AFTER_MS
from cosession.room.actor import Room
from cosession.room.ears import BACK_MS, BATCH_MS, LEAD_ENDS_MS, SPEECH
from tests.core.table import script
from tests.room.bench import Bench, Page

LOUD = SPEECH + 15
#: The media plane's pace.
STEP_MS = 200


async def sound(bench: Bench, room: Room, ms: int, **levels: int) -> None:
    """So long these seats make sound; then the media plane says once that nobody does."""
    for _ in range(ms // STEP_MS):
        bench.directory.voices(room.session, levels)
        await bench.passes(STEP_MS)
    bench.directory.voices(room.session, {})
    await bench.settled()


async def sends(bench: Bench, room: Room, page: Page, *, camera: bool = True, microphone: bool = True) -> str:
    """The page offers, its media arrive, and it says what it sends."""
    name = f"media-of-{page.seat}"
    await page.say(type="media_offer", id=f"offer-of-{page.seat}", connection=name, sdp="v=0 offer")
    await page.say(type="media_state", camera=camera, microphone=microphone)
    await bench.settled()
    bench.directory.carrying(room.session, page.seat, name, True)
    return name


async def reported(bench: Bench, room: Room, kind: str) -> list[dict[str, object]]:
    """The events of one type, without their clocks and format."""
    entries = await bench.log.read(room.session)
    return [
        {name: value for name, value in entry.record.meta.items() if name not in ("clocks", "format")}
        for entry in entries
        if entry.record.type == kind
    ]


async def in_round(bench: Bench) -> tuple[Room, dict[str, Page]]:
    """The first round of the opening: p1 or another member has a turn, the lead has none."""
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(cmd.StartSession())
    await pages["f"].ask(cmd.NextStep(phase="check_in#1", step=0))
    assert room.state.turn is not None
    assert room.state.turn.seat != "f"
    return room, pages


# -- spoken time ---------------------------------------------------------------------------------------------------


async def test_spoken_time_is_booked_in_batches_for_the_phase(bench: Bench) -> None:
    room, _ = await in_round(bench)
    await sound(bench, room, BATCH_MS - STEP_MS, p2=LOUD, p3=SPEECH - 1)
    assert await reported(bench, room, "voices_heard") == []
    await bench.passes(1_000)
    assert await reported(bench, room, "voices_heard") == [
        {"phase": "check_in#1", "spoke_ms": {"p2": BATCH_MS - STEP_MS}},
    ]
    await bench.passes(10 * BATCH_MS)
    assert len(await reported(bench, room, "voices_heard")) == 1, "nobody spoke, nothing is told"
    assert room.state.talk == {"check_in#1": {"p2": BATCH_MS - STEP_MS}}


async def test_what_was_said_before_a_phase_ends_counts_for_that_phase(bench: Bench) -> None:
    room, pages = await in_round(bench)
    await sound(bench, room, 3_000, p2=LOUD)
    await pages["f"].ask(cmd.NextPhase(phase="check_in#1"))
    assert room.state.talk == {"check_in#1": {"p2": 3_000}}
    await sound(bench, room, 2_000, p4=LOUD)
    await pages["f"].ask(cmd.CloseSession())
    assert room.state.talk == {"check_in#1": {"p2": 3_000}, "follow_up#1": {"p4": 2_000}}
    assert (await room.verify())["replay_equal"]
    seen = await bench.page(room, "p2")
    assert seen.view["own"]["talk_ms"] == 3_000


async def test_a_pause_between_words_is_not_spoken_and_a_care_pause_leaves_no_trace(bench: Bench) -> None:
    room, pages = await in_round(bench)
    bench.directory.voices(room.session, {"p2": LOUD})
    await bench.passes(9_000)
    bench.directory.voices(room.session, {"p2": LOUD})
    bench.directory.voices(room.session, {})
    assert room.ears.spoken() == {"p2": 400}
    await pages["f"].ask(cmd.CarePause())
    await sound(bench, room, 20_000, p1=LOUD, f=LOUD)
    assert room.ears.spoken() == {}
    assert await reported(bench, room, "voices_heard") == [{"phase": "check_in#1", "spoke_ms": {"p2": 400}}]


async def test_spoken_time_that_could_not_be_stored_is_stored_later(bench: Bench) -> None:
    room, pages = await in_round(bench)
    await sound(bench, room, 4_000, p2=LOUD)
    bench.log.failing = "store_busy"
    assert (await pages["f"].ask(cmd.NextPhase(phase="check_in#1")))["type"] == "error"
    assert room.state.talk == {}
    bench.log.failing = None
    await pages["f"].ask(cmd.NextPhase(phase="check_in#1"))
    assert await reported(bench, room, "voices_heard") == [{"phase": "check_in#1", "spoke_ms": {"p2": 4_000}}]


# -- the lead's words ----------------------------------------------------------------------------------------------


async def test_the_leads_words_stop_the_turn_and_silence_lets_it_run(bench: Bench) -> None:
    room, _ = await in_round(bench)
    await sound(bench, room, 400, f=LOUD)
    await bench.passes(5_000)
    assert await reported(bench, room, "lead_spoke") == [], "an « mm » stops nothing"
    await sound(bench, room, 3_000, f=LOUD)
    assert await reported(bench, room, "lead_spoke") == [{"speaking": True}]
    await bench.passes(LEAD_ENDS_MS)
    assert await reported(bench, room, "lead_spoke") == [{"speaking": True}, {"speaking": False}]
    assert room.state.turn is not None
    assert room.state.turn.stopped_at_ms is None


async def test_the_end_of_an_introduction_does_not_stop_the_turn_it_introduced(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(cmd.StartSession())
    await sound(bench, room, 5_000, f=LOUD)
    await pages["f"].ask(cmd.NextStep(phase="check_in#1", step=0))
    assert room.state.turn is not None
    await sound(bench, room, 600, f=LOUD)
    assert await reported(bench, room, "lead_spoke") == []
    await sound(bench, room, 1_000, f=LOUD)
    assert await reported(bench, room, "lead_spoke") == [{"speaking": True}], "but who goes on takes the word"


async def test_a_breath_does_not_end_the_leads_words_and_others_do_not_begin_them(bench: Bench) -> None:
    room, _ = await in_round(bench)
    await sound(bench, room, 1_000, f=LOUD)
    await bench.passes(LEAD_ENDS_MS // 2)
    await sound(bench, room, 1_000, f=LOUD, p2=LOUD)
    await sound(bench, room, 5_000, p2=LOUD, p3=LOUD, f=SPEECH - 1)
    assert await reported(bench, room, "lead_spoke") == [{"speaking": True}, {"speaking": False}]


async def test_a_lead_who_drops_while_speaking_does_not_keep_the_turn_stopped(bench: Bench) -> None:
    room, pages = await in_round(bench)
    await sound(bench, room, 1_000, f=LOUD)
    await pages["f"].gone()
    bench.directory.restarted([room.session], 0)
    await bench.passes(LEAD_ENDS_MS + STEP_MS)
    assert await reported(bench, room, "lead_spoke") == [{"speaking": True}, {"speaking": False}]


async def test_in_their_own_turn_the_lead_speaks_as_everybody(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(cmd.StartSession())
    assert room.state.turn is None, "the opening is the lead's"
    await sound(bench, room, 3_000, f=LOUD)
    assert await reported(bench, room, "lead_spoke") == []


# -- a lost path ---------------------------------------------------------------------------------------------------


async def lost_after(bench: Bench, room: Room, seat: str, end: Callable[[], None]) -> int | None:
    """Milliseconds from the end of somebody's media until they count as lost; None if they do not within 30 s."""
    end()
    for passed in range(0, 30_000, STEP_MS):
        if room.state.seats[seat].media_lost:
            return passed
        await bench.passes(STEP_MS)
    return None


async def test_a_path_that_falls_silent_is_lost_after_six_seconds_and_back_at_once(bench: Bench) -> None:
    room, pages = await in_round(bench)
    name = await sends(bench, room, pages["p2"])
    tell = bench.directory.carrying
    # The engine itself has waited 3 s before it says so.
    after = await lost_after(bench, room, "p2", lambda: tell(room.session, "p2", name, False))
    assert after == ABSENT_AFTER_MS - 3_000
    assert (await bench.page(room, "p3")).view["common"]["seats"][2]["media_lost"]
    tell(room.session, "p2", name, True)
    await bench.settled()
    assert not room.state.seats["p2"].media_lost
    assert await reported(bench, room, "media_path_changed") == [
        {"seat": "p2", "lost": True},
        {"seat": "p2", "lost": False},
    ]


async def test_a_connection_that_the_engine_lost_or_a_worker_that_died_counts_from_there(bench: Bench) -> None:
    room, pages = await in_round(bench)
    name = await sends(bench, room, pages["p2"])
    assert (
        await lost_after(bench, room, "p2", lambda: bench.directory.lost(room.session, "p2", name)) == ABSENT_AFTER_MS
    )
    await sends(bench, room, pages["p3"])
    assert await lost_after(bench, room, "p3", lambda: bench.directory.restarted([room.session], 0)) == ABSENT_AFTER_MS


async def test_a_worker_that_hung_before_it_was_ended_counts_from_its_last_word(bench: Bench) -> None:
    room, pages = await in_round(bench)
    await sends(bench, room, pages["p2"])
    after = await lost_after(bench, room, "p2", lambda: bench.directory.restarted([room.session], 4_000))
    assert after == ABSENT_AFTER_MS - 4_000


async def test_who_closed_camera_and_microphone_or_never_had_them_is_not_lost(bench: Bench) -> None:
    room, pages = await in_round(bench)
    name = await sends(bench, room, pages["p2"])
    await pages["p2"].say(type="media_state", camera=False, microphone=False)
    assert (
        await lost_after(bench, room, "p2", lambda: bench.directory.carrying(room.session, "p2", name, False)) is None
    )
    # Opened again: its first packets have their time.
    await pages["p2"].say(type="media_state", camera=False, microphone=True)
    await bench.passes(ABSENT_AFTER_MS - STEP_MS)
    assert await reported(bench, room, "media_path_changed") == []
    await bench.passes(STEP_MS)
    assert room.state.seats["p2"].media_lost
    # Whose media never came has none to lose.
    await pages["p4"].say(type="media_state", camera=True, microphone=True)
    await bench.passes(30_000)
    assert not room.state.seats["p4"].media_lost


async def test_a_picture_that_nobody_asks_for_is_not_missed(bench: Bench) -> None:
    """A seat that sends its picture alone falls silent when the script closes its camera."""
    words = copy.deepcopy(script())
    words["phases"][0]["steps"][0]["closed_cameras"] = ["consultants"]
    room = await bench.room(script=words)
    pages = await bench.everyone(room)
    name = await sends(bench, room, pages["p2"], microphone=False)
    await pages["f"].ask(cmd.StartSession())
    assert (
        await lost_after(bench, room, "p2", lambda: bench.directory.carrying(room.session, "p2", name, False)) is None
    )


async def test_a_picture_that_the_script_wants_again_has_its_time(bench: Bench) -> None:
    words = copy.deepcopy(script())
    words["phases"][0]["steps"][0]["closed_cameras"] = ["consultants"]
    room = await bench.room(script=words)
    pages = await bench.everyone(room)
    name = await sends(bench, room, pages["p2"])
    await pages["f"].ask(cmd.StartSession())
    assert (
        await lost_after(bench, room, "p2", lambda: bench.directory.carrying(room.session, "p2", name, False)) == 3_000
    )
    await pages["f"].ask(cmd.NextStep(phase="check_in#1", step=0))
    await bench.settled()
    assert await reported(bench, room, "media_path_changed") == [
        {"seat": "p2", "lost": True},
        {"seat": "p2", "lost": False},
    ]
    await bench.passes(ABSENT_AFTER_MS)
    assert room.state.seats["p2"].media_lost


async def test_an_absent_seat_has_no_path_and_a_shaky_one_does_not_flood_the_log(bench: Bench) -> None:
    room, pages = await in_round(bench)
    name = await sends(bench, room, pages["p2"])
    await pages["p2"].gone()
    assert (
        await lost_after(bench, room, "p2", lambda: bench.directory.carrying(room.session, "p2", name, False)) == 3_000
    )
    await bench.passes(30_000)
    assert not room.state.seats["p2"].media_lost
    shaky = await sends(bench, room, pages["p3"])
    before = room.stream.seq
    for _ in range(200):
        bench.directory.carrying(room.session, "p3", shaky, False)
        await bench.passes(1_000)
        bench.directory.carrying(room.session, "p3", shaky, True)
        await bench.passes(1_000)
    paths = [event for event in await reported(bench, room, "media_path_changed") if event["seat"] == "p3"]
    assert paths == []
    assert room.stream.seq - before < 40, "what the course itself brings"


async def test_a_lost_path_survives_a_restart_until_its_page_says_otherwise(bench: Bench) -> None:
    room, pages = await in_round(bench)
    name = await sends(bench, room, pages["p2"])
    await lost_after(bench, room, "p2", lambda: bench.directory.carrying(room.session, "p2", name, False))
    await bench.crash()
    await bench.restart()
    again = await bench.directory.get(room.session)
    assert again is not None
    assert again.state.seats["p2"].media_lost
    page = await bench.page(again, "p2", fresh=False)
    assert page.of("media_down"), "this process never had its media"
    await bench.passes(2_000)
    assert again.state.seats["p2"].media_lost
    await sends(bench, again, page)
    await bench.settled()
    assert not again.state.seats["p2"].media_lost


# -- the telephone -------------------------------------------------------------------------------------------------


def phoned(room: Room) -> bool:
    return room.state.seats["p2"].phone


async def test_a_telephone_ends_when_the_sound_that_was_away_is_steady(bench: Bench) -> None:
    room, pages = await in_round(bench)
    name = await sends(bench, room, pages["p2"])
    await pages["p2"].ask(cmd.SetPhone(seat="p2", phone=True))
    await bench.passes(40_000)
    assert phoned(room), "chosen while the sound was there: only a gesture ends it"
    bench.directory.carrying(room.session, "p2", name, False)
    await bench.passes(ABSENT_AFTER_MS)
    assert room.state.seats["p2"].media_lost
    bench.directory.carrying(room.session, "p2", name, True)
    await bench.passes(BACK_MS - 1_000)
    assert phoned(room)
    await bench.passes(2_500)
    assert not phoned(room)
    assert [one["phone"] for one in await reported(bench, room, "phone_set")] == [True, False]


async def test_a_path_that_comes_and_goes_leaves_the_telephone_alone(bench: Bench) -> None:
    room, pages = await in_round(bench)
    name = await sends(bench, room, pages["p2"])
    await pages["p2"].ask(cmd.SetPhone(seat="p2", phone=True))
    for _ in range(6):
        bench.directory.carrying(room.session, "p2", name, False)
        await bench.passes(ABSENT_AFTER_MS + 1_000)
        bench.directory.carrying(room.session, "p2", name, True)
        await bench.passes(BACK_MS - 2_000)
    assert len(await reported(bench, room, "phone_set")) == 1


async def test_the_lead_s_voice_in_the_turn_of_a_telephone_stops_no_clock(bench: Bench) -> None:
    room, pages = await in_round(bench)
    assert room.state.turn is not None
    seat = room.state.turn.seat
    await pages["f"].ask(cmd.SetPhone(seat=seat, phone=True))
    await sound(bench, room, 4_000, f=LOUD)
    assert await reported(bench, room, "lead_spoke") == []
