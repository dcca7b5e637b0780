"""How simulated people behave: what a member or the lead would do now, and what somebody does wrongly.

Pure but for the `Random` that is handed in, which alone decides: the same seed behaves the same. Nothing iterates over
a set, whose order is not the same in two processes.
"""

from __future__ import annotations

from random import Random

from cosession.core import captures as cap
from cosession.core import commands as cmd
from cosession.core import schedule as sch
from cosession.core.floor import may_speak
from cosession.core.script import CaptureSpec
from cosession.core.state import SessionState
from cosession.core.vocabulary import FloorMode, HandKind, HoldCause, Job, Microphone, PhaseStatus, Role, Status

#: A lead does without a phase of up to so much, rather than without the heart of the session.
SHORT_MS = 300_000

# -- members -------------------------------------------------------------------------------------------------------


def gesture(state: SessionState, seat: str, now_ms: int, rng: Random) -> cmd.SeatCommand | None:
    """What a member would do now, if anything."""
    instance, step, run = state.current, state.current_step, state.step
    if rng.random() < 0.3 or instance is None or step is None or run is None:
        return microphone(state, seat, rng)
    if rng.random() < 0.2:
        return writing(state, seat, now_ms, rng)
    match step.floor:
        case FloorMode.QUEUE:
            if any(hand.seat == seat for hand in state.hands):
                return cmd.LowerHand() if rng.random() < 0.1 else None
            follows = state.turn is not None and rng.random() < 0.25
            return cmd.RaiseHand(kind=HandKind.FOLLOW_UP if follows else HandKind.QUESTION)
        case FloorMode.ROUND:
            passes = rng.random() < (0.1 if step.pass_welcome else 0.02)
            return cmd.PassTurn(phase=instance.key, step=run.index) if passes else None
        case FloorMode.SILENT_WRITING:
            return cmd.MarkDone(phase=instance.key, step=run.index) if rng.random() < 0.3 else None
        case FloorMode.SINGLE | FloorMode.OPEN | FloorMode.FACILITATOR:
            return None


def microphone(state: SessionState, seat: str, rng: Random) -> cmd.SetMicrophone:
    """Opened by who may speak, armed by who waits, now and then closed."""
    if rng.random() < 0.15:
        return cmd.SetMicrophone(microphone=Microphone.CLOSED)
    return cmd.SetMicrophone(microphone=Microphone.OPEN if seat in may_speak(state) else Microphone.ARMED)


def writing(state: SessionState, seat: str, now_ms: int, rng: Random) -> cmd.SubmitCapture | None:
    """One of the texts that this seat may write now."""
    offered = cap.writable(state, seat, now_ms)
    if not offered:
        return None
    key, spec = rng.choice(offered)
    was = None if spec.many else cap.latest(state, seat, spec.id, key)
    return cmd.SubmitCapture(capture=spec.id, fields=texts(spec, rng), version=0 if was is None else was.version)


def texts(spec: CaptureSpec, rng: Random) -> dict[str, str]:
    """Fields of a capture that fit its form."""
    fields: dict[str, str] = {}
    for field in spec.fields:
        match field.kind:
            case "choice":
                fields[field.id] = rng.choice(field.options)
            case "date":
                fields[field.id] = f"2030-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
            case "text" | "line":
                fields[field.id] = f"text {rng.randint(1, 9999)}"[: field.max_length]
    return fields


# -- the lead ------------------------------------------------------------------------------------------------------


def duty(state: SessionState, now_ms: int, rng: Random) -> cmd.SeatCommand | None:
    """What the step or the schedule asks of the lead now. The next phase comes by time."""
    instance, phase, step, run = state.current, state.current_phase, state.current_step, state.step
    if instance is None or phase is None or step is None or run is None:
        return None
    if state.cannot_hold and rng.random() < 0.2:
        return _choice(state, now_ms, rng)
    waits = step.floor in (FloorMode.FACILITATOR, FloorMode.OPEN, FloorMode.SINGLE, FloorMode.QUEUE)
    over = (sch.step_left_ms(state, now_ms) or 0) <= 0
    if waits and over and run.index + 1 < len(phase.steps) and not state.holds:
        return cmd.NextStep(phase=instance.key, step=run.index)
    return None


def _choice(state: SessionState, now_ms: int, rng: Random) -> cmd.SkipPhase | cmd.MoveEnd | None:
    """What makes an end hold that cannot: a short phase left out, or a later end. Only what the other phases can take
    up, for nobody gets more than planned, and then the session would end early."""
    share = sch.shares(state, now_ms)
    yielded = {
        p.key: max(p.wanted_ms - max(share.allotted_ms[p.key], sch.spent_ms(state, p, now_ms)), 0)
        for p in state.phases
        if p.status in (PhaseStatus.NOW, PhaseStatus.COMING)
    }
    room_ms = sum(yielded.values())
    for phase in (p for p in state.phases if p.status is PhaseStatus.COMING):
        spared = share.allotted_ms[phase.key]
        short = spared <= SHORT_MS and not state.script.phase(phase.id).protected
        if short and share.late_ms <= spared <= share.late_ms + room_ms - yielded[phase.key] and rng.random() < 0.5:
            return cmd.SkipPhase(phase=phase.key)
    by_s = max(share.late_ms // 1000 + 1, 60)
    return cmd.MoveEnd(by_s=by_s) if by_s <= min((share.late_ms + room_ms) // 1000, 1800) else None


def whim(state: SessionState, rng: Random) -> cmd.SeatCommand | None:
    """What a lead does that nothing asks for: a word given or taken back, more time, a pause, the deputy's turn."""
    instance, turn = state.current, state.turn
    if instance is None:
        return None
    roll = rng.random()
    if roll < 0.25:
        return cmd.GrantFloor(seat=rng.choice(list(state.seats)))
    if roll < 0.4:
        return None if turn is None else cmd.TakeBackFloor(turn=turn.number)
    if roll < 0.6:
        return None if turn is None else cmd.ExtendTurn(turn=turn.number)
    if roll < 0.75:
        return cmd.ExtendPhase(phase=instance.key)
    if roll < 0.9:
        return cmd.Pause() if HoldCause.PAUSE not in state.holds else None
    return cmd.HandOverLead()


# -- what must be refused ------------------------------------------------------------------------------------------


def mistake(state: SessionState, seat: str, now_ms: int, rng: Random) -> tuple[str, cmd.Command]:
    """Who asks what that must be refused, whatever the state: a wrong seat, a moved or unknown subject, a text too
    long."""
    wrong: list[tuple[str, cmd.Command]] = [
        (seat, cmd.NextPhase(phase="lunch#1")),
        (seat, cmd.EndTurn(turn=state.turns + 7)),
        (seat, cmd.SubmitCapture(capture="no_such_capture", fields={})),
        (seat, cmd.GrantFloor(seat="z99")),
        (seat, cmd.MarkDone(phase="lunch#1", step=0)),
        ("z99", cmd.RaiseHand()),
    ]
    if seat != state.lead:
        wrong += [(seat, cmd.StartSession()), (seat, cmd.Pause()), (seat, cmd.MoveEnd()), (seat, cmd.CloseSession())]
    if state.seats[seat].role is not Role.FACILITATOR:
        wrong.append((seat, cmd.TakeLead()))
    if state.status is Status.LOBBY:
        wrong.append((seat, cmd.RaiseHand()))
    if seat not in may_speak(state):
        wrong.append((seat, cmd.SetMicrophone(microphone=Microphone.OPEN)))
    for key, spec in cap.writable(state, seat, now_ms):
        fields = texts(spec, rng)
        wrong.append((seat, cmd.SubmitCapture(capture=spec.id, fields=fields, version=99)))
        long = next((field for field in spec.fields if field.kind in ("text", "line")), None)
        if long is not None:
            was = None if spec.many else cap.latest(state, seat, spec.id, key)
            fields[long.id] = "x" * (long.max_length + 1)
            version = 0 if was is None else was.version
            wrong.append((seat, cmd.SubmitCapture(capture=spec.id, fields=fields, version=version)))
    return rng.choice(wrong)


# -- who there is --------------------------------------------------------------------------------------------------


def seats(people: int) -> tuple[cmd.NewSeat, ...]:
    """A facilitator and `people` members: the first is client, the last hold the jobs. Raises nothing: whether so many
    fit the script is `core`'s to say."""
    jobs: dict[int, frozenset[Job]] = {}
    for job, place in ((Job.DEPUTY, people - 1), (Job.SCRIBE, people - 2), (Job.TIMEKEEPER, people - 3)):
        if place > 0:
            jobs[place] = frozenset({job})
    members = [
        cmd.NewSeat(
            name=f"Person {place + 1}",
            role=Role.CLIENT if place == 0 else Role.CONSULTANT,
            jobs=jobs.get(place, frozenset()),
        )
        for place in range(people)
    ]
    return (cmd.NewSeat(name="Facilitator", role=Role.FACILITATOR), *members)
