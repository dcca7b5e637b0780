"""Says a programme's plan to people: an aligned table, what it could not do, and why there is none.

Plain text, the same whether or not somebody watches. Only words and drawing live here; roles and jobs are called what
they are called in the room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cosession.core.vocabulary import Role
from cosession.i18n.words import Words
from cosession.programme.programme import PARTS, Part, Programme
from cosession.programme.rotation import Obstacle, Plan, Planned, Rule


class RotationTable:
    """One programme in the language of `words` (the domains `cosession` and `authoring`)."""

    def __init__(self, programme: Programme, words: Words) -> None:
        self._programme = programme
        self._words = words
        self._names = programme.names

    def lines(self, plan: Plan) -> Iterator[str]:
        """A row for each session, then what has to be said about it."""
        if self._programme.title is not None:
            yield self._programme.title
            yield ""
        rows = [self._head(), *(self._row(session) for session in plan.sessions)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        remarks = list(self._remarks(plan))
        yield from ["", *remarks] if remarks else []

    def why_not(self, obstacle: Obstacle) -> str:
        """Which rule cannot hold, for whom or when, and what would fix it."""
        key: str = obstacle.rule
        sessions = self._list(map(str, obstacle.sessions))
        if obstacle.rule is Rule.CLIENT_ONCE and not obstacle.sessions and len(obstacle.members) == 1:
            key = "client_once_one"
        left = "none_left" if not obstacle.sessions else "left_one" if len(obstacle.sessions) == 1 else "left"
        text = self._text(
            key,
            session=sessions,
            who=self._people(obstacle.members),
            count=len(obstacle.members),
            lacking=obstacle.lacking,
            left=self._text(left, sessions=sessions),
        )
        return text + (self._text("bound", who=self._people(obstacle.bound)) if obstacle.bound else "")

    def _head(self) -> list[str]:
        dates = [self._text("date")] if self._programme.sessions.dates else []
        parts = [self._part(part) for part in PARTS]
        return [self._text("session"), *dates, *parts, self._text("opens"), self._text("reserve"), ""]

    def _row(self, session: Planned) -> list[str]:
        dates = self._programme.sessions.dates
        date = [dates[session.number - 1].isoformat()] if dates else []
        parts = [
            self._name(session.parts.get(part)) + ("*" if part in session.changed and not session.held else "")
            for part in PARTS
        ]
        held = self._text("held") if session.held else ""
        return [str(session.number), *date, *parts, self._name(session.opens), self._name(session.reserve), held]

    def _remarks(self, plan: Plan) -> Iterator[str]:
        for session in plan.sessions:
            if session.absent:
                yield self._text("absent", session=session.number, who=self._people(session.absent))
            if session.missed is not None:
                yield self._text("missed", session=session.number, who=self._names[session.missed])
            if session.again:
                yield self._text("again", session=session.number, who=self._name(session.parts.get(Role.CLIENT)))
        if plan.waiting:
            yield self._text("waiting", who=self._people(plan.waiting))
        for job, people in plan.never.items():
            yield self._text("never", part=self._part(job), who=self._people(people))
        if self._programme.earlier:
            yield self._text("changes", count=plan.changes)
        if not plan.proven:
            yield self._text("unproven")

    def _part(self, part: Part) -> str:
        return self._words(f"role.{part}" if isinstance(part, Role) else f"job.{part}")

    def _name(self, one: str | None) -> str:
        return "–" if one is None else self._names[one]

    def _people(self, people: Iterable[str]) -> str:
        return self._list(self._names[one] for one in people)

    def _list(self, things: Iterable[str]) -> str:
        *most, last = list(things) or [""]
        return self._text("and").join([", ".join(most), last]) if most else last

    def _text(self, key: str, **values: object) -> str:
        return self._words(f"rotation.{key}", **values)
