"""Who may sit on a seat, what a page is told, and what becomes of bad messages and bad lines."""

from __future__ import annotations

import asyncio
import json

import pytest

from cosession.core.commands import NextPhase, RaiseHand, StartSession
from cosession.core.vocabulary import Presence
from cosession.room.ports import Unavailable
from cosession.wire.messages import BAD_IN_A_ROW
from tests.room.bench import Bench, Page

OFFER = {"type": "media_offer", "id": "offer-0001", "connection": "media-one", "sdp": "v=0 offer"}


async def test_nothing_is_told_before_hello(bench: Bench) -> None:
    room = await bench.room()
    page = Page(bench, room, "p2")
    await page.say(type="clock_ping", sent_ms=1.5)
    await room.ask(StartSession(), "f")
    await bench.passes(2_000)
    assert [(m["type"], m["code"]) for m in page.got] == [("error", "hello_first")]


async def test_hello_is_answered_with_everything_a_page_needs(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    first = page.got[0]
    assert first["type"] == "welcome"
    assert (first["seat"], first["seats"]) == ("p2", ["f", *(f"p{n}" for n in range(1, 9))])
    assert page.of("direction")[-1] == {
        "type": "direction",
        "picture": "face",
        "bitrate_kbps": 100,
        "frames_per_second": 15,
    }
    assert page.of("pictures")[-1]["seats"] == []
    view = page.view
    assert view["common"]["session"] == room.session
    assert view["console"] is None
    assert view["own"]["seat"] == "p2"
    assert view["clock"]["server_ms"] == bench.clock.now_ms
    await page.say(type="clock_ping", sent_ms=12.25)
    await bench.settled()
    assert page.of("clock_pong") == [{"type": "clock_pong", "sent_ms": 12.25, "server_ms": bench.clock.now_ms}]
    assert (await bench.page(room, "f")).view["console"] is not None


async def test_who_waits_in_the_lobby_sees_but_is_not_in_the_room(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2", place="lobby")
    assert page.view["common"]["status"] == "lobby"
    await page.say(**OFFER)
    await bench.settled()
    assert (page.answer("offer-0001")["code"], bench.engine.connections) == ("offer_refused", [])
    await bench.passes(3_000)
    seat = room.state.seats["p2"]
    assert (seat.joined, seat.presence) == (False, Presence.ABSENT)
    other = await bench.page(room, "p3")
    assert other.of("waiting")[-1]["seats"] == ["p2"]
    await page.hello(place="room", epoch=2)
    await bench.settled()
    assert other.of("waiting")[-1]["seats"] == []
    assert room.state.seats["p2"].presence is Presence.HERE
    assert room.audience.count("p2") == 1


async def test_another_tab_moves_the_seat_at_once(bench: Bench) -> None:
    room = await bench.room()
    older = await bench.page(room, "p2", tab="tab-older")
    await older.say(**OFFER)
    looking = await bench.page(room, "p2", tab="tab-newer", place="lobby")
    assert not older.closed
    moved_at = bench.clock.now_ms
    await looking.hello(tab="tab-newer", epoch=2)
    await bench.passes(500)
    assert older.of("moved")
    assert (older.closed, older.closed_at_ms) == (4409, moved_at)
    assert bench.engine.disconnected == ["media-one"]
    assert looking.closed is None
    assert room.audience.count("p2") == 1
    assert room.state.seats["p2"].presence is Presence.HERE


async def test_a_moved_page_that_does_not_read_is_cut_within_half_a_second(bench: Bench) -> None:
    room = await bench.room()
    older = await bench.page(room, "p2", tab="tab-older")
    older.reads.clear()
    moved_at = bench.clock.now_ms
    await bench.page(room, "p2", tab="tab-newer")
    await bench.passes(500)
    assert older.closed == 4409
    assert older.closed_at_ms is not None
    assert older.closed_at_ms - moved_at <= 500


async def test_the_same_tab_overlaps_until_the_newer_carries_media(bench: Bench) -> None:
    room = await bench.room()
    older = await bench.page(room, "p2")
    await older.say(**OFFER)
    newer = await bench.page(room, "p2", epoch=2, fresh=False)
    await newer.say(**{**OFFER, "connection": "media-two"})
    await bench.passes(1_000)
    assert not older.closed
    bench.directory.carrying(room.session, "p2", "media-two", True)
    await bench.settled()
    assert (older.closed, newer.closed) == (1000, None)
    assert older.of("moved") == []
    assert bench.engine.disconnected == ["media-one"]


class _Line:
    """A page's own socket for sound that nobody listens to."""

    def __init__(self) -> None:
        self.ended: int | None = None

    def hear(self, frame: bytes) -> None: ...

    def end(self, code: int) -> None:
        self.ended = code


async def test_a_pages_line_and_its_peer_connection_live_beside_each_other_until_the_page_ends_one(
    bench: Bench,
) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    await page.say(**OFFER)
    await bench.settled()
    bench.directory.carrying(room.session, "p2", "media-one", True)
    bridge = _Line()
    await room.media.carry(room.state, "p2", "tab-one-1", "line-one", bridge)
    bench.directory.carrying(room.session, "p2", "line-one", True)
    await page.say(**{**OFFER, "id": "offer-0002", "connection": "media-two"})
    await bench.settled()
    bench.directory.carrying(room.session, "p2", "media-two", True)
    assert bench.engine.disconnected == ["media-one"]
    assert bridge.ended is None
    room.media.hang_up("line-one")
    assert bench.engine.disconnected == ["media-one", "line-one"]
    assert room.figures()["seats"]["p2"]["path"] == "media"


async def test_the_same_tab_overlaps_for_five_seconds_at_most(bench: Bench) -> None:
    room = await bench.room()
    older = await bench.page(room, "p2")
    newer = await bench.page(room, "p2", epoch=2, fresh=False)
    await bench.passes(4_900)
    assert not older.closed
    await bench.passes(200)
    assert (older.closed, newer.closed) == (1000, None)
    late = await bench.page(room, "p2", epoch=1)
    assert (late.closed, newer.closed) == (1000, None)


async def test_a_revoked_link_ends_everything_of_that_seat(bench: Bench) -> None:
    room = await bench.room()
    page, other = await bench.page(room, "p2"), await bench.page(room, "p3")
    await page.say(**OFFER)
    await bench.settled()
    room.kick("p2")
    await bench.settled()
    assert page.got[-1] == {"type": "revoked"}
    assert (page.closed, other.closed) == (4410, None)
    assert bench.engine.disconnected == ["media-one"]


async def test_weak_after_three_seconds_absent_after_six_and_here_at_once(bench: Bench) -> None:
    room = await bench.room(speed=60)
    page = await bench.page(room, "p2")
    await bench.passes(10_000)
    assert room.state.seats["p2"].presence is Presence.HERE
    page.answers_pings = False
    seen: list[Presence] = []
    for _ in range(70):
        await bench.passes(100)
        seen.append(room.state.seats["p2"].presence)
    assert 29 <= seen.index(Presence.WEAK) <= 30
    assert 59 <= seen.index(Presence.ABSENT) <= 60
    await page.say(type="pong", n=1)
    await bench.settled()
    assert room.state.seats["p2"].presence is Presence.HERE


async def test_media_that_live_are_a_sign_of_life(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    await page.gone()
    for _ in range(10):
        await bench.passes(1_000)
        bench.directory.alive(room.session, "p2")
    assert room.state.seats["p2"].present
    await bench.passes(6_000)
    assert room.state.seats["p2"].presence is Presence.ABSENT


async def test_a_return_that_could_not_be_stored_is_stored_later(bench: Bench) -> None:
    room = await bench.room()
    await (await bench.page(room, "p2")).ask(RaiseHand())
    page = await bench.page(room, "p2")
    await page.say(type="command", id="open-microphone", command={"type": "set_microphone", "microphone": "open"})
    await bench.settled()
    bench.log.failing = "store_busy"
    await bench.page(room, "p2", tab="tab-newer", fresh=True)
    assert room.state.seats["p2"].microphone.value == "open"
    bench.log.failing = None
    await bench.passes(1_000)
    assert room.state.seats["p2"].microphone.value == "closed"


async def test_a_spliced_view_equals_a_fresh_one(bench: Bench) -> None:
    """A page that has only ever been sent what changed sees what a page sees that came just now."""
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(StartSession())
    while (current := room.state.current) is not None and current.id != "questions":
        await pages["f"].ask(NextPhase(phase=current.key))
    for seat in ("p2", "p4", "p3"):
        await pages[seat].ask(RaiseHand())
    await bench.passes(150)
    for seat, page in pages.items():
        fresh = json.loads(room.view_text(seat, None))
        page.connection.outbox.show(urgent=True)
        await bench.settled()
        assert page.of("view")[-1]["common"] is None
        assert {**page.view, "clock": None} == {**fresh, "clock": None}


async def test_views_are_ten_a_second_and_the_newest_wins(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    await bench.passes(1_000)
    before = len(page.of("view"))
    for index in range(50):
        await room.save_draft("p1", room.state.script.lobby[0].id, {})
        room.views.changed()
        room.audience.show(urgent=False)
        await bench.passes(20)
        assert len(page.of("view")) - before <= 2 + index // 5
    await bench.passes(100)
    assert 9 <= len(page.of("view")) - before <= 12
    urgent = len(page.of("view"))
    room.audience.show(urgent=True)
    await bench.settled()
    assert len(page.of("view")) == urgent + 1


async def test_a_slow_reader_is_out_and_delays_nobody(bench: Bench) -> None:
    room = await bench.room()
    slow, quick = await bench.page(room, "p2"), await bench.page(room, "p3")
    slow.reads.clear()
    stopped_at = bench.clock.now_ms
    before = len(quick.of("view"))
    await room.ask(StartSession(), "f")
    await bench.settled()
    assert len(quick.of("view")) > before
    await bench.passes(5_100)
    assert slow.closed == 4408
    assert slow.closed_at_ms is not None
    assert slow.closed_at_ms - stopped_at <= 5_000
    assert quick.closed is None


async def test_ten_bad_messages_in_a_row_and_a_good_one_forgives(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    for _ in range(BAD_IN_A_ROW - 1):
        await page.connection.receive("{")
    await page.say(type="pong", n=1)
    for _ in range(BAD_IN_A_ROW - 1):
        await page.connection.receive("{")
    await bench.settled()
    assert page.closed is None
    assert {error["code"] for error in page.of("error")} == {"not_json"}
    await page.connection.receive("[]")
    await bench.settled()
    assert [error["code"] for error in page.of("error")][-2:] == ["bad_message", "too_many_bad"]
    assert page.closed == 4400


async def test_offers_are_answered_or_refused_with_the_place(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    await page.say(**OFFER)
    await page.say(**{**OFFER, "id": "offer-0002", "sdp": "nonsense"})
    await bench.settled()
    bench.engine.down = True
    await page.say(**{**OFFER, "id": "offer-0003"})
    await bench.settled()
    assert page.answer("offer-0001")["sdp"] == "v=0 answer to media-one"
    refused, down = page.answer("offer-0002"), page.answer("offer-0003")
    assert (refused["code"], refused["place"], refused["retry"]) == ("offer_refused", "sdp (not_sdp)", False)
    assert (down["code"], down["retry"]) == ("media_down", True)
    thief = await bench.page(room, "p3", tab="tab-thief")
    bench.engine.down = False
    await thief.say(**{**OFFER, "id": "offer-0004"})
    await bench.settled()
    assert thief.answer("offer-0004")["code"] == "offer_refused"


async def test_what_the_media_plane_tells_reaches_the_pages(bench: Bench) -> None:
    room = await bench.room()
    page, waiting = await bench.page(room, "p2"), await bench.page(room, "p3", place="lobby")
    await page.say(**OFFER)
    await page.say(type="media_state", camera=True, microphone=True)
    await bench.settled()
    bench.directory.carrying(room.session, "p2", "media-one", True)
    bench.directory.voices(room.session, {"p2": 90})
    await bench.settled()
    assert page.of("levels")[-1]["levels"] == {"p2": 90}
    assert waiting.of("levels") == []
    assert waiting.of("pictures")[-1]["seats"] == ["p2"]
    assert room.figures()["seats"]["p2"]["path"] == "media"
    bench.directory.lost(room.session, "p2", "media-one")
    bench.directory.restarted([room.session], 0)
    await bench.settled()
    assert len(page.of("media_down")) == 2
    assert room.figures()["seats"]["p2"]["path"] == "socket"
    page.answers_pings = False
    await bench.passes(6_500)
    assert waiting.of("pictures")[-1]["seats"] == []


async def test_the_server_says_goodbye_when_it_stops(bench: Bench) -> None:
    room = await bench.room()
    page, stuck = await bench.page(room, "p2"), await bench.page(room, "p3")
    stuck.reads.clear()
    await room.ask(StartSession(), "f")
    closing = asyncio.create_task(bench.directory.close())
    await bench.settled()
    await bench.passes(500)
    await closing
    assert (page.closed, stuck.closed) == (1012, 1012)
    with pytest.raises(Unavailable):
        await room.ask(RaiseHand(), "p2")


@pytest.mark.parametrize("fields", [{"nonsense": "x"}, {}])
async def test_drafts_are_checked_before_they_are_kept(bench: Bench, fields: dict[str, str]) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    await page.say(type="draft", id="draft-0001", capture="no_such_capture", fields=fields)
    await page.say(type="draft", id="draft-0002", capture="request", fields={"text": "x"})
    await page.say(type="draft", id="draft-0003", capture=room.state.script.lobby[0].id, fields=fields)
    await bench.settled()
    assert page.answer("draft-0001")["code"] == "unknown_capture"
    assert page.answer("draft-0002")["code"] == "not_your_seat"
    expected = "refused" if fields else "draft_saved"
    assert page.answer("draft-0003")["type"] == expected
    assert list(await bench.log.drafts(room.session)) == []


async def test_a_draft_that_sounds_like_advice_is_answered_with_a_hint(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    text = "Dis-moi, as-tu essayé de lui parler ?"
    await page.say(type="draft", id="draft-0001", capture="question", fields={"text": text})
    await page.say(type="draft", id="draft-0002", capture="question", fields={"text": "Qu'as-tu déjà essayé ?"})
    await bench.passes(100)
    (hint,) = page.answer("draft-0001")["hints"]
    assert (hint["field"], hint["kind"]) == ("text", "advice_in_disguise")
    assert text[hint["start"] : hint["end"]] == "as-tu essayé de lui"
    assert page.answer("draft-0002")["type"] == "draft_saved"
    assert page.answer("draft-0002")["hints"] == []
