"""What the main listener is put together from, and the few questions that several of its pages ask."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from starlette.requests import HTTPConnection

from cosession.core.commands import CreateSession
from cosession.core.script import Language, Script
from cosession.core.state import SeatState
from cosession.i18n.words import Words
from cosession.pages.headers import base_url
from cosession.pages.login import SignIn
from cosession.pages.problems import Problem
from cosession.pages.render import Pages
from cosession.room.actor import Room
from cosession.room.ice_servers import IceServers
from cosession.room.listed import Listed
from cosession.room.ports import Clock
from cosession.room.summaries import Summaries
from cosession.room.trials import Trials
from cosession.server.invitations import Invitations, Token, Verdict
from cosession.server.ports import Registry

SEAT_COOKIE = "cosession_seat"


class Rooms(Protocol):
    """The part of `room.directory.Directory` that pages need. What lists and looks back reads `summaries` and wakes no
    room."""

    summaries: Summaries

    async def create(self, command: CreateSession) -> str: ...

    async def get(self, session: str) -> Room | None: ...

    def here(self, session: str) -> Room | None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """`zone` None: the time zone of this machine. `answered` is told every message that goes out, `closed` each close
    code of a socket, `unwelcomed` each page that never reached its room, `overtaken` each frame of sound that a newer
    one pushed out, to be counted. `ops_url` is where operators find their pages.
    `media_ports`: the first and the last of all media workers, of `udp` and `tcp`; None if they are not fixed."""

    pages: Pages
    rooms: Rooms
    registry: Registry
    invitations: Invitations
    sign_in: SignIn
    scripts: Mapping[str, Script]
    app_words: Mapping[Language, Words]
    clock: Clock
    zone: tzinfo | None
    public_url: str | None
    ops_url: str
    rehearsal: bool
    backup_line: str
    trials: Trials
    ice: IceServers
    media_ports: Mapping[str, tuple[int, int]] | None
    answered: Callable[[str], None]
    closed: Callable[[int], None]
    unwelcomed: Callable[[], None]
    overtaken: Callable[[], None]

    async def room(self, session: str) -> Room:
        """Raises `Problem(404)`."""
        room = await self.rooms.get(session)
        if room is None:
            raise Problem(404, "session_unknown")
        return room

    async def listed(self, session: str) -> Listed:
        """The session without its room. Raises `Problem(404)`."""
        shown = await self.rooms.summaries.one(session)
        if shown is None:
            raise Problem(404, "session_unknown")
        return shown

    async def link(self, connection: HTTPConnection, session: str, seat: str) -> str:
        """The seat's absolute personal link; empty while it is revoked."""
        held = await self.registry.seat_link(session, seat)
        if held.revoked:
            return ""
        token = self.invitations.token(session, seat, held.generation)
        return f"{base_url(connection, self.public_url)}/j/{token}"

    async def judge(self, token: Token) -> Verdict:
        held = await self.registry.seat_link(token.session, token.seat)
        return self.invitations.judge(token, held.generation, held.revoked)

    async def seat(self, connection: HTTPConnection) -> tuple[Room, SeatState]:
        """Who asks, by the cookie of the seat's own path. Raises `Problem`: 404 for a session or seat that does not
        exist, 410 for a link that has ended, 403 without one."""
        session, seat = connection.path_params["session"], connection.path_params["seat"]
        room = await self.room(session)
        if seat not in room.state.seats:
            raise Problem(404, "session_unknown")
        token = Token.parse(f"{session}.{seat}.{connection.cookies.get(SEAT_COOKIE, '')}")
        verdict = Verdict.UNKNOWN if token is None else await self.judge(token)
        if verdict is Verdict.ENDED:
            raise Problem(410, "link_ended")
        if verdict is Verdict.UNKNOWN:
            raise Problem(403, "seat_closed")
        return room, room.state.seats[seat]
