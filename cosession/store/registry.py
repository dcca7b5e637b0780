"""What the server has to know beside the events: whose sessions there are, which invitations hold, who signed in.

No name and no title lives here (a session's title is content of its events). Of a link for signing in, and of the
cookie it led to, only a SHA-256 is kept; of an invitation only its generation (decision 13).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from sqlalchemy import Connection, insert, select, update

from cosession.room.ports import Conflict
from cosession.store.database import Database
from cosession.store.schema import links, logins, put, sessions

Kind = Literal["facilitator", "ops"]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Wall times in milliseconds since 1970. `owner` is the id of a login, or whatever the server takes for one."""

    session: str
    created_wall_ms: int
    starts_wall_ms: int
    owner: str


@dataclass(frozen=True, slots=True)
class SeatLink:
    """An invitation holds if it was made with this generation and is not revoked."""

    generation: int
    revoked: bool


@dataclass(frozen=True, slots=True)
class Login:
    """A browser that opened a sign-in link. `id` is opaque and stays the same for the life of the link."""

    id: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class LoginResult:
    """What came of opening a sign-in link.

    `bound`: this browser is signed in; `secret` is for its cookie. `link_used`: another browser was first.
    `link_unknown`: there is no such link. In the last two cases `login` and `secret` are None.
    """

    outcome: Literal["bound", "link_used", "link_unknown"]
    login: Login | None = None
    secret: str | None = None


class Registry:
    """On the same lanes as the event log. Every method may raise `Unavailable`, and returns when it is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- sessions -------------------------------------------------------------------------------------------------

    async def add_session(self, session: str, created_wall_ms: int, starts_wall_ms: int, owner: str) -> None:
        """Raises `Conflict` if there is a session of this id."""
        row = {
            "session": session,
            "created_wall_ms": created_wall_ms,
            "starts_wall_ms": starts_wall_ms,
            "owner": owner,
        }

        def add(connection: Connection) -> None:
            if connection.scalar(select(sessions.c.session).filter_by(session=session)) is not None:
                raise Conflict("there is a session of this id")
            connection.execute(insert(sessions).values(**row))

        await self._database.writer.run(add)

    async def sessions(self, owner: str) -> Sequence[SessionRow]:
        """An owner's sessions, the earliest start first."""
        theirs = select(sessions).filter_by(owner=owner).order_by(sessions.c.starts_wall_ms, sessions.c.session)
        return await self._database.reader.run(
            lambda connection: [SessionRow(**row._mapping) for row in connection.execute(theirs)]
        )

    async def session(self, session: str) -> SessionRow | None:
        """One session, whoever owns it."""

        def find(connection: Connection) -> SessionRow | None:
            row = connection.execute(select(sessions).filter_by(session=session)).one_or_none()
            return SessionRow(**row._mapping) if row else None

        return await self._database.reader.run(find)

    # -- invitations ----------------------------------------------------------------------------------------------

    async def seat_link(self, session: str, seat: str) -> SeatLink:
        """Generation 0, not revoked, as long as nothing was done to it."""
        return await self._database.reader.run(lambda connection: _seat_link(connection, session, seat))

    async def generation(self, session: str, seat: str) -> int:
        return (await self.seat_link(session, seat)).generation

    async def renew(self, session: str, seat: str) -> int:
        """End the links made so far and allow one of the generation returned. Each call ends one more."""
        return await self._database.writer.run(lambda connection: _raise(connection, session, seat, revoked=False))

    async def revoke(self, session: str, seat: str) -> None:
        """End the links made so far; none holds until `renew`. May be repeated."""
        await self._database.writer.run(lambda connection: _raise(connection, session, seat, revoked=True))

    # -- signing in -----------------------------------------------------------------------------------------------

    async def new_login_link(self, kind: Kind) -> str:
        """The token of a new link, 256 random bits in URL-safe text. It cannot be shown again."""
        token = secrets.token_urlsafe(32)
        row = {"id": secrets.token_hex(16), "kind": kind, "token_sha256": _hash(token), "secret_sha256": None}
        await self._database.writer.run(lambda connection: connection.execute(insert(logins).values(**row)).close())
        return token

    async def bind_login(self, token: str, cookie_secret: str | None = None) -> LoginResult:
        """Open a sign-in link. The first browser gets a secret for its cookie; the same browser, known by that cookie,
        may open the link again and keeps it."""

        def bind(connection: Connection) -> LoginResult:
            row = connection.execute(select(logins).filter_by(token_sha256=_hash(token))).one_or_none()
            if row is None:
                return LoginResult("link_unknown")
            login = Login(row.id, row.kind)
            if row.secret_sha256 is None:
                secret = secrets.token_urlsafe(32)
                connection.execute(update(logins).filter_by(id=row.id).values(secret_sha256=_hash(secret)))
                return LoginResult("bound", login, secret)
            if cookie_secret is not None and secrets.compare_digest(_hash(cookie_secret), row.secret_sha256):
                return LoginResult("bound", login, cookie_secret)
            return LoginResult("link_used")

        return await self._database.writer.run(bind)

    async def login(self, cookie_secret: str) -> Login | None:
        """Who this cookie belongs to, if anybody."""

        def find(connection: Connection) -> Login | None:
            row = connection.execute(select(logins).filter_by(secret_sha256=_hash(cookie_secret))).one_or_none()
            return Login(row.id, row.kind) if row else None

        return await self._database.reader.run(find)


def _hash(secret: str) -> bytes:
    return sha256(secret.encode(errors="surrogatepass")).digest()


def _seat_link(connection: Connection, session: str, seat: str) -> SeatLink:
    row = connection.execute(
        select(links.c.generation, links.c.revoked).filter_by(session=session, seat=seat)
    ).one_or_none()
    return SeatLink(row.generation, row.revoked) if row else SeatLink(0, False)


def _raise(connection: Connection, session: str, seat: str, *, revoked: bool) -> int:
    """Make the next generation the one that counts."""
    generation = _seat_link(connection, session, seat).generation + 1
    put(connection, links, {"session": session, "seat": seat}, {"generation": generation, "revoked": revoked})
    return generation
