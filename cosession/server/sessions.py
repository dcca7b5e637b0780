"""The facilitator's pages: what sessions there are, a new one, and one session with its personal links."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from cosession.core.refusal import Refused
from cosession.core.schedule import SUSPENDED_MS
from cosession.core.script import Script
from cosession.core.vocabulary import Address, Guidance, HoldCause, Job, Role, Status, TurnOrder
from cosession.pages.headers import base_url
from cosession.pages.language import language_of
from cosession.pages.problems import Problem
from cosession.room.actor import Room
from cosession.server.body import form_or_json
from cosession.server.next_session import Proposal, group_of, prefilled, propose
from cosession.server.parts import OWNER, Parts
from cosession.server.ports import SessionRow
from cosession.server.session_form import (
    ROWS,
    FieldError,
    NewSession,
    WrongForm,
    check,
    from_form,
    language_of_body,
)

log = structlog.get_logger("cosession.server")

LOTS = 1 << 31
#: The list shows so many; older ones are reached by their address.
SHOWN = 60


class Sessions:
    """Every page here needs a facilitator's sign-in."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def index(self, request: Request) -> Response:
        """GET /. Who is not signed in reads how to."""
        parts = self._parts
        if not await parts.sign_in.signed_in(request):
            return parts.pages.html(request, "sign_in.html", 403)
        known = await self._known()
        newest: dict[str, int] = {}
        for _, room in known:
            group = group_of(room.session, room.state)
            newest[group] = max(newest.get(group, 0), room.state.number)
        shown = [_overview(row, room, newest) for row, room in known]
        coming = [one for one in reversed(shown) if one["state"].status is not Status.CLOSED]
        past = [one for one in shown if one["state"].status is Status.CLOSED]
        return parts.pages.html(request, "sessions.html", coming=coming, past=past)

    async def _known(self) -> list[tuple[SessionRow, Room]]:
        """The newest sessions, the last start first."""
        rows = sorted(await self._parts.registry.sessions(OWNER), key=lambda row: -row.starts_wall_ms)[:SHOWN]
        rooms = await asyncio.gather(*(self._parts.rooms.get(row.session) for row in rows))
        return [(row, room) for row, room in zip(rows, rooms, strict=True) if room is not None]

    async def new(self, request: Request) -> Response:
        """GET /sessions/new. With `?after=` a session that was held: the form of the group's next one, with its people
        and who could be what. Without what was erased meanwhile."""
        await self._parts.sign_in.required(request)
        room = await self._before(request.query_params.get("after"))
        if room is None:
            return self._form(request, {}, [], 200)
        proposal = await self._proposal(room)
        typed = prefilled(room.session, room.state, proposal, self._parts.scripts)
        return self._form(request, typed, [], 200, proposal)

    async def _before(self, session: Any) -> Room | None:
        """The session that a new one follows, if there still is one and it was held."""
        if not isinstance(session, str) or await self._parts.registry.session(session) is None:
            return None
        room = await self._parts.rooms.get(session)
        return room if room is not None and _was_held(room) else None

    async def _proposal(self, newest: Room) -> Proposal | None:
        group = group_of(newest.session, newest.state)
        known = [room for _, room in await self._known() if _was_held(room)]
        states = [room.state for room in known if group_of(room.session, room.state) == group]
        earlier = sorted((one for one in states if one.number < newest.state.number), key=lambda one: one.number)
        return await asyncio.to_thread(propose, [*earlier, newest.state])

    async def create(self, request: Request) -> Response:
        """POST /sessions, as a form or in JSON. 422 with everything that is wrong, and nothing typed is lost."""
        parts = self._parts
        await parts.sign_in.required(request)
        body = await form_or_json(request)
        as_json = request.headers.get("content-type", "").startswith("application/json")
        fields = body if as_json else from_form(body, parts.scripts, parts.zone)
        before = await self._before(fields.get("after"))
        try:
            new = check(fields, parts.scripts, parts.clock.wall_ms(), parts.rehearsal)
            session = await self._create(new, None if before is None else group_of(before.session, before.state))
        except WrongForm as wrong:
            if not as_json:
                proposal = None if before is None else await self._proposal(before)
                return self._form(request, body, wrong.errors, 422, proposal)
            words = parts.pages.words[language_of(request, language_of_body(body))]
            errors = [{"field": e.field, "message": words(e.message, **e.values)} for e in wrong.errors]
            return JSONResponse({"errors": errors}, 422)
        page = f"/sessions/{session}"
        if not as_json:
            return RedirectResponse(page, 303)
        links = await self._links(request, await parts.room(session))
        made = {"session": session, "page": base_url(request, parts.public_url) + page, "links": links}
        return JSONResponse(made, 201, headers={"location": page})

    async def _create(self, new: NewSession, programme: str | None) -> str:
        parts = self._parts
        # Where the order of a round is drawn, the lot is drawn here: core has no chance of its own.
        command = new.command.model_copy(update={"lot": secrets.randbelow(LOTS), "programme": programme})
        try:
            session = await parts.rooms.create(command)
        except Refused as refusal:
            detail = f"{refusal.field}: {refusal.detail}"
            raise WrongForm([FieldError(refusal.field, "wrong.setup", {"detail": detail})]) from None
        await parts.registry.add_session(session, parts.clock.wall_ms(), new.starts_wall_ms, OWNER)
        return session

    async def page(self, request: Request) -> Response:
        """GET /sessions/{session}: the links, who is there, the way into the room."""
        room = await self._owned(request)
        row = await self._parts.registry.session(room.session)
        assert row is not None
        seats = [{**link, "state": room.state.seats[link["seat"]]} for link in await self._links(request, room)]
        if room.stream.erased:
            return self._parts.pages.html(request, "erased.html", language=room.state.language)
        return self._parts.pages.html(
            request,
            "session.html",
            me=next((seat for seat in seats if seat["role"] == Role.FACILITATOR), None),
            resume_until_ms=_resume_until_ms(room),
            session=room.session,
            state=room.state,
            seats=seats,
            starts_wall_ms=row.starts_wall_ms,
            ends_wall_ms=row.starts_wall_ms + room.state.planned_ms // room.state.speed,
            host=base_url(request, self._parts.public_url),
        )

    async def renew(self, request: Request) -> Response:
        """POST /sessions/{session}/{seat}/renew: a new link; the old one ends, whoever holds it leaves the room."""
        room, seat = await self._seat(request)
        await self._parts.registry.renew(room.session, seat)
        log.info("invitation.renewed", session=room.session, seat=seat)
        return _left(room, seat)

    async def revoke(self, request: Request) -> Response:
        """POST /sessions/{session}/{seat}/revoke: the link ends, and there is none until it is renewed."""
        room, seat = await self._seat(request)
        await self._parts.registry.revoke(room.session, seat)
        log.info("invitation.revoked", session=room.session, seat=seat)
        return _left(room, seat)

    async def _seat(self, request: Request) -> tuple[Room, str]:
        room = await self._owned(request)
        seat = request.path_params["seat"]
        if seat not in room.state.seats:
            raise Problem(404, "session_unknown")
        return room, seat

    async def _owned(self, request: Request) -> Room:
        await self._parts.sign_in.required(request)
        session = request.path_params["session"]
        if await self._parts.registry.session(session) is None:
            raise Problem(404, "session_unknown")
        return await self._parts.room(session)

    async def _links(self, request: Request, room: Room) -> list[dict[str, Any]]:
        return [
            {
                "seat": seat.id,
                "name": seat.name,
                "role": seat.role.value,
                "link": await self._parts.link(request, room.session, seat.id),
            }
            for seat in room.state.seats.values()
        ]

    def _scripts(self) -> tuple[list[Script], list[Script]]:
        """The default script with its siblings, and the others."""
        found = list(self._parts.scripts.values())
        kind = found[0].id.partition("-")[0]
        siblings = [script for script in found if script.id.partition("-")[0] == kind]
        return siblings, [script for script in found if script not in siblings]

    def _form(
        self,
        request: Request,
        typed: Mapping[str, Any],
        errors: list[FieldError],
        status: int,
        proposal: Proposal | None = None,
    ) -> Response:
        words = self._parts.pages.words[language_of(request)]
        said: dict[str, list[str]] = {}
        for error in errors:
            said.setdefault(_input_of(error.field, typed), []).append(words(error.message, **error.values))
        names = [str(name) for name in typed.get("participant", [])][:ROWS]
        return self._parts.pages.html(
            request,
            "new_session.html",
            status,
            typed={key: value for key, value in typed.items() if isinstance(value, str)},
            names=names + [""] * (ROWS - len(names)),
            proposal=None if proposal is None else proposal.said(words),
            errors=said,
            scripts=self._scripts(),
            jobs=["client", *(job.value for job in (Job.DEPUTY, Job.TIMEKEEPER, Job.SCRIBE)), "previous_client"],
            qualified={str(row) for row in typed.get("qualified", [])},
            settings={
                "guidance": [word.value for word in Guidance],
                "address": [word.value for word in Address],
                "turn_order": [word.value for word in TurnOrder],
            },
            rehearsal=self._parts.rehearsal,
            zone=self._parts.zone,
        )


def _left(room: Room, seat: str) -> Response:
    """Whoever holds the old link leaves; the facilitator comes back to the row."""
    room.kick(seat)
    return RedirectResponse(f"/sessions/{room.session}#{seat}", 303)


def _was_held(room: Room) -> bool:
    """It began, and its people are still known."""
    return room.state.started_at_ms is not None and not room.stream.erased


def _overview(row: SessionRow, room: Room, newest: Mapping[str, int]) -> dict[str, Any]:
    """`newest`: the number of the last session that there is of each group."""
    state = room.state
    client = None if state.client is None else state.seats[state.client]
    return {
        "session": row.session,
        "starts_wall_ms": row.starts_wall_ms,
        "state": state,
        "client": client,
        "people": sum(seat.role is not Role.FACILITATOR for seat in state.seats.values()),
        "here": sum(seat.present for seat in state.seats.values()),
        "resume_until_ms": _resume_until_ms(room),
        "erased": room.stream.erased,
        "next": _was_held(room) and state.number == newest[group_of(room.session, state)],
    }


def _resume_until_ms(room: Room) -> int | None:
    """Until when a suspended session can be resumed, as the time of day; None for any other."""
    since_ms = room.state.holds.get(HoldCause.SUSPENDED)
    return None if since_ms is None else room.wall_ms(since_ms + SUSPENDED_MS)


def _input_of(field: str, typed: Mapping[str, Any]) -> str:
    """`participants.2` counts the rows that are filled in; the page counts all rows."""
    name, _, place = field.partition(".")
    if name != "participants" or not place:
        return field
    rows = [row for row, text in enumerate(typed.get("participant", [])) if str(text).strip()]
    return f"participant.{rows[int(place)]}" if int(place) < len(rows) else "participants"
