"""What only the lead sees: where the time goes, who has not spoken, and what a gesture would do before it is made.

Pure. Balance, not ranking: numbers stay with their seats, in a fixed order (design.md, "Principles" 10).
"""

from __future__ import annotations

from collections.abc import Iterator

from cosession.core import commands as cmd
from cosession.core import schedule as sch
from cosession.core.console_view import ClientAway, Console, Option, Remedy
from cosession.core.decide import accepted
from cosession.core.preview import TimeGesture, previews
from cosession.core.room_view import Preview
from cosession.core.state import SessionState
from cosession.core.view import turn_view
from cosession.core.vocabulary import FloorMode, HoldCause, Job, Loss, PhaseStatus, Visibility, Who

#: Holds that an absence brought.
HELD = (HoldCause.CLIENT_ABSENT, HoldCause.CONSULTANTS_ABSENT, HoldCause.LEAD_ABSENT, HoldCause.MEDIA)


def console(state: SessionState, now_ms: int) -> Console:
    """What only the lead sees."""
    share = sch.shares(state, now_ms)
    late_start = max((state.started_at_ms or 0) - state.starts_at_ms, 0) if state.started_at_ms is not None else 0
    step = state.current_step
    shared = step is not None and step.floor in (FloorMode.ROUND, FloorMode.QUEUE)
    expected = state.seats_of(step.who) if step is not None and shared else ()
    passed = () if state.step is None else state.step.passed
    passes = turn_view(state, now_ms)
    return Console(
        previews=list(_previews(state, now_ms)),
        grantable=_grantable(state, now_ms),
        not_spoken=[seat for seat in expected if seat not in state.spoken and seat not in passed],
        drift_ms=sch.drift_ms(state, now_ms),
        elastic_ms=share.elastic_ms,
        lateness_ms=late_start,
        paused_ms=sch.held_ms(state, HoldCause.PAUSE, now_ms) + sch.held_ms(state, HoldCause.CARE, now_ms),
        held_ms=sum(sch.held_ms(state, cause, now_ms) for cause in HELD),
        outage_ms=sch.held_ms(state, HoldCause.OUTAGE, now_ms),
        counts=_counts(state),
        questions=dict(state.asked),
        passes=None if passes is None else passes.passes_in,
        pause_wanted=[seat for seat in state.seats if seat in state.pause_wanted],
        client_away=_client_away(state, now_ms),
        remedies=list(_remedies(state, share, now_ms)),
        experts=[seat.id for seat in state.seats.values() if seat.expert],
        unqualified=state.frame_only,
        talk=_talk(state),
        open_jobs=[job for job in Job if _unmanned(state, job)],
    )


def _unmanned(state: SessionState, job: Job) -> bool:
    """Its seat is absent: it may be offered to somebody else."""
    seat = state.holder_of(job)
    return seat is not None and state.seats[seat].joined and not state.seats[seat].connected


def _grantable(state: SessionState, now_ms: int) -> list[str]:
    """Seats to which the lead could give the floor now."""
    if state.lead is None:
        return []
    asked = [cmd.GrantFloor(seat=seat) for seat in state.seats]
    return [command.seat for command in accepted(state, asked, now_ms, by=state.lead)]


def _counts(state: SessionState) -> dict[str, int]:
    phase, instance = state.current_phase, state.current
    if phase is None or instance is None:
        return {}
    written = [(c.capture, c.seat) for c in state.captures if c.phase == instance.key]
    specs = [spec for spec in phase.captures if spec.visible is Visibility.LEAD_COUNT]
    return {spec.id: len({seat for capture, seat in written if capture == spec.id}) for spec in specs}


def _client_away(state: SessionState, now_ms: int) -> ClientAway | None:
    """The clock waits for the client: what can be done (method.md, "When somebody drops")."""
    since_ms, client, lead = state.holds.get(HoldCause.CLIENT_ABSENT), state.client, state.lead
    if since_ms is None or client is None or lead is None:
        return None
    changes = [cmd.ChangeClient(seat=seat) for seat in state.seats if seat != client]
    reserve = [command.seat for command in accepted(state, changes, now_ms, by=lead)]
    phone = _phone(state, client)
    options = [Option.WAIT]
    options += [Option.PHONE] if phone is not None else []
    options += [Option.GO_ON] if accepted(state, [cmd.GoOn()], now_ms, by=lead) else []
    options += [Option.CHANGE_CLIENT] if reserve else []
    options += [Option.SUSPEND] if accepted(state, [cmd.SuspendSession()], now_ms, by=lead) else []
    return ClientAway(seat=client, since_ms=since_ms, options=options, reserve=reserve, phone=phone)


def _phone(state: SessionState, seat: str) -> str | None:
    """What an absent seat left for the lead to find."""
    for capture in state.captures:
        spec = state.spec(capture.capture)
        if capture.seat == seat and spec is not None and spec.visible is Visibility.LEAD_IF_AWAY:
            return " ".join(capture.fields.values())
    return None


def _remedies(state: SessionState, share: sch.Shares, now_ms: int) -> Iterator[Remedy]:
    """What can be done while the end cannot hold: a later end, leaving out what is optional, a shorter round."""
    late_ms = share.late_ms
    if late_ms <= 0 or state.lead is None:
        return
    minutes = -(-late_ms // 60_000)
    gestures: list[tuple[cmd.SeatCommand, str | None, int, int]] = [
        (cmd.MoveEnd(by_s=min(minutes * 60, 3600)), None, min(minutes * 60, 3600), minutes * 60_000)
    ]
    for instance in state.phases:
        phase = state.script.phase(instance.id)
        if instance.status is not PhaseStatus.COMING:
            continue
        allotted_ms = share.allotted_ms[instance.key]
        if phase.optional:
            gestures.append((cmd.SkipPhase(phase=instance.key), instance.key, 0, min(allotted_ms, late_ms)))
        elif any(step.floor is FloorMode.ROUND for step in phase.steps):
            # It is at its minimum already: what is taken now is taken from its turns.
            left_ms = max(allotted_ms - late_ms, sch.least_ms(state, instance))
            cut_ms, gains_ms = instance.wanted_ms - left_ms, allotted_ms - left_ms
            by_s = -(cut_ms // 1000)
            if gains_ms > 0 and -600 <= by_s <= -15:
                gestures.append((cmd.ExtendPhase(phase=instance.key, by_s=by_s), instance.key, by_s, gains_ms))
    fine = accepted(state, [gesture[0] for gesture in gestures], now_ms, by=state.lead)
    for command, key, by_s, gains_ms in gestures:
        if command in fine:
            yield Remedy(gesture=command.type, phase=key, by_s=by_s, gains_ms=gains_ms)


def _talk(state: SessionState) -> dict[str, int]:
    """The balance of talk time among consultants where they question, in seat order."""
    asking = {phase.id for phase in state.script.phases if any(s.floor is FloorMode.QUEUE for s in phase.steps)}
    keys = [instance.key for instance in state.phases if instance.id in asking]
    return {seat: sum(state.talk.get(key, {}).get(seat, 0) for key in keys) for seat in state.seats_of(Who.CONSULTANTS)}


def _previews(state: SessionState, now_ms: int) -> Iterator[Preview]:
    """What the lead's gestures on time would do."""
    instance = state.current
    if instance is None or state.lead is None:
        return
    gestures: list[TimeGesture] = [
        cmd.ExtendPhase(phase=instance.key),
        cmd.NextPhase(phase=instance.key, losing=tuple(Loss)),
        cmd.SkipPhase(phase=instance.key),
        cmd.MoveEnd(by_s=300),
        cmd.MoveEnd(by_s=-300),
        cmd.CloseSession(losing=tuple(Loss)),
    ]
    coming_up = next((p for p in state.phases if p.status is PhaseStatus.COMING), None)
    if coming_up is not None:
        gestures.append(cmd.SkipPhase(phase=coming_up.key))
    yield from previews(state, gestures, now_ms, by=state.lead)
