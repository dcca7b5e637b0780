"""Puts the operators' listener together. Probes and metrics answer without signing in: this address is never
published."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from cosession.doors.visits import Visits
from cosession.ops import board
from cosession.ops.counting import Answers
from cosession.ops.load import Load
from cosession.ops.metrics import CONTENT_TYPE, exposition
from cosession.ops.pulse import Pulse
from cosession.pages.assets import routes
from cosession.pages.headers import SecurityHeaders
from cosession.pages.login import RenewCookie, SignIn
from cosession.pages.problems import OwnPagesOnly, Problem, handlers
from cosession.pages.render import Pages
from cosession.pages.sign_in_pages import SignInPages
from cosession.room.directory import Directory
from cosession.room.pace import TOO_FAST
from cosession.room.ports import ConnectionStats, MediaEngine, Unavailable, WorkerStats

log = structlog.get_logger("cosession.ops")

#: A probe that waits longer has its answer.
PROBE_S = 2.0
#: So many sessions without a room stand on the board; the others are counted.
ASLEEP_SHOWN = 20


@dataclass(frozen=True, slots=True)
class OpsParts:
    """`store_writes` returns when something small was written to the store, or raises `Unavailable`. `main_url` is
    where facilitators find their pages. `reaches_nobody()`: whether no address of this machine leads out of it today,
    though it listens on all."""

    pages: Pages
    rooms: Directory
    media: MediaEngine
    sign_in: SignIn
    store_writes: Callable[[], Awaitable[None]]
    answers: Answers
    main_url: str
    visits: Visits
    pulse: Pulse = field(default_factory=Pulse)
    reaches_nobody: Callable[[], bool] = lambda: False


def build(parts: OpsParts) -> Starlette:
    """The application of the operators' listener."""
    ops = _Ops(parts)
    errors = handlers(parts.pages, "cosession link --ops")
    return Starlette(
        routes=[
            Route("/", ops.page),
            Route("/rooms.json", ops.rooms),
            Route("/verify/{session}", ops.verify),
            Route("/livez", ops.live),
            Route("/readyz", ops.ready),
            Route("/metrics", ops.metrics),
            *SignInPages(parts.sign_in, parts.pages, parts.main_url).routes(),
            *routes(parts.pages.dist),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(OwnPagesOnly, public_url=None, refuse=errors[Problem]),
            Middleware(RenewCookie, sign_in=parts.sign_in),
        ],
        exception_handlers=errors,
    )


class _Ops:
    def __init__(self, parts: OpsParts) -> None:
        self._parts = parts
        self._load = Load()

    async def page(self, request: Request) -> Response:
        """GET /. Refreshes itself. `?room=` shows the seats of a room that is calm."""
        if not await self._parts.sign_in.signed_in(request):
            return self._parts.pages.html(request, "ops_sign_in.html", 403)
        workers, seats = await self._stats()
        rooms, asleep = await self._rows(seats)
        known = [one.session for one in rooms]
        asked = request.query_params.get("room")
        return self._parts.pages.html(
            request,
            "ops.html",
            rooms=rooms,
            asleep=asleep,
            opened=asked if asked in known else next((one.session for one in rooms if one.live), None),
            workers=workers,
            cpu=self._cpu_percent(workers),
            lag_ms=round(self._parts.pulse.worst_ms),
            store_failing=self._parts.rooms.store_failing,
            doors=self._doors(),
        )

    async def rooms(self, request: Request) -> Response:
        """GET /rooms.json: the board as data."""
        await self._parts.sign_in.required(request)
        workers, seats = await self._stats()
        cpu_percent = self._cpu_percent(workers)
        rooms, asleep = await self._rows(seats)
        return JSONResponse(
            {
                "rooms": [row.as_json() for row in rooms],
                "asleep": asleep,
                "media": None
                if workers is None
                else [
                    {
                        "pid": worker.pid,
                        "packets_in": worker.packets_in,
                        "packets_out": worker.packets_out,
                        "dropped": dict(worker.dropped),
                        "loop_lag_ms": worker.loop_lag_ms,
                        "cpu_s": worker.cpu_s,
                        "cpu_percent": cpu_percent[worker.pid],
                        "rooms": worker.rooms,
                        "connections": worker.connections,
                    }
                    for worker in workers
                ],
                "loop_lag_ms": self._parts.pulse.worst_ms,
                "store_failing": self._parts.rooms.store_failing,
                "doors": self._doors(),
            }
        )

    async def verify(self, request: Request) -> Response:
        """GET /verify/{session}: does its log tell what the room believes? See `room.verifying`."""
        await self._parts.sign_in.required(request)
        found = await self._parts.rooms.verify(request.path_params["session"])
        if found is None:
            raise Problem(404, "session_unknown")
        return JSONResponse(found)

    async def live(self, request: Request) -> Response:
        """GET /livez: the loop answers."""
        return PlainTextResponse("ok\n")

    async def ready(self, request: Request) -> Response:
        """GET /readyz: 200 if what was running is back, the store takes writes and the media plane answers, else 503
        naming what does not, and why if it is known."""
        back, parts = await self._running_back(), self._parts
        said = {
            "rooms": None if back else "those that were running are coming back",
            # What is written here says that this process keeps the time of all that run.
            "store": await self._store() if back else None,
            "media": None if await self._media() else "does not answer",
        }
        waiting = {name: reason for name, reason in said.items() if reason is not None}
        if waiting:
            return PlainTextResponse("".join(f"{name}: {reason}\n" for name, reason in waiting.items()), 503)
        lonely = "media: no address but this machine's own, nobody else is heard\n" if parts.reaches_nobody() else ""
        return PlainTextResponse(f"ok\n{lonely}")

    async def metrics(self, request: Request) -> Response:
        """GET /metrics, for Prometheus."""
        workers, seats = await self._stats()
        parts = self._parts
        text = exposition(
            parts.rooms.live(), workers, seats, parts.answers, parts.pulse, parts.visits, parts.rooms.store_failing
        )
        return Response(text, media_type=CONTENT_TYPE)

    async def _stats(self) -> tuple[Sequence[WorkerStats] | None, Mapping[str, Sequence[ConnectionStats]]]:
        """None and nothing while the media plane does not answer: the board must not depend on it."""
        try:
            return await asyncio.wait_for(self._parts.media.stats(), PROBE_S)
        except (Unavailable, TimeoutError) as failure:
            log.warning("ops.no_media_figures", error=type(failure).__name__)
            return None, {}

    async def _rows(self, seats: Mapping[str, Sequence[ConnectionStats]]) -> tuple[list[board.RoomRow], int]:
        """Live rooms and the next sessions without one; how many there are of the latter. None of them while the store
        does not answer."""
        try:
            asleep, count = await self._parts.rooms.asleep(ASLEEP_SHOWN)
        except Unavailable as failure:
            log.warning("ops.no_summaries", code=failure.code)
            asleep, count = [], 0
        return board.rows(self._parts.rooms.live(), seats, asleep), count

    def _doors(self) -> dict[str, Any]:
        """Connections of the main listener, and what was turned away since the start."""
        visits, answers = self._parts.visits, self._parts.answers
        return {
            "connections": len(visits),
            "sockets": visits.settled,
            "most": visits.limits.most,
            "too_fast": answers.closes[TOO_FAST],
            "ended": dict(sorted(answers.ended.items())),
            "sound_overtaken": answers.overtaken,
        }

    def _cpu_percent(self, workers: Sequence[WorkerStats] | None) -> dict[int, float | None]:
        return self._load.percent(workers or (), asyncio.get_running_loop().time())

    async def _store(self) -> str | None:
        """Why it takes no writes; None if it does."""
        try:
            await asyncio.wait_for(self._parts.store_writes(), PROBE_S)
        except (Unavailable, TimeoutError) as failure:
            code = failure.code if isinstance(failure, Unavailable) else "timeout"
            log.warning("ops.store_not_ready", code=code)
            said = str(failure)
            return "does not answer" if said in ("", code) else f"does not answer: {said}"
        return None

    async def _running_back(self) -> bool:
        try:
            await asyncio.wait_for(self._parts.rooms.running_back(), PROBE_S)
        except TimeoutError:
            return False
        return True

    async def _media(self) -> bool:
        return bool((await self._stats())[0])
