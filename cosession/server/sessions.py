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
from cosession.core.script import Script
from cosession.core.sharing import left_out
from cosession.core.vocabulary import Guidance, Job, Role, TurnOrder
from cosession.pages.headers import base_url
from cosession.pages.login import Principal
from cosession.pages.problems import Problem
from cosession.room.listed import Listed
from cosession.server.body import form_or_json
from cosession.server.next_session import Proposal, prefilled, propose
from cosession.server.parts import Parts
from cosession.server.session_form import (
    ROWS,
    FieldError,
    NewSession,
    WrongForm,
    check,
    from_form,
)

log = structlog.get_logger("cosession.server")

LOTS = 1 << 31
#: So much is looked for in the list.
WORDS_LENGTH = 200


class Sessions:
    """Every page here needs a facilitator's sign-in."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def index(self, request: Request) -> Response:
        """GET /, or POST / with `words` that are looked for in titles and names: what people are called stands in no
        address, so in nobody's log. Who is not signed in reads how to."""
        parts = self._parts
        me = await parts.sign_in.who(request)
        if me is None:
            return parts.pages.html(request, "sign_in.html", 403)
        form = await form_or_json(request) if request.method == "POST" else {}
        words = str(form.get("words", ""))[:WORDS_LENGTH].strip()
        number = str(form.get("page", request.query_params.get("page", "")))
        place = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
        page = await parts.rooms.summaries.page(me.id, words, place)
        held = [one.group for one in page.sessions if one.held]
        newest = await parts.rooms.summaries.newest_numbers(held)
        followed = {one.session for one in page.sessions if one.summary.number < newest.get(one.group, 0)}
        return parts.pages.html(request, "sessions.html", page=page, words=words, followed=followed)

    async def new(self, request: Request) -> Response:
        """GET /sessions/new. With `?after=` a session that was held: the form of the group's next one, with its people
        and who could be what. Without what was erased meanwhile."""
        me = await self._parts.sign_in.required(request)
        before = await self._before(me, request.query_params.get("after"))
        if before is None:
            return self._form(request, {}, [], 200)
        proposal = await self._proposal(me, before)
        typed = prefilled(before.session, before.summary, proposal, self._parts.scripts)
        return self._form(request, typed, [], 200, proposal)

    async def _before(self, me: Principal, session: Any) -> Listed | None:
        """The session that a new one follows, if there still is one and it was held."""
        row = await self._parts.registry.session(session) if isinstance(session, str) else None
        if row is None or row.owner != me.id:
            return None
        shown = await self._parts.rooms.summaries.one(session)
        return shown if shown is not None and shown.held else None

    async def _proposal(self, me: Principal, newest: Listed) -> Proposal | None:
        """None, too, as long as some sessions have no summary yet: they may be the group's."""
        summaries = self._parts.rooms.summaries
        if await summaries.lacking():
            return None
        group = await summaries.group(me.id, newest.group)
        earlier = [one.summary for one in group if one.held and one.summary.number < newest.summary.number]
        return await asyncio.to_thread(propose, [*earlier, newest.summary])

    async def create(self, request: Request) -> Response:
        """POST /sessions, as a form or in JSON. 422 with everything that is wrong, and nothing typed is lost."""
        parts = self._parts
        me = await parts.sign_in.required(request)
        body = await form_or_json(request)
        as_json = request.headers.get("content-type", "").startswith("application/json")
        fields = body if as_json else from_form(body, parts.scripts, parts.zone)
        before = await self._before(me, fields.get("after"))
        try:
            new = check(fields, parts.scripts, parts.pages.words, parts.clock.wall_ms(), parts.rehearsal)
            session = await self._create(me, new, None if before is None else before.group)
        except WrongForm as wrong:
            if not as_json:
                proposal = None if before is None else await self._proposal(me, before)
                return self._form(request, body, wrong.errors, 422, proposal)
            words = parts.pages.words_for(request, str(body.get("language")))
            errors = [{"field": e.field, "message": words(e.message, **e.values)} for e in wrong.errors]
            return JSONResponse({"errors": errors}, 422)
        page = f"/sessions/{session}"
        if not as_json:
            return RedirectResponse(page, 303)
        links = await self._links(request, await parts.listed(session))
        made = {"session": session, "page": base_url(request, parts.public_url) + page, "links": links}
        return JSONResponse(made, 201, headers={"location": page})

    async def _create(self, me: Principal, new: NewSession, programme: str | None) -> str:
        parts = self._parts
        # Where the order of a round is drawn, the lot is drawn here: core has no chance of its own.
        command = new.command.model_copy(update={"lot": secrets.randbelow(LOTS), "programme": programme})
        try:
            session = await parts.rooms.create(command)
        except Refused as refusal:
            detail = f"{refusal.field}: {refusal.detail}"
            raise WrongForm([FieldError(refusal.field, "wrong.setup", {"detail": detail})]) from None
        await parts.registry.add_session(session, parts.clock.wall_ms(), new.starts_wall_ms, me.id)
        return session

    async def page(self, request: Request) -> Response:
        """GET /sessions/{session}: the links, who is there, the way into the room."""
        shown = await self._owned(request)
        if shown.erased:
            return self._parts.pages.html(request, "erased.html", language=shown.summary.language)
        seats = await self._links(request, shown)
        return self._parts.pages.html(
            request,
            "session.html",
            me=next((seat for seat in seats if seat["role"] == Role.FACILITATOR), None),
            shown=shown,
            session=shown.session,
            seats=[{**seat, "state": one} for seat, one in zip(seats, shown.summary.seats, strict=True)],
            host=base_url(request, self._parts.public_url),
            line=self._parts.backup_line,
        )

    async def renew(self, request: Request) -> Response:
        """POST /sessions/{session}/{seat}/renew: a new link; the old one ends, whoever holds it leaves the room."""
        session, seat = await self._seat(request)
        await self._parts.registry.renew(session, seat)
        log.info("invitation.renewed", session=session, seat=seat)
        return self._left(session, seat)

    async def revoke(self, request: Request) -> Response:
        """POST /sessions/{session}/{seat}/revoke: the link ends, and there is none until it is renewed."""
        session, seat = await self._seat(request)
        await self._parts.registry.revoke(session, seat)
        log.info("invitation.revoked", session=session, seat=seat)
        return self._left(session, seat)

    def _left(self, session: str, seat: str) -> Response:
        """Whoever holds the old link leaves; the facilitator comes back to the row."""
        room = self._parts.rooms.here(session)
        if room is not None:
            room.kick(seat)
        return RedirectResponse(f"/sessions/{session}#{seat}", 303)

    async def _seat(self, request: Request) -> tuple[str, str]:
        shown = await self._owned(request)
        seat: str = request.path_params["seat"]
        if all(seat != one.id for one in shown.summary.seats):
            raise Problem(404, "session_unknown")
        return shown.session, seat

    async def _owned(self, request: Request) -> Listed:
        me = await self._parts.sign_in.required(request)
        session = request.path_params["session"]
        row = await self._parts.registry.session(session)
        if row is None or row.owner != me.id:
            raise Problem(404, "session_unknown")
        return await self._parts.listed(session)

    async def _links(self, request: Request, shown: Listed) -> list[dict[str, Any]]:
        return [
            {
                "seat": seat.id,
                "name": seat.name,
                "role": seat.role.value,
                "link": await self._parts.link(request, shown.session, seat.id),
            }
            for seat in shown.summary.seats
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
        words = self._parts.pages.words_for(request)
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
            left_out=left_out,
            jobs=["client", *(job.value for job in (Job.DEPUTY, Job.TIMEKEEPER, Job.SCRIBE)), "previous_client"],
            qualified={str(row) for row in typed.get("qualified", [])},
            settings={
                "guidance": [word.value for word in Guidance],
                "turn_order": [word.value for word in TurnOrder],
            },
            languages=self._parts.pages.words,
            rehearsal=self._parts.rehearsal,
            zone=self._parts.zone,
        )


def _input_of(field: str, typed: Mapping[str, Any]) -> str:
    """`participants.2` counts the rows that are filled in; the page counts all rows, and has forms of address for each
    language."""
    if field == "formality":
        return f"formality.{typed.get('language')}"
    name, _, place = field.partition(".")
    if name != "participants" or not place:
        return field
    rows = [row for row, text in enumerate(typed.get("participant", [])) if str(text).strip()]
    return f"participant.{rows[int(place)]}" if int(place) < len(rows) else "participants"
