"""Our own media plane as a stand: a process that carries media and nothing else, at the far end of a pipe.

It is started as users start it, by its name, and obeys lines of JSON (`cosession.media.standalone` says which); nothing
of it is imported. A step of a script cannot make everybody heard and seen at once, so rooms are made there, and the
same for both models, instead of by sessions on a whole server. The media processes are the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from cosession.bench import sdp
from cosession.bench.dtls import Identity
from cosession.bench.errors import CannotMeasure
from cosession.bench.generator import Outgoing, Room
from cosession.bench.peer_connection import PeerConnection
from cosession.bench.traffic import Model, pictures, streams

_START_S = 30.0
_STOP_S = 5.0
_LONGEST_LINE = 1 << 20
#: What strangers and late packets are dropped for is no loss of a room's packets.
_NO_MEDIA = frozenset({"bad_stun", "unknown_source"})


class EmbeddedStand:
    """`address`: IPv4, where its media port is. `workers`: media processes; one, if figures are to be compared.
    `native`: with the helper in C, if it was built. `environment` adds to the process' own."""

    def __init__(
        self,
        address: str = "127.0.0.1",
        workers: int = 1,
        native: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.pids: Sequence[int] = ()
        self.profile = ""
        self._address = address
        settings = {
            "COSESSION_MEDIA_BIND": f"{address}:0",
            "COSESSION_MEDIA_WORKERS": str(workers),
            "COSESSION_MEDIA_NATIVE": str(int(native)),
        }
        self._environment = {**os.environ, **settings, **(environment or {})}
        self._environment.pop("COSESSION_MEDIA_PUBLIC_ADDRESS", None)
        self._process: asyncio.subprocess.Process | None = None
        self._identity = Identity()

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cosession.media.standalone",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=self._environment,
            limit=_LONGEST_LINE,
        )
        try:
            self.pids = (await asyncio.wait_for(self._read(), _START_S))["pids"]
        except TimeoutError:
            await self.stop()
            raise CannotMeasure("the media plane did not start within 30 s") from None

    async def make(self, rooms: int, people: int, model: Model) -> Sequence[Room]:
        return [await self._room(f"room{number}", number, people, model) for number in range(rooms)]

    async def _room(self, session: str, number: int, people: int, model: Model) -> Room:
        seats = [f"p{person}" for person in range(people)]
        await self._ask(do="open", session=session, seats=seats)
        sent = streams(model, people)
        heard = [seats[stream.person] for stream in sent if stream.kind == "audio"]
        shown = dict(zip(seats, pictures(model, people), strict=True))
        await self._ask(do="apply", session=session, version=1, hearable=heard, pictures=shown)
        ssrcs: dict[tuple[int, str], int] = {}
        peers = []
        for person, seat in enumerate(seats):
            peer = PeerConnection(self._identity, self._address)
            first = random.randrange(1, 1 << 30) * 4
            ssrcs[person, "audio"], ssrcs[person, "video"] = first, first + 2
            own = [sdp.Section("audio", "sendonly", first), sdp.Section("video", "sendonly", first + 2)]
            slots = [sdp.Section(kind, "recvonly") for _ in range(people - 1) for kind in ("audio", "video")]
            offer = sdp.offer(peer.own, own + slots)
            answer = await self._ask(do="connect", session=session, seat=seat, connection=f"{seat}-1", sdp=offer)
            try:
                await peer.connect(sdp.read(answer["sdp"]))
            except (ConnectionError, ValueError) as reason:
                raise CannotMeasure(f"a connection did not come up: {reason}") from None
            peers.append(peer)
        self.profile = peers[0].profile
        # Who listens closely sits elsewhere in each room: the last to be served waits longest.
        peers[number % people].listen()
        mids = {"audio": 0, "video": 1}
        outgoing = [Outgoing(peers[s.person], ssrcs[s.person, s.kind], mids[s.kind], s) for s in sent]
        return Room(outgoing, peers)

    async def dropped(self) -> Mapping[str, int]:
        answer = await self._ask(do="stats")
        return {reason: count for reason, count in answer["dropped"].items() if reason not in _NO_MEDIA}

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _STOP_S)
        if process.returncode is None:
            process.kill()
            await process.wait()

    async def _ask(self, **order: object) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        return await self._read()

    async def _read(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise CannotMeasure("the media plane ended: its own words stand above")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise CannotMeasure(answer["error"])
        return answer
