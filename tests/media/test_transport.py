"""The ways to a worker: UDP on IPv4 and IPv6, TCP for those who have nothing else, and what strangers get: nothing."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from aioice import stun

from cosession.media.embedded import EmbeddedMedia, sockets, udp_reader
from cosession.media.embedded.batch_reader import SrtpReceiver
from cosession.media.embedded.ice import Credentials, IceLite
from cosession.media.embedded.sockets import candidate_addresses
from cosession.media.embedded.transport import Mux
from cosession.media.embedded.worker import Worker
from cosession.room.ports import Unavailable
from tests.media.conftest import SEATS
from tests.media.fuzzing import check
from tests.media.guest import Ear, Guest, answer_to, until


class Browser:
    """What a proven browser would get."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.lives = 0
        self.srtp_receiver: SrtpReceiver | None = None

    def on_life(self) -> None:
        self.lives += 1

    def on_dtls(self, datagram: bytes) -> None:
        self.got.append(datagram)

    def on_media(self, datagram: bytes, now_s: float) -> None:
        self.got.append(datagram)


@pytest.fixture
async def mux() -> AsyncIterator[Mux]:
    made = Mux("127.0.0.1", 0)
    made.start(lambda: None)
    await made.listen(0, or_any=True)
    yield made
    made.close()


def signed(credentials: Credentials) -> bytes:
    return check(f"{credentials.ufrag}:{credentials.remote_ufrag}".encode(), credentials.key)


def framed(*datagrams: bytes) -> bytes:
    return b"".join(len(d).to_bytes(2, "big") + d for d in datagrams)


async def read(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(3):
        return await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))


async def closes(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(3):
            return await reader.read(1) == b""
    except ConnectionError:
        return True


MEDIA = b"\x80\x60" + bytes(40)


async def test_a_connection_that_proves_itself_is_a_way(mux: Mux) -> None:
    browser = Browser()
    ice = IceLite(mux, browser, "them")
    reader, writer = await asyncio.open_connection("127.0.0.1", mux.tcp_port)
    whole = framed(signed(ice.current), MEDIA, b"\x16\xfe\xfd" + bytes(30))
    for cut in (whole[:1], whole[1:60], whole[60:]):
        writer.write(cut)
        await writer.drain()
        await asyncio.sleep(0.02)
    response = stun.parse_message(await read(reader))
    assert response.attributes["XOR-MAPPED-ADDRESS"] == writer.get_extra_info("sockname")
    await until(lambda: len(browser.got) == 2)
    assert browser.got[0] == MEDIA
    assert (ice.protocol, browser.lives) == ("tcp", 1)
    ice.send(MEDIA)
    assert await read(reader) == MEDIA
    writer.close()
    await until(lambda: ice.address is None)
    assert not mux.paths
    ice.send(MEDIA)  # nowhere to go: nothing happens


async def test_strangers_are_shown_out(mux: Mux) -> None:
    browser = Browser()
    ice = IceLite(mux, browser, "them")
    forged = check(f"{ice.current.ufrag}:them".encode(), b"guessed")
    for words, reason in (
        (framed(MEDIA), "unknown_source"),
        (framed(b"\x16\xfe\xff" + bytes(60)), "unknown_source"),
        (framed(forged), "bad_stun"),
        (b"GET / HTTP/1.1\r\n\r\n", "oversized"),
        (b"\xff\xff" + bytes(10), "oversized"),
        (framed(b""), "unknown_source"),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", mux.tcp_port)
        before = mux.dropped[reason]
        writer.write(words)
        assert await closes(reader)
        assert mux.dropped[reason] == before + 1
        writer.close()
    assert (browser.got, browser.lives, mux.packets_out) == ([], 0, 0)


async def test_a_stranger_that_says_nothing_does_not_stay(mux: Mux, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosession.media.embedded.tcp._PROVE_S", 0.1)
    monkeypatch.setattr("cosession.media.embedded.tcp._MOST_UNPROVEN", 3)
    silent = [await asyncio.open_connection("127.0.0.1", mux.tcp_port) for _ in range(5)]
    await until(lambda: mux.dropped["too_many_connections"] == 2)
    assert all([await closes(reader) for reader, _ in silent])
    await until(lambda: not mux.paths)
    for _, writer in silent:
        writer.close()


async def test_a_reader_that_does_not_read_costs_only_itself(mux: Mux) -> None:
    ice = IceLite(mux, Browser(), "them")
    reader, writer = await asyncio.open_connection("127.0.0.1", mux.tcp_port, limit=1024)
    writer.write(framed(signed(ice.current)))
    await read(reader)
    for _ in range(5000):
        ice.send(bytes([0x80]) + bytes(1199))
    assert mux.dropped["send_blocked"] > 1000
    (path,) = mux.paths
    assert path._transport is not None
    assert path._transport.get_write_buffer_size() < 70_000
    writer.close()


async def test_udp_that_lives_is_not_left_for_tcp_and_tcp_takes_over_when_it_dies(
    mux: Mux, monkeypatch: pytest.MonkeyPatch
) -> None:
    ice = IceLite(mux, Browser(), "them")
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = f"{ice.current.ufrag}:them"
    request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity(ice.current.key)
    nominating = bytes(request)
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setblocking(False)
        await loop.sock_connect(udp, ("127.0.0.1", mux.port))
        reader, writer = await asyncio.open_connection("127.0.0.1", mux.tcp_port)
        await loop.sock_sendall(udp, nominating)
        await loop.sock_recv(udp, 1500)
        writer.write(framed(nominating))
        await read(reader)
        assert ice.protocol == "udp"
        monkeypatch.setattr("cosession.media.embedded.ice._UDP_LIVES_S", 0.0)
        writer.write(framed(nominating))
        await read(reader)
        assert ice.protocol == "tcp"
        writer.close()
        await until(lambda: ice.protocol == "udp")


async def test_both_families_share_a_port() -> None:
    engine = EmbeddedMedia("::")
    await engine.start(Ear())
    await engine.open("room", SEATS)
    guest = Guest(engine, "room", "a")
    answer = await answer_to(engine, "room", "a", "one", await guest.offer())
    (port,) = engine.udp_ports
    offered = re.findall(r"a=candidate:\d+ 1 (udp|tcp) \d+ (\S+) (\d+) typ host", answer.split("m=")[1])
    assert ("udp", "127.0.0.1", str(port)) in offered
    assert ("udp", "::1", str(port)) in offered
    assert ("tcp", "::1", str(engine.tcp_ports[0])) in offered
    ours = re.search(r"a=ice-ufrag:(\S+)\r\na=ice-pwd:(\S+)", answer)
    theirs = re.search(r"a=ice-ufrag:(\S+)", guest.pc.localDescription.sdp)
    assert ours is not None
    assert theirs is not None
    loop = asyncio.get_running_loop()
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            await loop.sock_connect(sender, (host, port))
            await loop.sock_sendall(sender, check(f"{ours[1]}:{theirs[1]}".encode(), ours[2].encode()))
            response = stun.parse_message(await asyncio.wait_for(loop.sock_recv(sender, 1500), 3))
            assert response.attributes["XOR-MAPPED-ADDRESS"] == sender.getsockname()[:2]
    await guest.leave()
    await engine.stop()


def test_addresses_are_offered_best_first() -> None:
    assert candidate_addresses("192.0.2.4", None) == ["192.0.2.4"]
    assert candidate_addresses("::1", "203.0.113.7") == ["203.0.113.7", "::1"]
    everything = candidate_addresses("::", "2001:db8::7")
    assert everything[0] == "2001:db8::7"
    assert "127.0.0.1" in everything
    assert not any(address.startswith(("fe80", "169.254")) for address in everything)
    assert not any(":" in address for address in candidate_addresses("0.0.0.0", None))


def _machine(monkeypatch: pytest.MonkeyPatch, *addresses: str, out: str | None = None) -> None:
    adapters = [SimpleNamespace(ips=[SimpleNamespace(ip=(a, 0, 0) if ":" in a else a)]) for a in addresses]
    monkeypatch.setattr("ifaddr.get_adapters", lambda: adapters)
    monkeypatch.setattr(sockets, "_leading_out", lambda family, somewhere: None if ":" in somewhere else out)


def test_a_limit_never_costs_the_address_that_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    bridges = [f"172.{17 + n}.0.1" for n in range(12)]
    _machine(monkeypatch, "127.0.0.1", *bridges, "192.0.2.9", out="192.0.2.9")
    offered = candidate_addresses("0.0.0.0", None)
    assert offered[0] == "192.0.2.9"
    assert offered[-1] == "127.0.0.1"
    assert len(offered) == 8


def test_who_is_bound_to_all_and_has_nothing_but_loopback_reaches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    _machine(monkeypatch, "127.0.0.1", "::1")
    assert sockets.reaches_nobody("0.0.0.0", None)
    assert sockets.reaches_nobody("::", None)
    assert not sockets.reaches_nobody("127.0.0.1", None), "as it was asked to"
    assert not sockets.reaches_nobody("0.0.0.0", "203.0.113.7")
    _machine(monkeypatch, "127.0.0.1", "192.0.2.9")
    assert not sockets.reaches_nobody("0.0.0.0", None)


async def test_each_answer_tells_the_addresses_of_today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before: those of the start, for ever."""
    _machine(monkeypatch, "127.0.0.1")
    worker = Worker(Mock(), Mock(host="0.0.0.0", port=5000, tcp_port=0), None)
    told = []
    for addresses in (["192.0.2.9"], ["192.0.2.9", "192.0.2.10"], ["192.0.2.10"], []):
        _machine(monkeypatch, "127.0.0.1", *addresses)
        told.append([candidate.address for candidate in worker._site.candidates()])
    assert told == [
        ["192.0.2.9", "127.0.0.1"],
        ["192.0.2.9", "192.0.2.10", "127.0.0.1"],
        ["192.0.2.10", "127.0.0.1"],
        ["127.0.0.1"],
    ]


async def test_a_tcp_port_in_use_names_the_port_and_the_mend() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(Unavailable, match=rf"TCP port {port}.*choose another") as refused:
            await EmbeddedMedia(tcp_port=port).start(Ear())
    assert refused.value.code == "media_down"


async def test_without_tcp_none_is_offered() -> None:
    engine = EmbeddedMedia(tcp_port=0)
    await engine.start(Ear())
    await engine.open("room", SEATS)
    guest = Guest(engine, "room", "a")
    assert " tcp " not in await answer_to(engine, "room", "a", "one", await guest.offer())
    assert engine.tcp_ports == (0,)
    await guest.leave()
    await engine.stop()


@pytest.mark.parametrize("by_kernel", [True, False])
async def test_under_load_one_wake_takes_several_and_alone_each_is_taken_at_once(
    monkeypatch: pytest.MonkeyPatch, by_kernel: bool
) -> None:
    assert udp_reader.KernelPulse.possible()
    monkeypatch.setattr(udp_reader.KernelPulse, "possible", lambda: by_kernel)
    monkeypatch.setattr(udp_reader, "_LOAD_S", 3600.0)
    taken: list[int] = []
    (bound,) = sockets.bind("127.0.0.1", 0)
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(bound.getsockname())

    def send(count: int) -> None:
        for _ in range(count):
            sender.send(b"datagram")

    def take() -> int:
        count = 0
        with contextlib.suppress(BlockingIOError):
            while bound.recv(10):
                count += 1
        taken.append(count)
        send({1: 1, 2: 5}.get(len(taken), 0))  # one at once, then five while it rests
        return count

    reading = udp_reader.UdpReader(bound, take)
    send(1)
    await until(lambda: taken == [1, 1, 5, 0])
    send(1)
    await until(lambda: taken[4:5] == [1])
    reading.close()
    for one in (bound, sender):
        one.close()


class ByHand(udp_reader.LoopPulse):
    """A pulse that the test gives."""

    every_s = 0.0
    beat: Callable[[], None]

    def start(self, seconds: float) -> None:
        type(self).every_s, type(self).beat = seconds, self._beat

    def stop(self) -> None:
        type(self).every_s = 0.0


async def test_what_piled_up_is_read_without_a_rest_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp_reader, "_LOAD_S", 3600.0)
    monkeypatch.setattr(udp_reader, "KernelPulse", ByHand)
    monkeypatch.setattr(ByHand, "possible", lambda: True, raising=False)
    full, taken = udp_reader.READ_AT_ONCE, 0
    batches = [1, 1, full, full, 3, 0, 0]

    def take() -> int:
        nonlocal taken
        taken += 1
        if taken == len(batches) - 1:
            bound.recv(100)  # until now it was there: nothing more wakes the reader
        return batches[taken - 1]

    (bound,) = sockets.bind("127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, bound:
        reading = udp_reader.UdpReader(bound, take)
        sender.sendto(b"datagram", bound.getsockname())
        await until(lambda: ByHand.every_s > 0)
        assert taken == 2
        await asyncio.sleep(0.05)
        assert taken == 2, "it rests, though something lies there"
        ByHand.beat()
        await until(lambda: taken == 5)
        await asyncio.sleep(0.05)
        assert taken == 5, "the last batch was not full"
        ByHand.beat()
        assert taken == 6
        assert ByHand.every_s == 0, "the last pulse brought nothing"
        sender.sendto(b"datagram", bound.getsockname())
        await until(lambda: taken == 7)
        reading.close()


async def test_the_more_comes_the_faster_the_pulse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(udp_reader, "_LOAD_S", 3600.0)
    monkeypatch.setattr(udp_reader, "KernelPulse", ByHand)
    monkeypatch.setattr(ByHand, "possible", lambda: True, raising=False)
    per_second, rest = 0.0, 0.0

    def take() -> int:
        nonlocal rest
        rest += per_second * ByHand.every_s
        came = int(rest)
        rest -= came
        return came

    def pulse_ms(load: float) -> float:
        """After two seconds of so many datagrams a second."""
        nonlocal per_second
        per_second, passed_s = load, 0.0
        while passed_s < 2:
            passed_s += ByHand.every_s
            ByHand.beat()
        return 1000 * ByHand.every_s

    (bound,) = sockets.bind("127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, bound:
        reading = udp_reader.UdpReader(bound, take)
        for _ in range(2):
            sender.sendto(b"datagram", bound.getsockname())
        await until(lambda: ByHand.every_s > 0)
        bound.recv(100)
        bound.recv(100)
        assert pulse_ms(600) == 2.5, "one room: never longer"
        assert pulse_ms(2_400) == 2.5, "six rooms by a script"
        assert 1.2 < pulse_ms(5_280) < 1.9, "six rooms of eight open cameras and microphones"
        assert pulse_ms(20_000) == 1.0, "never shorter"
        assert pulse_ms(2_400) == 2.5
        reading.close()
