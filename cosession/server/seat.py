"""A seat's own pages: the personal link, the room, its plan for a broken connection, its writings,
what remains afterwards."""

from __future__ import annotations

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from cosession.core.captures import visible, withdrawn
from cosession.core.refusal import Refused
from cosession.core.state import SeatState
from cosession.core.vocabulary import Role, Status
from cosession.pages.headers import is_https
from cosession.pages.problems import Problem, wants_json
from cosession.room.actor import Room
from cosession.server.body import form_or_json
from cosession.server.completing import Flaws, complete, open_for
from cosession.server.invitations import Token, Verdict
from cosession.server.keepsake import keep
from cosession.server.markdown import markdown
from cosession.server.parts import SEAT_COOKIE, Parts
from cosession.wire.http import Boot, LinkView

log = structlog.get_logger()

#: Whoever comes by the link has a cookie, or refuses cookies.
BY_LINK = "link"
#: A page that was served and has not said hello after so long does not get through.
WELCOME_MS = 20_000
#: A browser stays invited for so long; the link works as long as it is not ended.
SEAT_S = 120 * 24 * 3600


class Seat:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._unwelcomed: set[tuple[str, str]] = set()
        """Of whom it was logged that their page does not reach the room."""

    async def join(self, request: Request) -> Response:
        """GET /j/{token}. Raises `Problem`: 404 for a link that never was, 410 for one that has ended."""
        parts = self._parts
        token = Token.parse(request.path_params["token"])
        room = None if token is None else await parts.rooms.get(token.session)
        if token is None or room is None or token.seat not in room.state.seats:
            raise Problem(404, "link_unknown")
        match await parts.judge(token):
            case Verdict.UNKNOWN:
                raise Problem(404, "link_unknown")
            case Verdict.ENDED:
                raise Problem(410, "link_ended")
            case Verdict.HOLDS:
                pass
        place = f"/s/{token.session}/{token.seat}"
        response = RedirectResponse(f"{place}?{BY_LINK}", 303)
        response.set_cookie(
            SEAT_COOKIE,
            token.mac,
            max_age=SEAT_S,
            path=place,
            httponly=True,
            samesite="lax",
            secure=is_https(request, parts.public_url),
        )
        return response

    async def room(self, request: Request) -> Response:
        """GET /s/{session}/{seat}: lobby and room in one page. After the end it leads on to what remains. Raises
        `Problem(403)`; one of its own for whoever comes from the link itself, and brings no cookie."""
        if BY_LINK in request.query_params and SEAT_COOKIE not in request.cookies:
            raise Problem(403, "no_cookies")
        room, seat = await self._parts.seat(request)
        place = f"/s/{room.session}/{seat.id}"
        if room.state.status is Status.CLOSED:
            return RedirectResponse(f"{place}/after", 303)
        self._await_welcome(room, seat.id)
        language = self._parts.pages.words_for(request, room.state.language).language
        boot = Boot(
            session=room.session,
            seat=seat.id,
            language=language,
            socket=f"{place}/socket",
            sound=f"{place}/sound",
            events=f"{place}/events",
            writings=f"{place}/writings",
            withdrawn=f"{place}/withdrawn",
            after=f"{place}/after",
            rehearsal=room.state.speed != 1,
            backup_line=self._parts.backup_line,
            build=self._parts.pages.build,
            words=dict(self._parts.app_words[language].texts),
        )
        return self._parts.pages.html(
            request, "room.html", language=room.state.language, boot=boot.model_dump(mode="json")
        )

    async def plan(self, request: Request) -> Response:
        """GET …/plan: what to do when the connection breaks, on one page, to be printed."""
        room, _ = await self._parts.seat(request)
        row = await self._parts.registry.session(room.session)
        return self._parts.pages.html(
            request,
            "plan.html",
            language=room.state.language,
            title=room.state.title,
            line=self._parts.backup_line,
            starts_wall_ms=None if row is None else row.starts_wall_ms,
        )

    def _await_welcome(self, room: Room, seat: str) -> None:
        """Count the page if its seat is not welcomed within `WELCOME_MS`: a network or a proxy is in between (or
        whoever opened it closed it again, or was a program). Logged once for each seat."""
        clock, before = self._parts.clock, room.audience.arrivals[seat]

        def look() -> None:
            if room.audience.arrivals[seat] != before:
                return
            self._parts.unwelcomed()
            if (room.session, seat) not in self._unwelcomed:
                self._unwelcomed.add((room.session, seat))
                log.warning("page.without_welcome", session=room.session, seat=seat, waited_ms=WELCOME_MS)

        clock.call_at(clock.monotonic_ms() + WELCOME_MS, look)

    async def writings(self, request: Request) -> Response:
        """GET …/writings: everything this seat may read, as JSON."""
        room, seat = await self._parts.seat(request)
        return JSONResponse([view.model_dump(mode="json") for view in visible(room.state, seat.id)])

    async def links(self, request: Request) -> Response:
        """GET …/links: everybody's personal link, for the facilitator's seat only."""
        room, seat = await self._parts.seat(request)
        if seat.role is not Role.FACILITATOR:
            raise Problem(403, "seat_closed")
        views = [
            LinkView(
                seat=other.id,
                name=other.name,
                role=other.role,
                link=await self._parts.link(request, room.session, other.id),
                present=other.connected,
                opened=other.joined or room.audience.arrivals[other.id] > 0,
            )
            for other in room.state.seats.values()
        ]
        return JSONResponse([view.model_dump(mode="json") for view in views])

    async def after(self, request: Request) -> Response:
        """GET …/after: what is this person's, once the session is closed."""
        room, seat = await self._parts.seat(request)
        if room.state.status is not Status.CLOSED:
            place = f"/s/{room.session}/{seat.id}"
            return self._parts.pages.html(request, "not_yet.html", 409, language=room.state.language, place=place)
        return await self._sheet(request, room, seat, Flaws(), 200)

    async def complete(self, request: Request) -> Response:
        """POST …/after: what is still written after the close. 422 with everything that is wrong, and nothing typed is
        lost."""
        room, seat = await self._parts.seat(request)
        if room.state.status is not Status.CLOSED:
            raise Problem(409, "not_yet")
        words = self._parts.pages.words_for(request, room.state.language)
        flaws = await complete(room, seat.id, await form_or_json(request), words)
        if flaws:
            return await self._sheet(request, room, seat, flaws, 422)
        return RedirectResponse(f"/s/{room.session}/{seat.id}/after?kept=yes", 303)

    async def erase(self, request: Request) -> Response:
        """POST …/erase: the facilitator erases all content of a session that has ended; `sure=yes` says so twice."""
        room, seat = await self._parts.seat(request)
        if seat.role is not Role.FACILITATOR or room.state.status is not Status.CLOSED:
            raise Problem(403, "forbidden")
        form = await form_or_json(request)
        if form.get("sure") == "yes":
            await room.erase()
        return RedirectResponse(f"/s/{room.session}/{seat.id}/after", 303)

    async def erase_withdrawn(self, request: Request) -> Response:
        """POST …/withdrawn: a client who withdrew erases for good what they wrote as such; `sure=yes` says so twice.
        The room's page asks in JSON and is answered 204. Raises `Problem(409)` if there is nothing to erase."""
        room, seat = await self._parts.seat(request)
        form = await form_or_json(request)
        if form.get("sure") == "yes":
            try:
                await room.erase_withdrawn(seat.id)
            except Refused:
                raise Problem(409, "nothing_withdrawn") from None
        if wants_json(request):
            return Response(status_code=204)
        return RedirectResponse(f"/s/{room.session}/{seat.id}/after", 303)

    async def _sheet(self, request: Request, room: Room, seat: SeatState, flaws: Flaws, status: int) -> Response:
        words = self._parts.pages.words_for(request, room.state.language)
        row = await self._parts.registry.session(room.session)
        return self._parts.pages.html(
            request,
            "erased.html" if room.stream.erased else "after.html",
            status,
            language=room.state.language,
            keepsake=keep(room.state, seat.id, words),
            withdrawn=bool(withdrawn(room.state, seat.id)),
            open=open_for(room.state, seat.id, room.now_ms(), words, flaws),
            wall_ms=room.wall_ms,
            flaws=flaws,
            kept=request.query_params.get("kept") == "yes",
            state=room.state,
            seat=seat,
            place=f"/s/{room.session}/{seat.id}",
            starts_wall_ms=None if row is None else row.starts_wall_ms,
        )

    async def after_markdown(self, request: Request) -> Response:
        """GET …/after.md: the same as Markdown, to be kept."""
        room, seat = await self._parts.seat(request)
        if room.state.status is not Status.CLOSED:
            raise Problem(409, "not_yet")
        if room.stream.erased:
            raise Problem(410, "erased")
        words = self._parts.pages.words_for(request, room.state.language)
        row = await self._parts.registry.session(room.session)
        when = "" if row is None else self._parts.pages.when_zoned(row.starts_wall_ms, words)
        return PlainTextResponse(
            markdown(keep(room.state, seat.id, words), room.state, when, words),
            media_type="text/markdown",
            headers={"content-disposition": f'attachment; filename="codev-{room.session}.md"'},
        )
