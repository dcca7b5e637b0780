"""Worker processes: they come back on the same port, they never outlive their application, a port in use is said
plainly."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aioice import stun

from cosession.media.embedded import EmbeddedMedia
from cosession.room.ports import OfferRefused, Unavailable
from tests.media.conftest import SEATS, Joining
from tests.media.guest import Ear, Guest, answer_to, plan, until

_PARENT = """
import asyncio, sys
from cosession.media.embedded import EmbeddedMedia
from tests.media.guest import Ear

async def main():
    engine = EmbeddedMedia()
    await engine.start(Ear())
    await engine.open("room", ["a"])
    print(engine.pids[0], engine.udp_ports[0], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def port_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def runs(pid: int) -> bool:
    """False also for a process that nobody has reaped yet: its command line is empty."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except FileNotFoundError:
        return False


async def test_a_killed_worker_comes_back_with_its_rooms(engine: EmbeddedMedia, join: Joining, ear: Ear) -> None:
    engine.apply("room", plan(3, SEATS, SEATS))
    a = await join("a")
    (port,), (pid,) = engine.udp_ports, engine.pids
    os.kill(pid, signal.SIGKILL)
    await until(lambda: ("restarted", ("room",)) in ear.notified)
    again, b = await rejoin(join, "a", "a-2"), await rejoin(join, "b", "b-2")
    await until(lambda: again.frames[0] > 3 and b.frames[0] > 3 and b.sound_s[0] > 0.3)
    assert engine.udp_ports == (port,)
    assert engine.pids != (pid,)
    assert not a.frames


async def rejoin(join: Joining, seat: str, connection: str) -> Guest:
    """As a page does: an offer that cannot be served yet is made again."""
    while True:
        try:
            return await join(seat, connection)
        except Unavailable:
            await asyncio.sleep(0.1)


async def test_a_killed_worker_is_replaced_by_the_one_in_reserve(
    engine: EmbeddedMedia, join: Joining, ear: Ear
) -> None:
    """With one worker only: whoever offers anew need not wait until a process has loaded."""
    engine.apply("room", plan(1, SEATS, SEATS))
    a, b = await join("a"), await join("b")
    await until(lambda: a.frames[0] > 3 and b.sound_s[0] > 0.3)
    await until(lambda: engine._spare is not None)
    assert engine._spare is not None
    reserve, (port,) = engine._spare.pid, engine.udp_ports
    os.kill(engine.pids[0], signal.SIGKILL)
    await until(lambda: ("restarted", ("room",)) in ear.notified)
    again = await asyncio.gather(rejoin(join, "a", "a-2"), rejoin(join, "b", "b-2"))
    await until(lambda: all(guest.frames[0] > 0 and guest.sound_s[0] > 0 for guest in again))
    assert (engine.pids, engine.udp_ports) == ((reserve,), (port,))
    await until(lambda: engine._spare is not None)


async def test_a_spare_that_died_meanwhile_is_not_missed(engine: EmbeddedMedia, ear: Ear) -> None:
    await until(lambda: engine._spare is not None)
    assert engine._spare is not None
    assert engine._spare.pid is not None
    os.kill(engine._spare.pid, signal.SIGKILL)
    os.kill(engine.pids[0], signal.SIGKILL)
    await until(lambda: any(word[0] == "restarted" for word in ear.notified))
    await until(lambda: len(engine.pids) == 1)


def children() -> set[int]:
    """Processes of ours, those that nobody has reaped yet among them."""
    found: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        try:
            found.update(int(pid) for pid in (thread / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            return children()  # a thread has ended meanwhile, and its children are another's now
    return found


@pytest.mark.parametrize("calm_s", [0.0, 0.2], ids=["no spare yet", "with a spare"])
async def test_stopped_while_a_worker_is_replaced_it_leaves_nothing_behind(
    calm_s: float, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At whatever moment: before the new process, while it loads, while it is the spare of before, when it runs."""
    monkeypatch.setattr("cosession.media.embedded.engine._CALM_S", 0.1)
    others = children()
    for moment_s in (0.0, 0.001, 0.02, 0.1, 0.3, 0.6):
        engine = EmbeddedMedia()
        await engine.start(ear)
        await asyncio.sleep(calm_s)
        os.kill(engine.pids[0], signal.SIGKILL)
        await asyncio.sleep(moment_s)
        await engine.stop()
        assert children() == others, f"stopped {moment_s} s after the death"


def replaced(engine: EmbeddedMedia, before: set[int]) -> bool:
    """Whether one of the two workers is another one now."""
    return len(set(engine.pids) & before) == 1 and len(engine.pids) == 2


async def test_two_deaths_on_end_leave_one_spare(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosession.media.embedded.engine._CALM_S", 1.5)
    others = children()
    engine = EmbeddedMedia(workers=2)
    await engine.start(ear)
    for _ in range(2):
        before = set(engine.pids)
        os.kill(engine.pids[0], signal.SIGKILL)
        await until(partial(replaced, engine, before))
    await until(lambda: engine._spare is not None)
    await asyncio.sleep(2)
    assert len(children() - others) == 3, "two workers and one in reserve"
    await engine.stop()
    assert children() == others


async def test_rooms_are_spread_and_a_death_touches_no_other_room(ear: Ear) -> None:
    engine = EmbeddedMedia(workers=2)
    await engine.start(ear)
    guests: list[Guest] = []
    for session in ("one", "two", "three"):
        await engine.open(session, SEATS)
        engine.apply(session, plan(1, SEATS, SEATS))
        guests += [await Guest(engine, session, "a").join(), await Guest(engine, session, "b").join()]
    one, two = guests[1], guests[3]
    await until(lambda: one.frames[0] > 3 and two.frames[0] > 3)
    by_worker = [{s for s in ("one", "two", "three") if engine.worker_of(s) == place} for place in (0, 1)]
    assert sorted(map(len, by_worker)) == [1, 2]
    assert len(set(engine.udp_ports)) == 2
    dying = 0 if "one" in by_worker[0] else 1
    os.kill(engine.pids[dying], signal.SIGKILL)
    await until(lambda: any(word[0] == "restarted" for word in ear.notified))
    (down,) = [word for word in ear.notified if word[0] == "restarted"]
    assert set(down[1]) == by_worker[dying]  # type: ignore[call-overload]
    survivor = two if "two" not in by_worker[dying] else guests[5]
    frames = survivor.frames[0]
    # Whoever offers anew is served at once, by the worker that lives.
    again = await Guest(engine, "one", "a", "a-2").join(), await Guest(engine, "one", "b", "b-2").join()
    await until(lambda: again[1].frames[0] > 2 and survivor.frames[0] > frames + 10)
    await until(lambda: len(engine.pids) == 2)
    for guest in (*guests, *again):
        await guest.leave()
    ports = engine.udp_ports
    await engine.stop()
    assert len(ports) == 2
    assert all(port_is_free(port) for port in ports)


async def test_a_worker_that_hangs_is_ended_and_replaced(
    engine: EmbeddedMedia, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cosession.media.embedded.engine._LOOK_S", 0.05)
    monkeypatch.setattr("cosession.media.embedded.engine._ANSWER_S", 0.5)
    (pid,) = engine.pids
    os.kill(pid, signal.SIGSTOP)
    assert await engine.stats() == ([], {})
    await until(lambda: ("restarted", ()) in ear.notified)
    await until(lambda: bool(engine.pids) and engine.pids != (pid,))
    assert not runs(pid)
    assert ear.silent_ms >= 1_000


async def test_a_worker_with_many_offers_is_busy_and_not_hung(
    engine: EmbeddedMedia, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """About a second of work lies there at once; whether it lives is answered between two offers."""
    monkeypatch.setattr("cosession.media.embedded.engine._LOOK_S", 0.05)
    monkeypatch.setattr("cosession.media.embedded.engine._ANSWER_S", 0.1)
    (pid,) = engine.pids
    guest = Guest(engine, "room", "a")
    offer = await guest.offer()
    await asyncio.sleep(0.2)
    asked = [asyncio.create_task(answer_to(engine, "room", "a", f"many-{n}", offer)) for n in range(700)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in answers} == {str}
    assert engine.pids == (pid,)
    assert ("restarted", ("room",)) not in ear.notified
    await guest.leave()


async def test_what_was_ended_before_its_turn_is_not_begun(engine: EmbeddedMedia) -> None:
    guest = Guest(engine, "room", "a")
    offer = await guest.offer()
    asked = [asyncio.create_task(answer_to(engine, "room", "a", f"many-{n}", offer)) for n in range(100)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    engine.leave("room", "many-99")
    *others, last = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(answer) for answer in others} == {str}
    assert isinstance(last, OfferRefused)
    assert last.code == "replaced"
    await guest.leave()


async def test_one_from_the_reserve_is_not_said_to_have_been_silent_since_it_began(
    engine: EmbeddedMedia, ear: Ear
) -> None:
    await until(lambda: engine._spare is not None)
    await asyncio.sleep(2.5)
    assert engine._spare is not None
    reserve = engine._spare.pid
    os.kill(engine.pids[0], signal.SIGKILL)
    await until(lambda: engine.pids == (reserve,))
    ear.notified.clear()
    os.kill(engine.pids[0], signal.SIGKILL)
    await until(lambda: ("restarted", ()) in ear.notified)
    assert ear.silent_ms < 1_500


async def test_an_orphan_that_hangs_ends_all_the_same() -> None:
    hanging = "import os, sys, signal, threading; from cosession.media.embedded.worker import end_with; "
    hanging += "threading.Thread(target=end_with, args=[os.getppid()]).start(); print(os.getpid(), flush=True); "
    hanging += "[None for _ in iter(int, 1)]"
    starting = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', sys.argv[1]]); time.sleep(60)"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", starting, hanging, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    assert runs(pid)
    parent.kill()
    await parent.wait()
    await until(lambda: not runs(pid))
    parent._transport.close()  # type: ignore[attr-defined]


async def test_a_worker_dies_with_its_parent() -> None:
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", _PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    pid, port = map(int, (await asyncio.wait_for(parent.stdout.readline(), 20)).split())
    assert not port_is_free(port)
    parent.kill()
    await parent.wait()
    await until(lambda: port_is_free(port))
    parent._transport.close()  # type: ignore[attr-defined]
    await until(lambda: not runs(pid))


async def test_a_port_in_use_names_the_port_and_the_mend() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"{port}.*choose another") as refused:
            await EmbeddedMedia(udp_port=port).start(Ear())
    assert refused.value.code == "media_down"


@pytest.mark.parametrize("wrong", [{"udp_port": 70_000}, {"public_address": "media.example"}])
def test_wrong_settings_are_refused_before_anything_starts(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"65535|media\.example"):
        EmbeddedMedia(**wrong)


async def test_stop_frees_the_port() -> None:
    engine = EmbeddedMedia()
    await engine.start(Ear())
    (port,) = engine.udp_ports
    await engine.stop()
    assert port_is_free(port)
    with pytest.raises(Unavailable):
        await engine.open("room", ["a"])


async def test_rooms_are_fixed_and_may_be_opened_twice(engine: EmbeddedMedia) -> None:
    await engine.open("room", SEATS)
    with pytest.raises(ValueError, match="fixed"):
        await engine.open("room", ["a"])
    with pytest.raises(ValueError, match="13"):
        await engine.open("big", [str(i) for i in range(14)])
    with pytest.raises(Unavailable):
        await answer_to(engine, "nowhere", "a", "a-1", "v=0")
    with pytest.raises(ValueError, match="seat"):
        await answer_to(engine, "room", "z", "z-1", "v=0")
    await engine.close("room")
    await engine.close("room")
    await engine.open("room", ["a", "b"])


async def test_a_refusal_crosses_the_process_and_the_room_goes_on(engine: EmbeddedMedia, join: Joining) -> None:
    with pytest.raises(OfferRefused) as refused:
        await answer_to(engine, "room", "a", "a-1", "hello")
    assert refused.value.code == "not_sdp"
    engine.apply("room", plan(1, SEATS, SEATS))
    await join("a")
    b = await join("b")
    await until(lambda: b.frames[0] > 2)


async def test_an_ice_restart_keeps_keys_and_slots(engine: EmbeddedMedia) -> None:
    guest = Guest(engine, "room", "a")
    offer = await guest.offer()
    first = await answer_to(engine, "room", "a", "one", offer)
    assert await answer_to(engine, "room", "a", "one", offer) == first

    old_ufrag = next(line for line in offer.splitlines() if line.startswith("a=ice-ufrag:"))
    second = await answer_to(engine, "room", "a", "one", offer.replace(old_ufrag, "a=ice-ufrag:fresh"))

    assert lines(first, "ssrc", "fingerprint") == lines(second, "ssrc", "fingerprint")
    with pytest.raises(OfferRefused, match="lines of the first offer"):
        await answer_to(engine, "room", "a", "one", offer.replace("a=sendonly", "a=recvonly", 1))

    (port,) = engine.udp_ports
    former, theirs = lines(first, "ice-ufrag", "ice-pwd")[:2], lines(offer, "ice-ufrag")[0]
    fresh = lines(second, "ice-ufrag", "ice-pwd")[:2]
    assert set(former).isdisjoint(fresh)
    assert await proves(port, former[0], theirs, former[1]), "the old path holds until the new one is used"
    assert not await proves(port, fresh[0], "fresh", former[1])
    assert not await proves(port, fresh[0], theirs, fresh[1])
    assert not await proves(port, "nobody", "fresh", fresh[1])
    assert await proves(port, fresh[0], "fresh", fresh[1])
    assert not await proves(port, former[0], theirs, former[1])
    workers, _ = await engine.stats()
    assert workers[0].dropped == {"bad_stun": 4}
    await guest.leave()


def lines(sdp: str, *keys: str) -> list[str]:
    """The values of these attributes, in order."""
    return [line.partition(":")[2] for line in sdp.splitlines() if line.startswith(tuple(f"a={key}:" for key in keys))]


async def proves(port: int, ours: str, theirs: str, password: str) -> bool:
    """Whether a STUN check with these words is answered."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = f"{ours}:{theirs}"
    request.add_message_integrity(password.encode())
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        await loop.sock_connect(sender, ("127.0.0.1", port))
        await loop.sock_sendall(sender, bytes(request))
        try:
            response = stun.parse_message(await asyncio.wait_for(loop.sock_recv(sender, 1500), 0.3))
        except TimeoutError:
            return False
    assert response.attributes["XOR-MAPPED-ADDRESS"][0] == "127.0.0.1"
    return response.check_message_integrity(password.encode())


async def test_bound_to_all_it_offers_loopback_last_and_the_public_address_first() -> None:
    engine = EmbeddedMedia("0.0.0.0", public_address="203.0.113.7")
    await engine.start(Ear())
    await engine.open("room", ["a", "b"])
    guest = Guest(engine, "room", "a")
    answer = await answer_to(engine, "room", "a", "one", await guest.offer())
    head = answer.split("m=")[1]
    addresses = [line.split(" ")[4] for line in head.splitlines() if line.startswith("a=candidate:")]
    assert addresses[0] == "203.0.113.7"
    assert addresses[-1] == "127.0.0.1"
    await guest.leave()
    await engine.stop()
