"""Who is what next: the plan of a programme, made anew with as few changes as possible when something becomes known.

Pure, and the same programme always gives the same plan. Source: method.md, "Rotation". In the order of their weight:

1. never broken: client and facilitator, deputy, scribe, timekeeper are different people, who are there; only qualified
   members facilitate (or one from outside); nobody who declines is client; every other member is, and has
   a second turn only where sessions are left over. If this cannot hold there is no plan, and `Impossible` says why.
   With more of them than sessions as many as possible are client, who waited before first; the others wait;
2. the last client is there to open the next session;
3. deputy, scribe and timekeeper are each everybody's at least once, as far as the numbers allow;
4. the fewest changes against the plan so far. The measure: how many parts of coming sessions were somebody's and become
   somebody else's; among equals the fewest in the next session, the one after weighing one less, and so on;
5. each part spread evenly (least sum of squares), a second time as client as late as possible;
6. all parts together spread evenly, as far as one part at a time can be improved.

What was held is never touched. `search` finds the plan; it is proven the best from 2 to 5 unless it says that it is
not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cosession.core.vocabulary import Job, Role
from cosession.programme.matching import overfull
from cosession.programme.programme import PARTS, Part, Programme
from cosession.programme.search import search


@dataclass(frozen=True, slots=True)
class Planned:
    """One session. Ids of people throughout; what is nobody's is left out of `parts`."""

    number: int
    held: bool
    parts: Mapping[Part, str]
    absent: tuple[str, ...]
    again: bool
    """The client has been client before."""
    opens: str | None
    """The last client, who opens with the follow-up, if they are there."""
    missed: str | None
    """The last client, if they are not there to open."""
    reserve: str | None
    """Whose turn as client comes next and who could be client today: there, and neither facilitator nor deputy."""
    changed: tuple[Part, ...]
    """What was somebody's in the plan so far, and is no longer theirs."""


@dataclass(frozen=True, slots=True)
class Plan:
    sessions: tuple[Planned, ...]
    never: Mapping[Job, tuple[str, ...]]
    """Members for whom the numbers do not allow a part even once."""
    waiting: tuple[str, ...]
    """Members who are not client because there are more of them than sessions: they go first in the next programme."""
    proven: bool

    @property
    def changes(self) -> int:
        return sum(len(session.changed) for session in self.sessions)


class Rule(StrEnum):
    """Which rule cannot hold."""

    TOO_FEW = "too_few"  #: client, facilitator and deputy are different people
    NOBODY_QUALIFIED = "nobody_qualified"  #: only qualified members facilitate
    NOBODY_WILLING = "nobody_willing"  #: being client is never forced
    ONLY_ONE_FOR_BOTH = "only_one_for_both"  #: nobody is client and facilitator in one session
    CLIENT_ONCE = "client_once"  #: being client is offered to every member once


@dataclass(frozen=True, slots=True)
class Obstacle:
    """`lacking`: how many people, or sessions, would fix it. `sessions`: where it cannot hold; for `CLIENT_ONCE` all
    that are left for these `members` together. `bound`: those of them who are the only ones to facilitate somewhere."""

    rule: Rule
    sessions: tuple[int, ...]
    members: tuple[str, ...] = ()
    lacking: int = 1
    bound: tuple[str, ...] = ()


class Impossible(Exception):
    """No plan keeps the rules; `obstacles` is at least one reason."""

    def __init__(self, obstacles: tuple[Obstacle, ...]) -> None:
        super().__init__("; ".join(f"{one.rule} {one.sessions} {one.members}" for one in obstacles))
        self.obstacles = obstacles


def plan(programme: Programme) -> Plan:
    """The plan of a programme without `faults`. Raises `Impossible`."""
    found = tuple(obstacles(programme))
    if found:
        raise Impossible(found)
    best = search(programme)
    parts: dict[int, dict[Part, str]] = {cast.session: dict(cast.parts) for cast in programme.held}
    for number in programme.coming:
        parts[number] = {part: column[number] for part, column in best.columns.items() if number in column}
    outside = programme.facilitator
    for number, named in parts.items():
        if outside is not None and number not in outside.absent:
            named.setdefault(Role.FACILITATOR, outside.id)
    return Plan(tuple(_sessions(programme, parts)), _never(programme, parts), _waiting(programme, parts), best.proven)


def obstacles(programme: Programme) -> Iterator[Obstacle]:
    """Why there is no plan: what is wrong with single sessions, and only if nothing is, with the whole. None: there is
    a plan, because whoever is client, the other parts always find somebody."""
    alone = [obstacle for number in programme.coming for obstacle in _of_session(programme, number)]
    yield from alone
    if alone:
        return
    been = programme.done(Role.CLIENT)
    willing = {number: {member.id for member in programme.may(Role.CLIENT, number)} for number in programme.coming}
    owed = {
        member.id: [number for number in programme.coming if member.id in willing[number]]
        for member in programme.members
        if not (member.declines_client or been[member.id]) and any(map(member.belongs, programme.coming))
    }
    if len(owed) > len(programme.coming):
        return  # More people than sessions: some wait for the next programme (`Plan.waiting`).
    there = {member.id: {n for n in programme.coming if member.there(n)} for member in programme.members}
    for people, sessions in overfull(owed):
        bound = tuple(name for name in people if there[name] - set(owed[name]))
        yield Obstacle(Rule.CLIENT_ONCE, sessions, people, len(people) - len(sessions), bound)


def _of_session(programme: Programme, number: int) -> Iterator[Obstacle]:
    there = programme.there(number)
    needed = [part for part in programme.parts(number) if part not in (Job.SCRIBE, Job.TIMEKEEPER)]
    if len(there) < len(needed):
        yield Obstacle(Rule.TOO_FEW, (number,), tuple(one.id for one in there), len(needed) - len(there))
    if Role.FACILITATOR in needed and not programme.may(Role.FACILITATOR, number):
        yield Obstacle(Rule.NOBODY_QUALIFIED, (number,))
    elif not any(not member.declines_client for member in there):
        yield Obstacle(Rule.NOBODY_WILLING, (number,))
    elif not programme.may(Role.CLIENT, number):
        only = tuple(member.id for member in there if not member.declines_client)
        yield Obstacle(Rule.ONLY_ONE_FOR_BOTH, (number,), only)


def _sessions(programme: Programme, parts: Mapping[int, Mapping[Part, str]]) -> Iterator[Planned]:
    been: set[str] = set()
    last: str | None = None
    for number, named in sorted(parts.items()):
        there = {member.id for member in programme.there(number)}
        client = named[Role.CLIENT]
        before = programme.earlier.get(number, {})
        yield Planned(
            number=number,
            held=number not in programme.coming,
            parts={part: named[part] for part in PARTS if part in named},
            absent=tuple(one.id for one in programme.members if one.belongs(number) and number in one.absent),
            again=client in been,
            opens=last if last in there else None,
            missed=None if last in there else last,
            reserve=_reserve(programme, parts, number),
            changed=tuple(part for part, name in before.items() if named.get(part) != name),
        )
        been.add(client)
        last = client


def _reserve(programme: Programme, parts: Mapping[int, Mapping[Part, str]], number: int) -> str | None:
    if number not in programme.coming:
        return None
    busy = {parts[number].get(part) for part in (Role.CLIENT, Role.FACILITATOR, Job.DEPUTY)}
    able = {member.id for member in programme.there(number) if not member.declines_client} - busy
    coming = (parts[later][Role.CLIENT] for later in range(number + 1, programme.sessions.count + 1))
    return next((name for name in coming if name in able), None)


def _never(programme: Programme, parts: Mapping[int, Mapping[Part, str]]) -> dict[Job, tuple[str, ...]]:
    """Of those who still belong to the group."""
    left = [member.id for member in programme.members if any(map(member.belongs, programme.coming))]
    never: dict[Job, tuple[str, ...]] = {}
    for job in (Job.DEPUTY, Job.SCRIBE, Job.TIMEKEEPER):
        had = {named.get(job) for named in parts.values()}
        missing = tuple(name for name in left if name not in had)
        if missing:
            never[job] = missing
    return never


def _waiting(programme: Programme, parts: Mapping[int, Mapping[Part, str]]) -> tuple[str, ...]:
    """Of those who belonged to the group to the end, or still do."""
    been = {named[Role.CLIENT] for named in parts.values()}
    left = [member for member in programme.members if member.belongs(programme.sessions.count)]
    return tuple(one.id for one in left if not one.declines_client and one.id not in been)
