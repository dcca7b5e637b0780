"""How simulated people behave: what a member or the lead would do now, and what somebody does wrongly.

Pure but for the `Random` that is handed in, which alone decides: the same seed behaves the same. Nothing iterates over
a set, whose order is not the same in two processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from cosession.core import captures as cap
from cosession.core import commands as cmd
from cosession.core import schedule as sch
from cosession.core.floor import may_speak
from cosession.core.script import CaptureSpec
from cosession.core.state import SessionState
from cosession.core.subject import holds_keys
from cosession.core.vocabulary import FloorMode, HandKind, HoldCause, Job, Microphone, PhaseStatus, Role, Status

C = TypeVar("C")

#: A lead does without a phase of up to so much, rather than without the heart of the session.
SHORT_MS = 300_000

# -- members -------------------------------------------------------------------------------------------------------


def gesture(state: SessionState, seat: str, now_ms: int, rng: Random) -> cmd.SeatCommand | None:
    """What a member would do now, if anything."""
    instance, step, run = state.current, state.current_step, state.step
    answer = answering(state, seat, rng)
    if answer is not None:
        return answer
    if rng.random() < 0.02:
        return rarely(state, seat, now_ms, rng)
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


def answering(state: SessionState, seat: str, rng: Random) -> cmd.SeatCommand | None:
    """What was put to a seat is answered, now and then with no."""
    job = next((job for job, offered in state.offers.items() if offered == seat), None)
    if job is not None:
        return cmd.AnswerJob(job=job, accept=rng.random() < 0.7)
    member = state.seats[seat].role in (Role.CLIENT, Role.CONSULTANT)
    if state.vote is not None and member and seat not in state.vote.consents:
        return cmd.AnswerCharter(version=state.vote.version, consents=rng.random() < 0.8)
    if state.proposal is not None and rng.random() < 0.1:
        return cmd.RefuseEnd()
    turn = state.turn
    if turn is not None and turn.seat == seat and state.seats[seat].typed and turn.text is None:
        return cmd.TypeTurn(turn=turn.number, text=f"typed {rng.randint(1, 9999)}")
    return None


def rarely(state: SessionState, seat: str, now_ms: int, rng: Random) -> cmd.SeatCommand:
    """What a member does once in a session, if at all."""
    its, turn = state.seats[seat], 0 if state.turn is None else state.turn.number
    soon_ms = round(now_ms + rng.uniform(0.5, 1) * max(state.ends_at_ms - now_ms, 60_000))
    choices: list[tuple[int, Callable[[], cmd.SeatCommand]]] = [
        (2, cmd.AskPause),
        (30 if seat == state.client else 0, lambda: cmd.Thank(turn=turn)),
        (20 if seat == state.client else 0, cmd.RecallRequest),
        (2, lambda: cmd.LeaveAt(at_ms=soon_ms if its.leaves_at_ms is None else None)),
        (8, lambda: cmd.ChooseTyping(typed=not its.typed)),
        (8, lambda: cmd.AgreeGoingOn(agreed=not its.goes_on)),
    ]
    return _drawn(choices, rng)


def _drawn(choices: Sequence[tuple[int, Callable[[], C]]], rng: Random) -> C:
    """One of what might be done, by weight; only that one is made."""
    return rng.choices([make for _, make in choices], [weight for weight, _ in choices])[0]()


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
    if state.recalled and rng.random() < 0.5:
        return cmd.SayRecall()
    waits = step.floor in (FloorMode.FACILITATOR, FloorMode.OPEN, FloorMode.SINGLE, FloorMode.QUEUE)
    over = (sch.step_left_ms(state, now_ms) or 0) <= 0
    if waits and over and run.index + 1 < len(phase.steps) and not state.holds:
        return cmd.NextStep(phase=instance.key, step=run.index)
    return None


def _choice(state: SessionState, now_ms: int, rng: Random) -> cmd.SkipPhase | cmd.MoveEnd | None:
    """What makes an end hold that cannot: a short phase left out, or a later end. Only what the other phases can take
    up, for nobody gets more than planned, and then the session would end early."""
    share = sch.shares(state, now_ms)
    coming = [phase for phase in state.phases if phase.status is PhaseStatus.COMING]
    yielded = {phase.key: max(phase.wanted_ms - share.allotted_ms[phase.key], 0) for phase in coming}
    room_ms = sum(yielded.values())
    for phase in coming:
        spared = share.allotted_ms[phase.key]
        short = spared <= SHORT_MS and not state.script.phase(phase.id).protected
        if short and share.late_ms <= spared <= share.late_ms + room_ms - yielded[phase.key] and rng.random() < 0.5:
            return cmd.SkipPhase(phase=phase.key)
    if state.proposal is not None or (state.refused_end and rng.random() < 0.9):
        return None
    by_s = max(share.late_ms // 1000 + 1, 60)
    return cmd.MoveEnd(by_s=by_s) if by_s <= min((share.late_ms + room_ms) // 1000, 1800) else None


def whim(state: SessionState, now_ms: int, rng: Random) -> cmd.SeatCommand | None:
    """What a lead does that nothing asks for: a word given or taken back, more time, a pause, the deputy's turn."""
    instance, turn = state.current, state.turn
    if instance is None:
        return None
    anybody = rng.choice(list(state.seats))
    choices: list[tuple[int, Callable[[], cmd.SeatCommand | None]]] = [
        (20, lambda: cmd.GrantFloor(seat=anybody)),
        (12, lambda: None if turn is None else cmd.TakeBackFloor(turn=turn.number)),
        (15, lambda: None if turn is None else cmd.ExtendTurn(turn=turn.number)),
        (8, lambda: None if turn is None else cmd.KeepSilence(turn=turn.number, on=not turn.silence)),
        (12, lambda: cmd.ExtendPhase(phase=instance.key)),
        (10, lambda: None if state.holds else cmd.Pause()),
        (8, cmd.HandOverLead),
        (5, lambda: cmd.FlagExpert(seat=anybody, expert=not state.seats[anybody].expert)),
        (5, lambda: cmd.OfferJob(job=rng.choice(list(Job)), seat=anybody)),
        (1, lambda: _other_end(state, now_ms, rng)),
    ]
    return _drawn(choices, rng)


def _other_end(state: SessionState, now_ms: int, rng: Random) -> cmd.MoveEnd | None:
    """An earlier end, as long as the phases can yield it; a later one, as long as they take it up."""
    share = sch.shares(state, now_ms)
    # What the running phase yields is lost when it ends, and that may be before the later end stands.
    coming = [phase for phase in state.phases if phase.status is PhaseStatus.COMING]
    yielded_ms = sum(max(phase.wanted_ms - share.allotted_ms[phase.key], 0) for phase in coming)
    by_s = rng.choice((60, 120, 300))
    if rng.random() < 0.5:
        return cmd.MoveEnd(by_s=by_s) if by_s * 1000 <= yielded_ms else None
    return cmd.MoveEnd(by_s=-by_s) if by_s * 1000 <= share.elastic_ms else None


def care(state: SessionState, now_ms: int, rng: Random) -> cmd.SeatCommand | None:
    """What the lead does about an absent client: go on, another client, another day; mostly wait."""
    if HoldCause.CLIENT_ABSENT not in state.holds or state.lead is None or rng.random() < 0.7:
        return None
    options: list[cmd.SeatCommand] = [cmd.GoOn(), cmd.GoOn()]
    options += [cmd.ChangeClient(seat=rng.choice(list(state.seats)))]
    options += [cmd.SuspendSession()] if rng.random() < 0.1 else []
    return rng.choice(options)


def way_out(rng: Random) -> cmd.SeatCommand:
    """One of the four exits of a care pause."""
    exits: list[cmd.SeatCommand] = [cmd.Resume(), cmd.Resume(smaller=True), cmd.SuspendSession(), cmd.StopSession()]
    return rng.choices(exits, [60, 25, 12, 3])[0]


# -- what must be refused ------------------------------------------------------------------------------------------


def mistake(state: SessionState, seat: str, now_ms: int, rng: Random) -> tuple[str, cmd.Command]:
    """Who asks what that must be refused, whatever the state: a wrong seat, a moved or unknown subject, a text too
    long."""
    wrong: list[Callable[[], cmd.Command]] = [
        lambda: cmd.NextPhase(phase="lunch#1"),
        lambda: cmd.EndTurn(turn=state.turns + 7),
        lambda: cmd.SubmitCapture(capture="no_such_capture", fields={}),
        lambda: cmd.GrantFloor(seat="z99"),
        lambda: cmd.MarkDone(phase="lunch#1", step=0),
    ]
    if not holds_keys(state, state.seats[seat]):
        wrong += [cmd.StartSession, cmd.Pause, cmd.MoveEnd, cmd.CloseSession]
    if state.seats[seat].role is not Role.FACILITATOR:
        wrong.append(cmd.TakeLead)
    if state.status is Status.LOBBY:
        wrong.append(cmd.RaiseHand)
    if seat not in may_speak(state):
        wrong.append(lambda: cmd.SetMicrophone(microphone=Microphone.OPEN))
    for key, spec in cap.writable(state, seat, now_ms):
        wrong.append(lambda spec=spec: cmd.SubmitCapture(capture=spec.id, fields=texts(spec, rng), version=9999))  # type: ignore[misc]
        if any(field.kind in ("text", "line") for field in spec.fields):
            wrong.append(lambda key=key, spec=spec: _too_long(state, seat, key, spec, rng))  # type: ignore[misc]
    which = rng.randrange(len(wrong) + 1)
    return (seat, wrong[which]()) if which < len(wrong) else ("z99", cmd.RaiseHand())


def _too_long(state: SessionState, seat: str, key: str | None, spec: CaptureSpec, rng: Random) -> cmd.SubmitCapture:
    long = next(field for field in spec.fields if field.kind in ("text", "line"))
    was = None if spec.many else cap.latest(state, seat, spec.id, key)
    fields = texts(spec, rng) | {long.id: "x" * (long.max_length + 1)}
    return cmd.SubmitCapture(capture=spec.id, fields=fields, version=0 if was is None else was.version)


# -- who there is --------------------------------------------------------------------------------------------------


def seats(people: int, conducted: bool = True) -> tuple[cmd.NewSeat, ...]:
    """`people` members, and where the script is conducted a facilitator: the first member is client, the last hold the
    jobs. Raises nothing: whether so many fit the script is `core`'s to say."""
    jobs: dict[int, frozenset[Job]] = {}
    for job, place in ((Job.DEPUTY, people - 1), (Job.SCRIBE, people - 2), (Job.TIMEKEEPER, people - 3)):
        if place > 0 and (conducted or job is not Job.DEPUTY):
            jobs[place] = frozenset({job})
    members = tuple(
        cmd.NewSeat(
            name=f"Person {place + 1}",
            role=Role.CLIENT if place == 0 else Role.CONSULTANT,
            jobs=jobs.get(place, frozenset()),
        )
        for place in range(people)
    )
    return (cmd.NewSeat(name="Facilitator", role=Role.FACILITATOR), *members) if conducted else members
