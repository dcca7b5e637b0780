"""Making a session: whether its people and its script fit together, and the events it begins with.

Pure. Source: method.md, "Rotation" (who may not be what at once); decision 11.
"""

from __future__ import annotations

from pydantic import ValidationError

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.refusal import Refused
from cosession.core.script import FORMAT as SCRIPT_FORMAT
from cosession.core.script import Script
from cosession.core.vocabulary import Job, RefusalCode, Role


def create(c: cmd.CreateSession) -> list[ev.Event]:
    def wrong(place: str, fix: str) -> Refused:
        return Refused(RefusalCode.BAD_SETUP, fix, place)

    try:
        script = Script.model_validate(c.script)
    except ValidationError as error:
        first = error.errors()[0]
        raise wrong("script." + ".".join(map(str, first["loc"])), first["msg"]) from None
    facilitators = [seat for seat in c.seats if seat.role is Role.FACILITATOR]
    clients = [seat for seat in c.seats if seat.role is Role.CLIENT]
    members = [seat for seat in c.seats if seat.role in (Role.CLIENT, Role.CONSULTANT)]
    if script.facilitator and len(facilitators) != 1:
        raise wrong("seats", "name exactly one facilitator")
    if not script.facilitator and facilitators:
        raise wrong("facilitator", "nobody conducts this script: make the facilitator one of the members")
    if len(clients) != 1:
        raise wrong("client", "name exactly one client")
    if not script.people.minimum <= len(members) <= script.people.maximum:
        raise wrong("participants", f"{script.people.minimum} to {script.people.maximum} people")
    names = [seat.name.casefold() for seat in c.seats]
    if len(set(names)) < len(names):
        raise wrong("participants", "two people have the same name; add a letter to tell them apart")
    for job in Job:
        holders = [seat for seat in c.seats if job in seat.jobs]
        if len(holders) > 1:
            raise wrong(job, "at most one person")
        if any(seat.role is Role.FACILITATOR for seat in holders):
            raise wrong(job, "somebody other than the facilitator")
    if any(seat.role is Role.CLIENT and Job.DEPUTY in seat.jobs for seat in c.seats):
        raise wrong("deputy", "nobody is client and deputy in one session")
    ids = ["f" if seat.role is Role.FACILITATOR else "" for seat in c.seats]
    places = iter(range(1, len(ids) + 1))
    ids = [name or f"p{next(places)}" for name in ids]
    previous: str | None = None
    if c.previous_client is not None:
        if not 0 <= c.previous_client < len(ids) or c.seats[c.previous_client].role is Role.FACILITATOR:
            raise wrong("previous_client", "one of the participants")
        previous = ids[c.previous_client]
    rotation = _clients(script, c, ids)
    events: list[ev.Event] = [
        ev.SessionCreated(
            title=c.title,
            language=c.language,
            script=script.model_dump(mode="json", exclude_defaults=True),
            script_format=SCRIPT_FORMAT,
            phases=_planned(script, len(members), rotation),
            speed=c.speed,
            starts_at_ms=c.starts_at_ms,
            programme=c.programme,
            number=c.number,
            previous_client=previous,
            clients=rotation,
            members=len(members),
            guidance=c.guidance,
            formality=c.formality,
            turn_order=c.turn_order,
            lot=c.lot,
        )
    ]
    events += [
        ev.SeatAdded(
            seat=seat_id, name=seat.name, role=seat.role, jobs=tuple(sorted(seat.jobs)), qualified=seat.qualified
        )
        for seat_id, seat in zip(ids, c.seats, strict=True)
    ]
    for phase in script.phases:
        if phase.skip_when == "first_session" and (c.number == 1 or previous is None):
            heir = None if phase.minutes_to is None else f"{phase.minutes_to}#1"
            events.append(ev.PhaseSkipped(phase=f"{phase.id}#1", minutes_to=heir))
    return events


def _planned(script: Script, members: int, clients: tuple[str, ...]) -> tuple[ev.PlannedPhase, ...]:
    """The phases in their order; those that repeat once for each client."""
    repeated = () if script.repeat is None else script.repeat.phases
    return tuple(
        ev.PlannedPhase(
            key=f"{phase.id}#{number}",
            id=phase.id,
            planned_ms=phase.planned_ms,
            minimum_ms=phase.minimum_ms,
            client=clients[number - 1] if phase.id in repeated else None,
        )
        for phase, number in ((script.phase(name), number) for name, number in script.sequence(members))
    )


def _clients(script: Script, c: cmd.CreateSession, ids: list[str]) -> tuple[str, ...]:
    """Who is client one after the other where the script repeats: the named client first, the others as they sit."""
    if script.repeat is None:
        return ()
    members = [(seat.role, seat_id) for seat, seat_id in zip(c.seats, ids, strict=True)]
    first = [seat_id for role, seat_id in members if role is Role.CLIENT]
    return (*first, *(seat_id for role, seat_id in members if role is Role.CONSULTANT))
