"""The check before a session: for anybody, bounded, and no way to anything but the answer of the media server."""

from __future__ import annotations

import io
from collections.abc import Sequence

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from cosession.room.pace import TRIAL
from cosession.room.ports import MediaMessage, OfferRefused, Unavailable
from cosession.room.trials import LASTS_MS, MOST, Trials
from cosession.server import check
from tests.room.bench import FakeClock, NotingEngine
from tests.server.conftest import QuietMedia

OFFER = "v=0\r\n"


class AnsweringMedia(QuietMedia):
    """Answers offers; notes which."""

    def __init__(self) -> None:
        super().__init__()
        self.offers: list[tuple[str, str, str, bool]] = []
        self.joined: dict[str, tuple[str, str, bool]] = {}

    async def open(self, session: str, seats: Sequence[str]) -> None:
        assert (session, list(seats)) == ("trials", ["guest"])

    async def join(self, session: str, seat: str, connection: str, publishes: bool = True) -> None:
        self.joined[connection] = (session, seat, publishes)

    async def relay(self, session: str, connection: str, message: MediaMessage) -> MediaMessage:
        if message.body != OFFER:
            raise OfferRefused("not_sdp", "line 1 is not v=0")
        session, seat, publishes = self.joined[connection]
        self.offers.append((session, seat, message.body, publishes))
        return MediaMessage("answer", "v=0 answer")


@pytest.fixture
def media() -> AnsweringMedia:
    return AnsweringMedia()


@pytest.mark.parametrize(("language", "title"), [("fr", "Vérifier ma connexion"), ("en", "Check my connection")])
async def test_anybody_may_open_the_page(stranger: httpx.AsyncClient, language: str, title: str) -> None:
    answer = await stranger.get(f"/check?lang={language}")
    assert (answer.status_code, title in answer.text) == (200, True)


async def test_an_offer_is_answered_by_the_media_server_and_publishes_nothing(
    stranger: httpx.AsyncClient, media: AnsweringMedia, journal: io.StringIO
) -> None:
    answer = await stranger.post("/check/offer", json={"sdp": OFFER})
    assert (answer.status_code, answer.json()) == (200, {"sdp": "v=0 answer"})
    assert media.offers == [("trials", "guest", OFFER, False)]
    json = {"content-type": "application/json"}
    for wrong in (b'{"sdp": "no"}', b'{"sdp": 7}', b"{}", b'{"sdp": "v=0 \\ud800"}', '{"sdp": "v=0 é"}'.encode()):
        refused = await stranger.post("/check/offer", content=wrong, headers=json | {"accept": "application/json"})
        assert (refused.status_code, refused.json()) == (422, {"error": "offer"}), wrong
    assert "v=0" not in journal.getvalue()


async def test_without_a_relay_none_is_named_and_other_sites_may_not_ask(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.post("/check/start", json={})).json() == {"ice_servers": [], "media_ports": None}
    elsewhere = {"origin": "https://elsewhere.example", "accept": "application/json"}
    assert (await stranger.post("/check/start", json={}, headers=elsewhere)).status_code == 403
    assert (await stranger.post("/check/offer", json={"sdp": OFFER}, headers=elsewhere)).status_code == 403


async def test_the_second_event_follows_the_word_that_the_first_was_heard(port: int) -> None:
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
        client.stream("GET", "/check/events") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        events = (line.removeprefix("data: ") async for line in answer.aiter_lines() if line.startswith("data: "))
        name = await anext(events)
        assert (await client.post("/check/heard", json={"name": "another"})).status_code == 404
        assert (await client.post("/check/heard", json={"name": name})).status_code == 204
        assert [event async for event in events] == ["heard"]
        assert (await client.post("/check/heard", json={"name": name})).status_code == 404


async def test_a_stream_of_which_nothing_is_heard_ends(
    stranger: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "EVENTS_S", 0.01)
    answer = await stranger.get("/check/events")  # this client reads an answer when it is whole
    assert answer.text.count("data: ") == 1


async def test_one_address_tries_so_often_and_no_more(stranger: httpx.AsyncClient) -> None:
    answers = [(await stranger.post("/check/start", json={})).status_code for _ in range(int(TRIAL.burst) + 30)]
    assert answers[: int(TRIAL.burst)] == [200] * int(TRIAL.burst)
    assert answers[-1] == 429
    busy = await stranger.post("/check/start", json={}, headers={"accept": "application/json"})
    assert (busy.status_code, busy.json()) == (429, {"error": "busy"})
    assert (await stranger.get("/check/events")).status_code == 429
    assert (await stranger.get("/check")).status_code == 200


async def test_the_socket_says_what_it_is_told_a_few_times(port: int) -> None:
    address = f"ws://127.0.0.1:{port}/check/socket"
    async with connect(address) as socket:
        await socket.send(b"x" * 600)
        assert await socket.recv() == b"x" * 512
        for number in range(7):
            await socket.send(f"{number}" * 100)
            assert await socket.recv() == f"{number}" * 64
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 1000
    async with connect(address, origin=Origin("https://elsewhere.example")) as socket:
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4401


async def test_trials_are_few_and_end_by_themselves() -> None:
    engine, clock = NotingEngine(), FakeClock()
    trials = Trials(engine, clock)
    for _ in range(MOST):
        await trials.offer("v=0")
    with pytest.raises(Unavailable) as busy:
        await trials.offer("v=0")
    assert busy.value.code == "busy"
    assert engine.disconnected == []
    clock.turn_to(clock.now_ms + LASTS_MS)
    assert len(engine.disconnected) == MOST
    assert {connection for _, connection in engine.connections} == set(engine.disconnected)
    await trials.offer("v=0")


async def test_a_trial_that_the_media_server_refuses_takes_no_place() -> None:
    engine = NotingEngine()
    trials = Trials(engine, FakeClock())
    with pytest.raises(OfferRefused):
        await trials.offer("no offer")
    engine.down = True
    with pytest.raises(Unavailable):
        await trials.offer("v=0")
    assert len(trials) == 0
