"""Who signed in: links that are used once, and the browsers they were used in.

Of a link, and of the cookie that it led to, only a SHA-256 is kept. A link ends unused after `LINK_MS`, one that a
start printed also when the next start prints another; a sign-in ends after `IDLE_MS` without use.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import Connection, delete, insert, or_, select, update

from cosession.room.clock import SystemClock
from cosession.room.ports import Clock, Unavailable
from cosession.store.database import Database
from cosession.store.schema import logins

Kind = Literal["facilitator", "ops"]
Outcome = Literal["bound", "open", "yours", "link_used", "link_ended", "link_elsewhere", "link_unknown"]

_DAY_MS = 24 * 3_600_000
LINK_MS = _DAY_MS
IDLE_MS = 30 * _DAY_MS
#: The last use is written down no more often.
NOTED_MS = 3_600_000
#: What has ended is known to have ended for so long, then it is unknown.
KEPT_MS = 60 * _DAY_MS


@dataclass(frozen=True, slots=True)
class Login:
    """A browser that signed in. `id` is opaque and stays the same for the life of the link. `noted`: this use was
    written down, the cookie may be renewed with it."""

    id: str
    kind: Kind
    noted: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class LoginResult:
    """What came of using a sign-in link.

    `bound`: this browser is signed in; `secret` is for its cookie. `link_used`: another browser was first.
    `link_ended`: nobody used it in time, or it was ended. `link_elsewhere`: it is of the other kind. `link_unknown`:
    there is no such link. But for the first, `login` and `secret` are None, and nothing was changed.
    """

    outcome: Outcome
    login: Login | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in, or with `used_wall_ms` None a link that waits. Wall times in milliseconds; the last use to the hour.
    It ends at `until_wall_ms` unless it is used before."""

    id: str
    made_wall_ms: int
    used_wall_ms: int | None
    until_wall_ms: int


class SignIns:
    """On the same threads as the event log. Every method may raise `Unavailable`, and returns when it is on disk."""

    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock: Clock = clock or SystemClock()

    async def new_login_link(self, kind: Kind, *, printed: bool = False) -> str:
        """The token of a new link, 256 random bits in URL-safe text. It cannot be shown again. `printed`: by a start,
        which ends those that earlier starts printed and nobody used."""
        token = secrets.token_urlsafe(32)
        now_ms = self._clock.wall_ms()
        row = {
            "id": secrets.token_hex(16),
            "kind": kind,
            "token_sha256": _hash(token),
            "made_wall_ms": now_ms,
            "printed": printed,
            "ended": False,
        }

        def add(connection: Connection) -> None:
            if printed:
                earlier = update(logins).filter_by(kind=kind, printed=True).where(logins.c.secret_sha256.is_(None))
                connection.execute(earlier.values(ended=True))
                last = or_(logins.c.used_wall_ms.is_(None), logins.c.used_wall_ms < now_ms - KEPT_MS)
                connection.execute(delete(logins).where(logins.c.made_wall_ms < now_ms - KEPT_MS, last))
            connection.execute(insert(logins).values(**row))

        await self._database.writer.run(add)
        return token

    async def look_at_login_link(self, token: str, kind: Kind, cookie_secret: str | None = None) -> Outcome:
        """What `bind_login` would find: `open`, or `yours` for the browser that has used it. Changes nothing."""
        now_ms = self._clock.wall_ms()
        return await self._database.reader.run(
            lambda connection: _judged(_of_token(connection, token), now_ms, kind, cookie_secret)
        )

    async def bind_login(self, token: str, cookie_secret: str | None = None, kind: Kind | None = None) -> LoginResult:
        """Use a sign-in link. The first browser gets a secret for its cookie; the same browser, known by that cookie,
        may use the link again and keeps it. `kind`: only a link of this kind."""
        now_ms = self._clock.wall_ms()

        def bind(connection: Connection) -> LoginResult:
            row = _of_token(connection, token)
            match _judged(row, now_ms, kind, cookie_secret):
                case "open":
                    secret = secrets.token_urlsafe(32)
                    values = {"secret_sha256": _hash(secret), "used_wall_ms": now_ms}
                    connection.execute(update(logins).filter_by(id=row.id).values(**values))
                case "yours":
                    assert cookie_secret is not None
                    secret = cookie_secret
                case outcome:
                    return LoginResult(outcome)
            return LoginResult("bound", Login(row.id, row.kind), secret)

        return await self._database.writer.run(bind)

    async def login(self, cookie_secret: str) -> Login | None:
        """Who this cookie belongs to, if anybody. Its use is noted, if the store takes it."""
        now_ms = self._clock.wall_ms()
        mine = select(logins).filter_by(secret_sha256=_hash(cookie_secret))
        row = await self._database.reader.run(lambda connection: connection.execute(mine).one_or_none())
        if row is None or not _holds(row, now_ms):
            return None
        noted = now_ms - row.used_wall_ms >= NOTED_MS
        if noted:
            note = update(logins).filter_by(id=row.id).values(used_wall_ms=now_ms)
            with contextlib.suppress(Unavailable):
                await self._database.writer.run(lambda connection: connection.execute(note).close())
        return Login(row.id, row.kind, noted)

    async def sign_ins(self, kind: Kind) -> Sequence[SignedIn]:
        """Those that hold, the last used first; links that wait come last."""
        now_ms = self._clock.wall_ms()
        theirs = (
            select(logins)
            .filter_by(kind=kind)
            .order_by(logins.c.used_wall_ms.desc().nulls_last(), logins.c.made_wall_ms.desc())
        )
        rows = await self._database.reader.run(lambda connection: connection.execute(theirs).all())
        return [
            SignedIn(row.id, row.made_wall_ms, row.used_wall_ms, _until(row)) for row in rows if _holds(row, now_ms)
        ]

    async def end_login(self, login: str, kind: Kind) -> None:
        """Sign one out, or end a link that waits. May be repeated; nothing happens for one of another kind."""
        ended = update(logins).filter_by(id=login, kind=kind).values(ended=True)
        await self._database.writer.run(lambda connection: connection.execute(ended).close())

    async def end_other_logins(self, login: str, kind: Kind) -> None:
        """Sign out all of a kind but one, and end their links that wait. May be repeated."""
        ended = update(logins).filter_by(kind=kind).where(logins.c.id != login).values(ended=True)
        await self._database.writer.run(lambda connection: connection.execute(ended).close())


def _of_token(connection: Connection, token: str) -> Any:
    return connection.execute(select(logins).filter_by(token_sha256=_hash(token))).one_or_none()


def _until(row: Any) -> int:
    ends_ms: int = row.made_wall_ms + LINK_MS if row.used_wall_ms is None else row.used_wall_ms + IDLE_MS
    return ends_ms


def _holds(row: Any, now_ms: int) -> bool:
    return not row.ended and now_ms < _until(row)


def _judged(row: Any, now_ms: int, kind: Kind | None, cookie_secret: str | None) -> Outcome:
    if row is None:
        return "link_unknown"
    if kind is not None and row.kind != kind:
        return "link_elsewhere"
    if row.secret_sha256 is None:
        return "open" if _holds(row, now_ms) else "link_ended"
    if cookie_secret is None or not secrets.compare_digest(_hash(cookie_secret), row.secret_sha256):
        return "link_used"
    return "yours" if _holds(row, now_ms) else "link_ended"


def _hash(secret: str) -> bytes:
    return sha256(secret.encode(errors="surrogatepass")).digest()
