"""The summaries of sessions (decision 40): a row in clear to sort and choose by, and what is sealed beside it.

Names and titles are sealed with the newest key of their owner, as drafts are, and are deleted when it is erased. Every
function works in the caller's transaction. What a summary says is `cosession.core.summary`'s affair.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Select, bindparam, case, delete, func, insert, or_, select

from cosession.room.ports import Summary, Wanted
from cosession.store.chain import frame, from_json, to_json
from cosession.store.keys import MISFITS, Keyring, seal, unseal
from cosession.store.schema import put, sessions, streams, summaries, summary_contents

_DROP_CONTENTS = delete(summary_contents).where(summary_contents.c.session == bindparam("of_session"))
_CONTENTS = (
    select(summary_contents)
    .where(summary_contents.c.session.in_(bindparam("some", expanding=True)))
    .order_by(summary_contents.c.session, summary_contents.c.owner)
)
#: So many sessions are named in one statement.
AT_ONCE = 500


class Ready(NamedTuple):
    """A summary whose parts are already text: what cannot be stored fails before it is queued."""

    summary: Summary
    meta: str
    content: Mapping[str, bytes]


def ready(summary: Summary) -> Ready:
    """Raises `ValueError` or `TypeError` for what JSON or UTF-8 cannot carry."""
    content = {owner: to_json(part).encode() for owner, part in summary.content.items()}
    return Ready(summary, to_json(summary.meta), content)


def write(connection: Connection, keyring: Keyring, item: Ready) -> None:
    """In place of what was there. What an owner had written before they were erased may still be in somebody's memory:
    it is not sealed anew."""
    summary = item.summary
    values = {
        "format": summary.format,
        "status": summary.status,
        "starts_wall_ms": summary.starts_wall_ms,
        "programme": summary.group,
        "number": summary.number,
        "meta": item.meta,
    }
    put(connection, summaries, {"session": summary.session}, values)
    connection.execute(_DROP_CONTENTS, {"of_session": summary.session})
    rows = [
        {
            "session": summary.session,
            "owner": owner,
            "ciphertext": seal(keyring.to_write(owner or None)[1], text, _place(summary.session, owner)),
        }
        for owner, text in item.content.items()
        if not keyring.was_erased(owner or None)
    ]
    if rows:
        connection.execute(insert(summary_contents), rows)


def erase(connection: Connection, session: str, seat: str | None) -> None:
    """What keys sealed that are forgotten (`keys.forget`)."""
    theirs = delete(summary_contents).filter_by(session=session)
    if seat is not None:
        owner = summary_contents.c.owner
        theirs = theirs.where(or_(owner == seat, owner.startswith(f"{seat}.", autoescape=True)))
    connection.execute(theirs)


def rows(connection: Connection, wanted: Wanted) -> Sequence[Any]:
    """The rows of `summaries` that are wanted, in the order of lists."""
    over = summaries.c.status.not_in(("running", "lobby"))
    place = case((summaries.c.status == "running", 0), (over, 2), else_=1)
    starts = summaries.c.starts_wall_ms
    statement = _chosen(select(summaries), wanted).order_by(place, case((over, -starts), else_=starts), "session")
    return connection.execute(statement.offset(wanted.offset).limit(wanted.limit)).all()


def count(connection: Connection, wanted: Wanted) -> int:
    return connection.scalar(_chosen(select(func.count()).select_from(summaries), wanted)) or 0


def row(connection: Connection, session: str, format: int) -> Sequence[Any]:
    """None, or one."""
    return connection.execute(select(summaries).filter_by(session=session, format=format)).all()


def newest(connection: Connection, groups: Sequence[str], format: int) -> dict[str, int]:
    statement = (
        select(summaries.c.programme, func.max(summaries.c.number).label("number"))
        .where(summaries.c.programme.in_(groups), summaries.c.format == format)
        .group_by(summaries.c.programme)
    )
    return {row.programme: row.number for row in connection.execute(statement)}


def all_streams(connection: Connection, without: int | None) -> Sequence[str]:
    statement = select(streams.c.session).order_by(streams.c.finished, streams.c.session)
    if without is not None:
        known = select(summaries.c.session).filter_by(format=without)
        statement = statement.where(streams.c.session.not_in(known))
    return connection.scalars(statement).all()


def opened(
    connection: Connection, master: AESGCM, found: Sequence[Any], *, content: bool
) -> tuple[list[Summary], list[str]]:
    """Rows as summaries, and the sessions whose summary is not as it was written."""
    whole, damaged = [], []
    for start in range(0, len(found), AT_ONCE):
        some = found[start : start + AT_ONCE]
        names = [one.session for one in some] if content else []
        keyrings = Keyring.of_several(connection, master, names)
        parts: dict[str, list[Any]] = defaultdict(list)
        for part in connection.execute(_CONTENTS, {"some": names}) if names else ():
            parts[part.session].append(part)
        for one in some:
            try:
                whole.append(_opened(one, keyrings.get(one.session), parts[one.session]))
            except MISFITS:
                damaged.append(one.session)
    return whole, damaged


def _opened(row: Any, keyring: Keyring | None, parts: Sequence[Any]) -> Summary:
    content = {}
    for part in parts:
        assert keyring is not None
        owner = part.owner or None
        key = keyring.to_read(owner, keyring.newest(owner))
        if key is None:
            raise KeyError("a part of a summary outlived its key")
        content[part.owner] = from_json(unseal(key, part.ciphertext, _place(row.session, part.owner)))
    return Summary(
        session=row.session,
        format=row.format,
        status=row.status,
        starts_wall_ms=row.starts_wall_ms,
        group=row.programme,
        number=row.number,
        meta=from_json(row.meta),
        content=content,
    )


def drop(connection: Connection, damaged: Sequence[str]) -> None:
    """Take summaries away, which are then made anew as any that is missing."""
    for table in (summaries, summary_contents):
        connection.execute(delete(table).where(table.c.session.in_(damaged)))


def _chosen(statement: Select[Any], wanted: Wanted) -> Select[Any]:
    statement = statement.where(summaries.c.format == wanted.format)
    if wanted.owner is not None:
        theirs = select(sessions.c.session).where(sessions.c.owner == wanted.owner)
        statement = statement.where(summaries.c.session.in_(theirs))
    if wanted.statuses is not None:
        statement = statement.where(summaries.c.status.in_(wanted.statuses))
    if wanted.group is not None:
        statement = statement.where(summaries.c.programme == wanted.group)
    return statement


def _place(session: str, owner: str) -> bytes:
    return frame("summary", session, owner)
