"""Debian's Janus as a stand: the general conference server that ours is compared with.

A process of its own with its videoroom, on settings that are best for it: ICE-lite, one event loop, no plugin and no
transport that is not needed, no transport-wide feedback. Each person publishes on one connection and receives on
another, which is how Janus' videoroom works. It refuses loopback, so it needs another address of this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from cosession.bench import sdp
from cosession.bench.dtls import Identity
from cosession.bench.errors import CannotMeasure
from cosession.bench.generator import Outgoing, Room
from cosession.bench.peer_connection import PeerConnection
from cosession.bench.traffic import Kind, Model, streams

_START_S = 20.0
_ANSWER_S = 10.0
_STOP_S = 5.0
#: As our media workers do where they may.
_NICE = "-10"
_KINDS: tuple[Kind, Kind] = ("audio", "video")

_CONFIGURATION = """
general: {{
    configs_folder = "{folder}"
    plugins_folder = "{modules}/plugins"
    transports_folder = "{modules}/transports"
    events_folder = "{folder}"
    loggers_folder = "{folder}"
    log_to_stdout = true
    debug_level = 2
    session_timeout = 0
    event_loops = 1
    protected_folders = ["/proc"]
}}
media: {{ ipv6 = false }}
nat: {{
    ice_lite = true
    ice_enforce_list = "{address}"
}}
plugins: {{ disable = "{others}" }}
transports: {{ disable = "{ways}" }}
"""
_WEBSOCKETS = 'general: {{\n    json = "compact"\n    ws = true\n    ws_port = {port}\n    ws_ip = "127.0.0.1"\n}}\n'


class JanusStand:
    """`address`: IPv4 of this machine, not loopback. `binary`: by name or path."""

    def __init__(self, address: str, binary: str = "janus") -> None:
        self.pids: Sequence[int] = ()
        self.profile = ""
        self._address = address
        self._binary = binary
        self._identity = Identity()
        self._stack = contextlib.AsyncExitStack()
        self._gateway: _Gateway

    async def start(self) -> None:
        found = shutil.which(self._binary)
        if found is None:
            raise CannotMeasure("there is no Janus here: sudo apt-get install -y --no-install-recommends janus")
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="cosession-janus-")))
        port = _free_port()
        _configure(folder, Path(found), self._address, port)
        log = self._stack.enter_context((folder / "janus.log").open("wb"))
        process = await asyncio.create_subprocess_exec(
            *("nice", "-n", _NICE, found, "-C", str(folder / "janus.jcfg"), "-F", str(folder)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._stack.push_async_callback(_end, process)
        try:
            async with asyncio.timeout(_START_S):
                self._gateway = await self._stack.enter_async_context(_gateway(port, process))
        except (TimeoutError, ChildProcessError):
            words = (folder / "janus.log").read_text(errors="replace").strip().splitlines()[-5:]
            await self.stop()
            raise CannotMeasure("Janus did not start: " + " / ".join(words)) from None
        self.pids = [process.pid]

    async def make(self, rooms: int, people: int, model: Model) -> Sequence[Room]:
        try:
            stages = [await self._publish(1000 + number, people) for number in range(rooms)]
            await asyncio.gather(*(peer.connect(answer) for stage in stages for peer, answer in stage.coming))
            halls = [await self._subscribe(stage) for stage in stages]
            await asyncio.gather(*(peer.connect(offer) for hall in halls for peer, offer in hall))
        except (ConnectionError, ConnectionClosed, ValueError, KeyError, TimeoutError) as reason:
            raise CannotMeasure(f"Janus' videoroom could not be filled: {reason!r}") from None
        self.profile = halls[0][0][0].profile
        made = []
        for number, (stage, hall) in enumerate(zip(stages, halls, strict=True)):
            hall[number % people][0].listen()
            outgoing = [
                Outgoing(stage.coming[s.person][0], stage.ssrcs[s.person][s.kind], _KINDS.index(s.kind), s)
                for s in streams(model, people)
            ]
            made.append(Room(outgoing, [peer for peer, _ in hall]))
        return made

    async def _publish(self, room: int, people: int) -> _Stage:
        """A new room and everybody's publishing connection, answered and not yet up."""
        ask, stage = self._gateway, _Stage(room)
        words = {"publishers": people, "bitrate": 0, "audiocodec": "opus", "videocodec": "vp8"}
        await ask.room(await ask.attach(), {"request": "create", "room": room, **words, "transport_wide_cc_ext": False})
        for _ in range(people):
            peer, handle = PeerConnection(self._identity, self._address), await ask.attach()
            joined = await ask.room(handle, {"request": "join", "ptype": "publisher", "room": room, "display": "bench"})
            stage.feeds.append(joined["plugindata"]["data"]["id"])
            first = random.randrange(1, 1 << 30) * 4
            ssrcs: dict[Kind, int] = {"audio": first, "video": first + 2}
            stage.ssrcs.append(ssrcs)
            offer = sdp.offer(peer.own, [sdp.Section(kind, "sendonly", ssrcs[kind]) for kind in _KINDS])
            answer = await ask.room(handle, {"request": "publish"}, {"type": "offer", "sdp": offer, "trickle": False})
            stage.coming.append((peer, sdp.read(answer["jsep"]["sdp"])))
        return stage

    async def _subscribe(self, stage: _Stage) -> list[tuple[PeerConnection, sdp.Remote]]:
        """Everybody's receiving connection, answered and not yet up."""
        ask, hall = self._gateway, []
        for own in stage.feeds:
            peer, handle = PeerConnection(self._identity, self._address), await ask.attach()
            feeds = [{"feed": feed} for feed in stage.feeds if feed != own]
            join = {"request": "join", "ptype": "subscriber", "room": stage.room, "streams": feeds}
            remote = sdp.read((await ask.room(handle, join))["jsep"]["sdp"])
            answer = sdp.answer_to_receive(peer.own, remote)
            await ask.room(handle, {"request": "start"}, {"type": "answer", "sdp": answer, "trickle": False})
            hall.append((peer, remote))
        return hall

    async def dropped(self) -> Mapping[str, int]:
        """It does not say."""
        return {}

    async def stop(self) -> None:
        await self._stack.aclose()


class _Stage:
    """The publishing half of a room; all lists by person."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.coming: list[tuple[PeerConnection, sdp.Remote]] = []
        self.feeds: list[int] = []
        self.ssrcs: list[dict[Kind, int]] = []


class _Gateway:
    """Janus' own protocol over its WebSocket, one question at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._session: dict[str, int] = {}

    async def begin(self) -> None:
        self._session = {"session_id": (await self._ask({"janus": "create"}))["data"]["id"]}

    async def attach(self) -> int:
        handle: int = (await self._ask({"janus": "attach", "plugin": "janus.plugin.videoroom"}))["data"]["id"]
        return handle

    async def room(self, handle: int, body: dict[str, Any], jsep: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the videoroom something. Raises ValueError if it refuses."""
        message: dict[str, Any] = {"janus": "message", "handle_id": handle, "body": body}
        answer = await self._ask(message if jsep is None else {**message, "jsep": jsep})
        if reason := answer["plugindata"]["data"].get("error"):
            raise ValueError(reason)
        return answer

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        transaction = secrets.token_hex(6)
        await self._socket.send(json.dumps({**message, **self._session, "transaction": transaction}))
        async with asyncio.timeout(_ANSWER_S):
            while True:
                answer: dict[str, Any] = json.loads(await self._socket.recv())
                if answer.get("transaction") != transaction or answer["janus"] == "ack":
                    continue
                if answer["janus"] == "error":
                    raise ValueError(answer["error"]["reason"])
                return answer


@contextlib.asynccontextmanager
async def _gateway(port: int, process: asyncio.subprocess.Process) -> AsyncIterator[_Gateway]:
    """A session of Janus, as soon as it listens. Raises ChildProcessError if it ends before."""
    async with await _socket(port, process) as socket:
        gateway = _Gateway(socket)
        await gateway.begin()
        yield gateway


async def _socket(port: int, process: asyncio.subprocess.Process) -> ClientConnection:
    protocols = [Subprotocol("janus-protocol")]
    while process.returncode is None:
        try:
            return await connect(f"ws://127.0.0.1:{port}/", subprotocols=protocols, proxy=None, ping_interval=None)
        except (OSError, InvalidHandshake):
            await asyncio.sleep(0.1)
    raise ChildProcessError


def _configure(folder: Path, binary: Path, address: str, port: int) -> None:
    """Write what Janus reads at its start. Its modules lie beside its libraries, by the distribution's layout."""
    modules = next(binary.resolve().parent.parent.glob("lib/**/janus/plugins"), None)
    if modules is None:
        raise CannotMeasure(f"the plugins of {binary} were not found beside it")
    others = ",".join(sorted(p.name for p in modules.glob("*.so") if "videoroom" not in p.name))
    ways = ",".join(sorted(p.name for p in (modules.parent / "transports").glob("*.so") if "websockets" not in p.name))
    text = _CONFIGURATION.format(folder=folder, modules=modules.parent, address=address, others=others, ways=ways)
    (folder / "janus.jcfg").write_text(text)
    (folder / "janus.transport.websockets.jcfg").write_text(_WEBSOCKETS.format(port=port))
    (folder / "janus.plugin.videoroom.jcfg").write_text("general: {}\n")


def own_address() -> str:
    """An IPv4 address of this machine that is not loopback. Raises `CannotMeasure`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("198.51.100.1", 9))  # nothing is sent: the kernel says from where it would be
        except OSError:
            raise CannotMeasure(
                "this machine has no address but loopback, which Janus refuses: ip link add bench0 type dummy && "
                "ip addr add 192.0.2.1/24 dev bench0 && ip link set bench0 up, then name it with --address"
            ) from None
        return str(probe.getsockname()[0])


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _STOP_S)
    if process.returncode is None:
        process.kill()
        await process.wait()
