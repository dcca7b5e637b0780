"""A programme: the members of a group, its sessions, what has been held and what was planned.

Pure: it comes in as plain mappings (whoever reads the file keeps lines and columns). Who does what is decided in
`rotation`. Sessions are numbered from 1. Source: method.md, "Rotation".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cosession.core.vocabulary import Job, Role

MOST_MEMBERS = 12
MOST_SESSIONS = 20

#: What rotates, in the order in which people look for it.
Part = Role | Job
PARTS: tuple[Part, ...] = (Role.CLIENT, Role.FACILITATOR, Job.DEPUTY, Job.SCRIBE, Job.TIMEKEEPER)

MemberId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Number = Annotated[int, Field(strict=True, ge=1, le=MOST_SESSIONS)]
Fault = tuple[tuple[int | str, ...], str]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(Model):
    """One of the group. In sessions before `joins_at`, after `leaves_after` and in `absent` they are not there."""

    id: MemberId
    name: Name
    qualified: bool = False
    """May facilitate."""
    declines_client: bool = False
    waited: bool = False
    """Found no place as client in the programme before, so goes first where there are more people than sessions."""
    joins_at: Number = 1
    leaves_after: Number | None = None
    absent: tuple[Number, ...] = ()

    def belongs(self, number: int) -> bool:
        """Whether they are of the group at session `number`, there or not."""
        return self.joins_at <= number and (self.leaves_after is None or number <= self.leaves_after)

    def there(self, number: int) -> bool:
        return self.belongs(number) and number not in self.absent


class Outside(Model):
    """A facilitator from outside the group: conducts every session but those in `absent`."""

    id: MemberId
    name: Name
    absent: tuple[Number, ...] = ()


class Sessions(Model):
    count: Number
    dates: tuple[date, ...] = ()


class Cast(Model):
    """Who did what in one session, or is planned to. What is left out was nobody's, or is not known."""

    session: Number
    client: MemberId | None = None
    facilitator: MemberId | None = None
    deputy: MemberId | None = None
    scribe: MemberId | None = None
    timekeeper: MemberId | None = None

    @property
    def parts(self) -> dict[Part, str]:
        named = {part: getattr(self, part.value) for part in PARTS}
        return {part: name for part, name in named.items() if name is not None}


class Programme(Model):
    title: Name | None = None
    facilitator: Outside | None = None
    members: tuple[Member, ...] = Field(min_length=2, max_length=MOST_MEMBERS)
    sessions: Sessions
    held: tuple[Cast, ...] = ()
    planned: tuple[Cast, ...] = ()

    @property
    def names(self) -> dict[str, str]:
        """The name of everybody, by id."""
        people: list[Member | Outside] = [*self.members]
        if self.facilitator is not None:
            people.append(self.facilitator)
        return {person.id: person.name for person in people}

    @property
    def coming(self) -> range:
        """The numbers of the sessions that are still to be held."""
        return range(len(self.held) + 1, self.sessions.count + 1)

    @property
    def earlier(self) -> Mapping[int, Mapping[Part, str]]:
        """The plan so far, of the sessions that are still to be held."""
        return {cast.session: cast.parts for cast in self.planned if cast.session in self.coming}

    def there(self, number: int) -> tuple[Member, ...]:
        return tuple(member for member in self.members if member.there(number))

    def parts(self, number: int) -> tuple[Part, ...]:
        """What members do in a session: one each. The facilitator is no member if one from outside conducts; when too
        few are there, nobody keeps the time, then nobody takes notes."""
        outside = self.facilitator is not None and number not in self.facilitator.absent
        wanted = [part for part in PARTS if not (outside and part is Role.FACILITATOR)]
        least = len(wanted) - 2
        return tuple(wanted[: max(least, len(self.there(number)))])

    def may(self, part: Part, number: int) -> tuple[Member, ...]:
        """Whom the rules allow this in a session, whatever the others do."""
        there = self.there(number)
        qualified = [member for member in there if member.qualified]
        if part is Role.FACILITATOR:
            return tuple(qualified)
        if part is not Role.CLIENT:
            return there
        willing = [member for member in there if not member.declines_client]
        if Role.FACILITATOR not in self.parts(number):
            return tuple(willing)
        return tuple(member for member in willing if any(other is not member for other in qualified))

    def done(self, part: Part) -> Counter[str]:
        """How often each has had a part in the sessions that were held."""
        return Counter(cast.parts[part] for cast in self.held if part in cast.parts)


def faults(programme: Programme) -> Iterator[Fault]:
    """What contradicts itself, each with the way to it. A programme without faults can be planned, or it is told which
    rule cannot hold."""
    count = programme.sessions.count
    known = {member.id: member for member in programme.members}
    yield from _people(programme)
    if programme.sessions.dates:
        dates = programme.sessions.dates
        if len(dates) != count:
            yield ("sessions", "dates"), f"{len(dates)} dates for {count} sessions; name one for each, or none"
        elif list(dates) != sorted(set(dates)):
            yield ("sessions", "dates"), "must rise from session to session; put them in order"
    if len(programme.held) > count:
        yield ("held",), f"more sessions were held than the {count} of the programme; raise sessions.count"
    for index, cast in enumerate(programme.held):
        if cast.session != index + 1:
            yield ("held", index, "session"), f"must be {index + 1}: sessions are held in order, and none is left out"
        if cast.client is None:
            yield ("held", index), "name its client"
    numbers = [cast.session for cast in programme.planned]
    for index, number in enumerate(numbers):
        if number > count:
            yield ("planned", index, "session"), f"the programme has {count} sessions; delete this, or raise the count"
        if number in numbers[:index]:
            yield ("planned", index, "session"), f"session {number} stands here twice; delete one"
    outside = set() if programme.facilitator is None else {programme.facilitator.id}
    for field, casts in (("held", programme.held), ("planned", programme.planned)):
        for index, cast in enumerate(casts):
            for part, name in cast.parts.items():
                place = (field, index, part.value)
                if name not in known and not (part is Role.FACILITATOR and name in outside):
                    yield place, f"no member {name}; there are: {', '.join(known)} (who left stays, with leaves_after)"
                elif field == "held":
                    yield from ((place, text) for text in _broken(programme, cast, part, name))


def _broken(programme: Programme, cast: Cast, part: Part, name: str) -> Iterator[str]:
    """Which rule of a plan somebody's part in a session that was held does not keep."""
    member = next((member for member in programme.members if member.id == name), None)
    if member is None:
        if programme.facilitator is not None and cast.session in programme.facilitator.absent:
            yield f"{name} was not there in session {cast.session}; correct this, or the facilitator's line"
    elif not member.there(cast.session):
        yield f"{name} was not there in session {cast.session}; correct this, or the member's line"
    elif part is Role.FACILITATOR and not member.qualified:
        yield f"{name} is not qualified to facilitate; correct this, or say qualified: true at the member"
    first = next(other for other, named in cast.parts.items() if named == name)
    if first is not part:
        yield f"{name} was {first.value}, and has one part in a session; leave one of them out"


def _people(programme: Programme) -> Iterator[Fault]:
    count = programme.sessions.count
    places: list[tuple[tuple[int | str, ...], Member | Outside]] = [
        (("members", index), member) for index, member in enumerate(programme.members)
    ]
    if programme.facilitator is not None:
        places.append((("facilitator",), programme.facilitator))
    ids: set[str] = set()
    names: set[str] = set()
    for place, person in places:
        if person.id in ids:
            yield (*place, "id"), f"{person.id} is somebody else's; give everybody their own"
        if person.name.casefold() in names:
            yield (*place, "name"), f"there are two of the name {person.name}; add a letter to tell them apart"
        ids.add(person.id)
        names.add(person.name.casefold())
        for index, number in enumerate(person.absent):
            if number > count:
                yield (*place, "absent", index), f"the programme has {count} sessions; delete this, or raise the count"
        if isinstance(person, Member):
            if person.joins_at > count:
                yield (*place, "joins_at"), f"the programme has {count} sessions; delete this, or raise the count"
            if person.leaves_after is not None and person.leaves_after < person.joins_at:
                yield (*place, "leaves_after"), f"must be at least {person.joins_at}, the session at which they join"
