"""What the server has to know beside the events: whose sessions there are, which invitations hold, who signed in
(see `logins`).

No name and no title lives here (a session's title is content of its events), and of an invitation only its generation
(decision 13).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from cosession.room.ports import Conflict
from cosession.store.logins import SignIns
from cosession.store.schema import links, put, sessions


@dataclass(frozen=True, slots=True)
class SessionRow:
    """Wall times in milliseconds since 1970. `owner` is the id of a principal."""

    session: str
    created_wall_ms: int
    starts_wall_ms: int
    owner: str


@dataclass(frozen=True, slots=True)
class SeatLink:
    """An invitation holds if it was made with this generation and is not revoked."""

    generation: int
    revoked: bool


class Registry(SignIns):
    """On the same threads as the event log. Every method may raise `Unavailable`, and returns when it is on disk."""

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
