"""Says a programme's plan to people: an aligned table, what it could not do, and why there is none.

Plain text, the same whether or not somebody watches. Only words and drawing live here; roles and jobs are called what
they are called in the room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cosession.core.script import Language
from cosession.core.vocabulary import Role
from cosession.i18n.words import Words
from cosession.programme.programme import PARTS, Part, Programme
from cosession.programme.rotation import Obstacle, Plan, Planned, Rule

_TEXTS: dict[Language, dict[str, str]] = {
    "fr": {
        "session": "séance",
        "date": "date",
        "opens": "ouvre",
        "reserve": "réserve",
        "held": "tenue",
        "absent": "Séance {session} : absence de {who}.",
        "again": "Séance {session} : {who} est client une nouvelle fois.",
        "missed": "Séance {session} : {who}, dernier client, n’est pas là pour le retour d’expérience.",
        "never": "Jamais {part}, faute de séances : {who}.",
        "changes": "Changements depuis le plan précédent : {count} (marqués *).",
        "unproven": "Ce plan respecte les règles, mais il en existe peut-être un meilleur.",
        "too_few": "Séance {session} : {lacking} personne(s) de plus sont nécessaires, car client, animateur et relais "
        "d’animation sont des personnes différentes. Déplacez la séance, ou levez une absence.",
        "nobody_qualified": "Séance {session} : personne n’est qualifié pour animer parmi les présents. Marquez un "
        "membre présent `qualified: true`, nommez un animateur extérieur (`facilitator`), ou déplacez la séance.",
        "nobody_willing": "Séance {session} : personne parmi les présents n’accepte d’être client, et nul n’y est "
        "forcé. Demandez à l’un d’eux (`declines_client`), ou déplacez la séance.",
        "only_one_for_both": "Séance {session} : {who} est seul à pouvoir être client et seul à pouvoir animer, et nul "
        "n’est les deux dans une séance. Qualifiez un autre membre présent, ou trouvez un autre client.",
        "client_once": "Chacun est client une fois : {who} ({count} personnes) n’ont pour cela que {left}. Il manque "
        "{lacking} séance(s) : ajoutez-en (`sessions.count`), levez une absence ou un départ, ou demandez qui renonce "
        "(`declines_client: true`).",
        "client_once_one": "Chacun est client une fois : il ne reste aucune séance où {who} puisse l’être. Ajoutez une "
        "séance (`sessions.count`), levez une absence, ou demandez-lui de renoncer (`declines_client: true`).",
        "bound": " Seul à pouvoir animer certaines séances : {who} ; qualifiez un autre membre (`qualified: true`).",
        "none_left": "aucune séance",
        "left": "les séances {sessions}",
        "left_one": "la séance {sessions}",
        "and": " et ",
    },
    "en": {
        "session": "session",
        "date": "date",
        "opens": "opens",
        "reserve": "reserve",
        "held": "held",
        "absent": "Session {session}: without {who}.",
        "again": "Session {session}: {who} is client once more.",
        "missed": "Session {session}: {who}, the last client, is not there for the follow-up.",
        "never": "Never {part}, for want of sessions: {who}.",
        "changes": "Changes against the plan so far: {count} (marked *).",
        "unproven": "This plan keeps the rules, but there may be a better one.",
        "too_few": "Session {session}: {lacking} more people are needed, because client, facilitator and deputy are "
        "different people. Move the session, or lift an absence.",
        "nobody_qualified": "Session {session}: nobody who is there is qualified to facilitate. Mark a member who is "
        "there `qualified: true`, name a facilitator from outside (`facilitator`), or move the session.",
        "nobody_willing": "Session {session}: nobody who is there accepts being client, and nobody is forced. Ask one "
        "of them (`declines_client`), or move the session.",
        "only_one_for_both": "Session {session}: {who} alone can be client and alone can facilitate, and nobody is "
        "both in one session. Qualify another member who is there, or find another client.",
        "client_once": "Everybody is client once: {who} ({count} people) have only {left} for it. {lacking} more "
        "session(s) are needed: add them (`sessions.count`), lift an absence or a leave, or ask who declines "
        "(`declines_client: true`).",
        "client_once_one": "Everybody is client once: no session is left in which {who} can be. Add a session "
        "(`sessions.count`), lift an absence, or ask them to decline (`declines_client: true`).",
        "bound": " The only one to facilitate some sessions: {who}; qualify another member (`qualified: true`).",
        "none_left": "no session",
        "left": "sessions {sessions}",
        "left_one": "session {sessions}",
        "and": " and ",
    },
}


class RotationTable:
    """One programme in the language of `words` (the domain `cosession`)."""

    def __init__(self, programme: Programme, words: Words) -> None:
        self._programme = programme
        self._words = words
        self._texts = _TEXTS[words.language]
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
        dates = [self._texts["date"]] if self._programme.sessions.dates else []
        parts = [self._part(part) for part in PARTS]
        return [self._texts["session"], *dates, *parts, self._texts["opens"], self._texts["reserve"], ""]

    def _row(self, session: Planned) -> list[str]:
        dates = self._programme.sessions.dates
        date = [dates[session.number - 1].isoformat()] if dates else []
        parts = [
            self._name(session.parts.get(part)) + ("*" if part in session.changed and not session.held else "")
            for part in PARTS
        ]
        held = self._texts["held"] if session.held else ""
        return [str(session.number), *date, *parts, self._name(session.opens), self._name(session.reserve), held]

    def _remarks(self, plan: Plan) -> Iterator[str]:
        for session in plan.sessions:
            if session.absent:
                yield self._text("absent", session=session.number, who=self._people(session.absent))
            if session.missed is not None:
                yield self._text("missed", session=session.number, who=self._names[session.missed])
            if session.again:
                yield self._text("again", session=session.number, who=self._name(session.parts.get(Role.CLIENT)))
        for job, people in plan.never.items():
            yield self._text("never", part=self._part(job), who=self._people(people))
        if self._programme.earlier:
            yield self._text("changes", count=plan.changes)
        if not plan.proven:
            yield self._texts["unproven"]

    def _part(self, part: Part) -> str:
        return self._words(f"role.{part}" if isinstance(part, Role) else f"job.{part}")

    def _name(self, one: str | None) -> str:
        return "–" if one is None else self._names[one]

    def _people(self, people: Iterable[str]) -> str:
        return self._list(self._names[one] for one in people)

    def _list(self, things: Iterable[str]) -> str:
        *most, last = list(things) or [""]
        return self._texts["and"].join([", ".join(most), last]) if most else last

    def _text(self, key: str, **values: object) -> str:
        return self._texts[key].format(**values)
