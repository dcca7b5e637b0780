"""The next session of a group: what its form knows beforehand, and who could be what, by `programme.rotation`.

A group is the sessions that follow one another: each carries the id of the first as its programme. Nothing is kept for
this beside the sessions' summaries; people are known again by their names, which are content of each session, so what
was erased is not known here either. A proposal is a few words in a form, and never more. Source: method.md,
"Rotation"; decision 11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cosession.core.script import Script
from cosession.core.summary import SeatSummary, SessionSummary
from cosession.core.vocabulary import Job, Role
from cosession.i18n.words import Words
from cosession.programme.programme import MOST_MEMBERS, MOST_SESSIONS, Cast, Member, Outside, Part, Programme, Sessions
from cosession.programme.rotation import Impossible, plan
from cosession.room.codec import ERASED

#: So far back a programme is looked at: everybody's turn as client, once.
LOOKS_BACK = MOST_MEMBERS
OUTSIDE = "outside"
JOBS = (Job.DEPUTY, Job.SCRIBE, Job.TIMEKEEPER)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Names by part, the facilitator's only where members take turns at it. `again`: the client has been client before,
    like everybody. `opens`: who was client last."""

    sessions: int
    parts: Mapping[Part, str]
    again: bool
    opens: str | None

    def said(self, words: Words) -> str:
        """One sentence, with the reasons."""
        name = self.parts[Role.CLIENT]
        clauses = [words("new.proposal.again", name=name) if self.again else words("new.proposal.client", name=name)]
        jobs = [f"{self.parts[job]} {words(f'job.{job.value}.long')}" for job in JOBS if job in self.parts]
        if Role.FACILITATOR in self.parts:
            jobs.insert(0, f"{self.parts[Role.FACILITATOR]} {words('role.facilitator')}")
        if jobs:
            clauses.append(words("new.proposal.jobs", jobs=", ".join(jobs)))
        if self.opens is not None:
            clauses.append(words("new.proposal.opens", name=self.opens))
        return words.count("new.proposal", self.sessions, clauses=words("new.proposal.then").join(clauses))


def propose(earlier: Sequence[SessionSummary]) -> Proposal | None:
    """Who could be what after these sessions of one group, the earliest first; None where roles do not rotate from
    session to session, or no plan keeps the rules. May take some hundredths of a second."""
    newest = earlier[-1]
    if not newest.conducted or newest.rotates:
        return None
    programme = _programme([held for held in earlier[-LOOKS_BACK:] if _client(held)])
    if programme is None:
        return None
    try:
        planned = plan(programme).sessions[len(programme.held)]
    except Impossible:
        return None
    names = programme.names
    return Proposal(
        sessions=len(programme.held),
        parts={part: names[person] for part, person in planned.parts.items() if person != OUTSIDE},
        again=planned.again,
        opens=None if planned.opens is None else names[planned.opens],
    )


def prefilled(
    session: str, held: SessionSummary, proposal: Proposal | None, known: Mapping[str, Script]
) -> dict[str, Any]:
    """The form of the session after this one, as somebody could have filled it in: the same people, the next number,
    and the parts that are proposed. A script for a group's first session gives way to the one for all others."""
    script = held.script.removesuffix("-first")
    people = _people(held)
    parts = {} if proposal is None else proposal.parts
    lead = parts.get(Role.FACILITATOR, _facilitator(held))
    if lead != _facilitator(held):
        people = [seat for seat in held.seats if _named(seat) and seat.name != lead]
    names = [seat.name for seat in people]
    form: dict[str, Any] = {
        "after": session,
        "title": re.sub(rf"(?<!\d){held.number}$", str(held.number + 1), held.title),
        "facilitator": lead,
        "script": script if script in known else held.script,
        "language": held.language,
        "guidance": held.guidance.value,
        f"formality.{held.language}": held.formality.value,
        "turn_order": held.turn_order.value,
        "first": "no",
        "number": str(held.number + 1),
        "participant": names,
        "qualified": [str(row) for row, seat in enumerate(people) if seat.qualified],
    }
    chosen: dict[str, str | None] = {part.value: parts.get(part) for part in (Role.CLIENT, *JOBS)}
    chosen["previous_client"] = _client(held)
    return form | {part: str(names.index(name)) for part, name in chosen.items() if name in names}


def _programme(earlier: Sequence[SessionSummary]) -> Programme | None:
    """The sessions as a programme that goes on until everybody has been client; None if it would be too large."""
    lead = _facilitator(earlier[-1]) if earlier else ""
    if not lead:
        return None
    outside = lead if all(lead != seat.name for held in earlier for seat in _people(held)) else None
    # Who has left is still needed where they were client.
    there = [
        {seat.name: seat.qualified for seat in held.seats if _named(seat) and seat.name != outside} for held in earlier
    ]
    names = list(dict.fromkeys([*there[-1], *filter(None, map(_client, earlier))]))
    if len(names) > MOST_MEMBERS:
        return None
    ids = {name: f"m{place}" for place, name in enumerate(names)} | ({} if outside is None else {outside: OUTSIDE})
    been = set(filter(None, map(_client, earlier)))
    owed = sum(name not in been for name in there[-1])
    return Programme(
        facilitator=None if outside is None else Outside(id=OUTSIDE, name=outside),
        members=tuple(_member(ids[name], name, there) for name in names),
        sessions=Sessions(count=min(len(earlier) + max(owed, 1), MOST_SESSIONS)),
        held=tuple(_cast(number, held, ids) for number, held in enumerate(earlier, 1)),
    )


def _member(person: str, name: str, there: Sequence[Mapping[str, bool]]) -> Member:
    """`there`: of each session who was there, and whether qualified. Who once was is qualified."""
    numbers = [number for number, people in enumerate(there, 1) if name in people]
    first, last = numbers[0], numbers[-1]
    return Member(
        id=person,
        name=name,
        qualified=any(people.get(name, False) for people in there),
        joins_at=first,
        leaves_after=None if last == len(there) else last,
        absent=tuple(number for number in range(first, last) if number not in numbers),
    )


def _cast(number: int, held: SessionSummary, ids: Mapping[str, str]) -> Cast:
    parts: dict[str, str] = {Role.CLIENT: _client(held) or "", Role.FACILITATOR: _facilitator(held)}
    for job in JOBS:
        holder = held.holder_of(job)
        parts[job] = "" if holder is None else holder.name
    return Cast(session=number, **{part: ids[name] for part, name in parts.items() if name in ids})


def _named(seat: SeatSummary) -> bool:
    return seat.name != ERASED and seat.role is not Role.OBSERVER


def _people(held: SessionSummary) -> list[SeatSummary]:
    return [seat for seat in held.seats if _named(seat) and seat.role is not Role.FACILITATOR]


def _client(held: SessionSummary) -> str | None:
    return next((seat.name for seat in _people(held) if seat.role is Role.CLIENT), None)


def _facilitator(held: SessionSummary) -> str:
    return next((seat.name for seat in held.seats if seat.role is Role.FACILITATOR and _named(seat)), "")
