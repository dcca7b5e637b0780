"""From the state to what a seat sees. Shapes are in `room_view`.

Pure. `common` holds nothing that is not for every seat; whatever is one's own or the lead's goes into `own` and
`console`. The buttons a seat gets (`may`) come from asking `decide`, so that no second place knows the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cosession.core import captures as cap
from cosession.core import commands as cmd
from cosession.core import schedule as sch
from cosession.core.decide import accepted
from cosession.core.floor import closed_cameras, closed_roles, hearable, holder, may_speak, queue
from cosession.core.preview import previews
from cosession.core.prompt import coming, coming_next, kept_silent, mic_reason, prompt, resting, turns_until
from cosession.core.room_view import (
    CatchUp,
    CharterVoteView,
    Common,
    Countdown,
    EndProposalView,
    FloorView,
    HandView,
    NowView,
    Overrun,
    Own,
    PhaseView,
    Preview,
    SeatView,
    TurnView,
    Writable,
)
from cosession.core.script import Text
from cosession.core.stage import on_stage
from cosession.core.state import Capture, SeatState, SessionState
from cosession.core.subject import holds_keys
from cosession.core.vocabulary import (
    FloorMode,
    Guidance,
    HandKind,
    HoldCause,
    Job,
    Loss,
    Microphone,
    PhaseStatus,
    Presence,
    Role,
    Status,
    Visibility,
    Who,
)

#: Who was away for at least so long reads what went on, for so long after the return.
CATCH_UP_MS = 10_000
CATCH_UP_FOR_MS = 180_000
#: So many texts of a kind before the last, its author is told how many more there may be.
FEW = 5


# -- common --------------------------------------------------------------------------------------------------------


def common(state: SessionState, session: str, now_ms: int) -> Common:
    """The part that is the same for every seat."""
    share = sch.shares(state, now_ms)
    return Common(
        session=session,
        title=state.title,
        language=state.language,
        script=state.script.id,
        script_title=state.script.title,
        number=state.number,
        speed=state.speed,
        status=state.status,
        starts_at_ms=state.starts_at_ms,
        ends_at_ms=state.ends_at_ms,
        late_ms=share.late_ms,
        phases=[
            PhaseView(
                key=instance.key,
                id=instance.id,
                title=state.script.phase(instance.id).title,
                purpose=state.script.phase(instance.id).purpose,
                family=state.script.phase(instance.id).family,
                status=instance.status,
                planned_ms=instance.planned_ms,
                allotted_ms=share.allotted_ms[instance.key],
                spent_ms=sch.spent_ms(state, instance, now_ms),
                minimum_ms=instance.minimum_ms,
                protected=state.script.phase(instance.id).protected,
                optional=state.script.phase(instance.id).optional,
                client=instance.client,
            )
            for instance in state.phases
        ],
        now=_now(state, now_ms, share),
        floor=_floor(state, now_ms),
        seats=[
            SeatView(
                id=seat.id,
                name=seat.name,
                role=seat.role,
                jobs=sorted(seat.jobs),
                presence=seat.presence,
                joined=seat.joined,
                microphone=seat.microphone,
                since_ms=seat.since_ms,
                media_lost=seat.media_lost,
                typed=seat.typed,
                phone=seat.phone,
                leaves_at_ms=seat.leaves_at_ms,
            )
            for seat in state.seats.values()
        ],
        lead=state.lead if state.lead_announced else state.facilitator,
        facilitator=state.facilitator,
        client=state.client,
        deputy=state.holder_of(Job.DEPUTY),
        stage=on_stage(state),
        captures=[cap.shown(capture) for capture in _in_sight(state)],
        written=_written(state),
        live=None,
        charter=charter(state),
        charter_vote=_vote(state),
        conducted=state.script.facilitator,
        vacant=state.vacant,
        guidance=state.guidance,
        formality=state.formality,
        end_proposal=None
        if state.proposal is None
        else EndProposalView(
            by_ms=state.proposal.by_ms,
            until=_until(state.proposal.at_ms + sch.PROPOSAL_MS, now_ms, sch.PROPOSAL_MS),
        ),
        end_refused=state.refused_end,
        stopped=state.stopped,
        previews=list(_previews(state, now_ms)),
    )


def _previews(state: SessionState, now_ms: int) -> Iterator[Preview]:
    """What the gestures that every member has where nobody conducts would do."""
    instance = state.current
    member = next(iter(state.seats_of(Who.MEMBERS)), None)
    if not state.script.facilitator and instance is not None and member is not None:
        told = tuple(Loss)
        gestures = cmd.NextPhase(phase=instance.key, losing=told), cmd.MoveEnd(by_s=300), cmd.CloseSession(losing=told)
        yield from previews(state, gestures, now_ms, by=member)


def charter(state: SessionState) -> list[Text]:
    """The group's own wording, or the script's."""
    if state.charter is None:
        return list(state.script.charter)
    return [Text({state.language: line}) for line in state.charter]


def _vote(state: SessionState) -> CharterVoteView | None:
    vote = state.vote
    if vote is None:
        return None
    answered = vote.consents | vote.objections
    return CharterVoteView(
        version=vote.version,
        lines=list(vote.lines),
        consents=len(vote.consents),
        objections=len(vote.objections),
        waiting=sum(state.seats[seat].connected and seat not in answered for seat in state.seats_of(Who.MEMBERS)),
    )


def _until(at_ms: int, now_ms: int, total_ms: int) -> Countdown:
    """Until a moment of session time that no hold defers."""
    return Countdown(left_ms=at_ms - now_ms, at_ms=now_ms, running=True, total_ms=total_ms)


def _now(state: SessionState, now_ms: int, share: sch.Shares) -> NowView | None:
    instance, phase, step, run = state.current, state.current_phase, state.current_step, state.step
    if instance is None or phase is None or step is None or run is None:
        return None
    running = state.clock_from_ms is not None
    allotted = share.allotted_ms[instance.key]
    several = step.floor in (FloorMode.SINGLE, FloorMode.OPEN) and len(phase.steps) > 1
    timed = step.floor is FloorMode.SILENT_WRITING or several or step.hold_full_time
    ends_after = sch.ends_after_ms(state, phase)
    left = allotted - sch.spent_ms(state, instance, now_ms)
    closed = closed_roles(state)
    return NowView(
        phase=instance.key,
        index=state.phases.index(instance),
        step=run.index,
        steps=len(phase.steps),
        step_title=step.title,
        floor=step.floor,
        closed_roles=[role for role in Role if any(state.seats[seat].role is role for seat in closed)],
        countdown=Countdown(left_ms=left, at_ms=now_ms, running=running, total_ms=allotted),
        step_countdown=Countdown(
            left_ms=sch.step_left_ms(state, now_ms) or 0, at_ms=now_ms, running=running, total_ms=run.budget_ms
        )
        if timed
        else None,
        holds=sorted(state.holds),
        warn_ms=phase.warn_s * 1000,
        dropped=[
            left_out.title
            for index, left_out in enumerate(phase.steps)
            if (instance.key, index) in state.dropped and left_out.title is not None
        ],
        resting=resting(state, now_ms),
        ends_in=None
        if ends_after is None
        else Countdown(left_ms=left + ends_after, at_ms=now_ms, running=running, total_ms=allotted + ends_after),
        bells=list(phase.bells),
        questions_only=step.questions_only,
        silence=kept_silent(state),
        closed_cameras=sorted(closed_cameras(state)),
    )


def _floor(state: SessionState, now_ms: int) -> FloorView:
    phase, run = state.current_phase, state.step
    rounds = [] if phase is None else [i for i, step in enumerate(phase.steps) if step.floor is FloorMode.ROUND]
    if state.current is not None:
        rounds = [i for i in rounds if (state.current.key, i) not in state.dropped]
    in_round = run is not None and run.index in rounds
    return FloorView(
        holder=holder(state),
        hearable=sorted(hearable(state)),
        turn=turn_view(state, now_ms),
        order=coming(state),
        next=coming_next(state),
        spoken=[] if run is None else list(run.spoken),
        passed=[] if run is None else list(run.passed),
        hands=[HandView(seat=hand.seat, kind=hand.kind) for hand in queue(state)],
        round=rounds.index(run.index) + 1 if in_round and run is not None else 0,
        rounds=len(rounds),
        done=[] if run is None else sorted(run.done),
    )


def turn_view(state: SessionState, now_ms: int) -> TurnView | None:
    turn = state.turn
    if turn is None:
        return None
    left = sch.turn_left_ms(state, now_ms) or 0
    passes = sch.passes_after_ms(state)
    running = state.clock_from_ms is not None and turn.stopped_at_ms is None
    overrun = Overrun.NONE
    if left <= 0:
        graced = passes is not None and left <= -state.script.turn_overrun.grace_s * 1000
        overrun = Overrun.PASS if graced else Overrun.CONCLUDE
    return TurnView(
        number=turn.number,
        seat=turn.seat,
        kind=turn.kind,
        countdown=Countdown(left_ms=left, at_ms=now_ms, running=running, total_ms=turn.budget_ms),
        overrun=overrun,
        passes_in=None
        if passes is None
        else Countdown(left_ms=left + passes, at_ms=now_ms, running=running, total_ms=turn.budget_ms + passes),
        thanked=turn.thanked,
        silence=turn.silence,
        text=None if HoldCause.CARE in state.holds else turn.text,
    )


def _in_sight(state: SessionState) -> Iterator[Capture]:
    """What everybody may read now: the running phase's captures, and the thread of the session."""
    key = None if state.current is None else state.current.key
    thread = [] if state.client is None else cap.in_sight(state, state.client)
    if state.facilitator is not None:
        thread += cap.in_sight(state, state.facilitator)
    for capture in state.captures:
        here = capture.phase == key and key is not None
        if (here or capture in thread) and cap.for_everyone(state, capture):
            yield capture


def _written(state: SessionState) -> dict[str, int]:
    """How many wrote each capture of this phase that nobody else can read yet. Not for what only the lead may count."""
    phase, instance = state.current_phase, state.current
    if phase is None or instance is None:
        return {}
    return {
        spec.id: sum(c.capture == spec.id and c.phase == instance.key and not c.revealed for c in state.captures)
        for spec in phase.captures
        if spec.visible is Visibility.REVEAL
    }


# -- one's own -----------------------------------------------------------------------------------------------------


def own(state: SessionState, seat: str, now_ms: int, drafts: Mapping[str, Mapping[str, str]]) -> Own:
    """The part that only this seat sees. `drafts` are its own unsent texts by capture."""
    me = state.seats[seat]
    lead = None if state.lead is None else state.seats[state.lead]
    away = lead is not None and lead.joined and lead.presence is Presence.ABSENT
    keys = holds_keys(state, me)
    return Own(
        seat=seat,
        role=me.role,
        jobs=sorted(me.jobs),
        leads=seat == state.lead,
        may=may(state, seat, now_ms),
        prompt=prompt(state, me, now_ms),
        cues=cues(state, seat),
        my_turn=state.turn is not None and state.turn.seat == seat,
        turns_until_mine=turns_until(state, seat),
        may_be_heard=seat in may_speak(state),
        mic_reason=mic_reason(state, me),
        writable=_writable(state, seat, now_ms, drafts),
        captures=[cap.shown(capture) for capture in _own_captures(state, seat)],
        lead_away=away and Job.DEPUTY in me.jobs and lead is not None and now_ms - lead.since_ms >= sch.DEPUTY_TOLD_MS,
        holds_keys=keys,
        undo=_undo(state, now_ms) if keys else None,
        recalled=keys and state.recalled,
        catch_up=_catch_up(state, me, now_ms),
        withdrawn=len(cap.withdrawn(state, seat)),
        offers=[job for job in Job if state.offers.get(job) == seat],
        pause_asked=seat in state.pause_wanted,
        expert=me.expert,
        typed=me.typed,
        goes_on=me.goes_on,
        talk_ms=sum(talk.get(seat, 0) for talk in state.talk.values()),
    )


def _own_captures(state: SessionState, seat: str) -> Iterator[Capture]:
    """What this seat may read and not everybody. Of earlier phases only what there is one of, so that a view does not
    grow with them: the rest is in the drawer."""
    keys = {key for key, _ in cap.open_specs(state)} | {None if state.current is None else state.current.key}
    for capture in state.captures:
        spec = state.spec(capture.capture)
        near = capture.phase in keys or (spec is not None and not spec.many)
        if near and cap.readable(state, seat, capture) and not cap.for_everyone(state, capture):
            yield capture


def _catch_up(state: SessionState, me: SeatState, now_ms: int) -> CatchUp | None:
    """What went on while the seat was away: for a while after its return (method.md, "When somebody drops")."""
    if me.left_ms is None or me.left_phase is None or not me.connected or now_ms - me.since_ms > CATCH_UP_FOR_MS:
        return None
    away_ms = me.since_ms - me.left_ms
    if away_ms < CATCH_UP_MS:
        return None
    keys = [phase.key for phase in state.phases if phase.status is not PhaseStatus.COMING]
    new = [c for c in cap.visible(state, me.id) if c.entry > me.left_entry and c.seat != me.id]
    since = keys[keys.index(me.left_phase) :] if me.left_phase in keys else keys[-1:]
    return CatchUp(away_ms=away_ms, phases=since, written=len(new))


def _undo(state: SessionState, now_ms: int) -> Countdown | None:
    if state.mark is None or now_ms - state.mark.at_ms > sch.UNDO_MS:
        return None
    return _until(state.mark.at_ms + sch.UNDO_MS, now_ms, sch.UNDO_MS)


def _writable(state: SessionState, seat: str, now_ms: int, drafts: Mapping[str, Mapping[str, str]]) -> list[Writable]:
    result = []
    for key, spec in cap.writable(state, seat, now_ms):
        if cap.full(state, seat, spec, key):
            continue
        was = None if spec.many else cap.latest(state, seat, spec.id, key)
        more = cap.left(state, seat, spec, key)
        late = state.left_open.get((seat, spec.id))
        total_ms = sch.LEFT_OPEN_MS * state.speed
        result.append(
            Writable(
                spec=spec,
                version=0 if was is None else was.version,
                fields={} if was is None else dict(was.fields),
                draft=dict(drafts.get(spec.id, {})),
                submitted=cap.latest(state, seat, spec.id, key) is not None,
                left=None if more is None or more > FEW else more,
                closes=None if late is None else _until(late.until_ms - sch.CLOSING_MS * state.speed, now_ms, total_ms),
            )
        )
    return result


def cues(state: SessionState, seat: str) -> list[Text]:
    """What the script says to this seat in this step: the narrowest that fits."""
    phase, run = state.current_phase, state.step
    if phase is None or run is None:
        return []
    if state.guidance is Guidance.ACCOMPANIED and seat not in (state.lead, state.client):
        return []
    fitting = [c for c in phase.cues if c.step in (None, run.index) and seat in state.seats_of(c.who)]
    expert = [c for c in fitting if c.who is Who.EXPERTS]
    if expert:
        fitting = expert
    if seat == state.lead:
        own_cues = [cue for cue in fitting if cue.who is Who.FACILITATOR]
        fitting = own_cues + [
            cue for cue in fitting if cue not in own_cues and state.seats[seat].role is not Role.FACILITATOR
        ]
    else:
        narrow = [c for c in fitting if c.who not in (Who.MEMBERS, Who.ALL)]
        fitting = narrow or fitting
    stepwise = [cue for cue in fitting if cue.step is not None]
    return [cue.text for cue in (stepwise or fitting)]


def may(state: SessionState, seat: str, now_ms: int) -> list[str]:
    """The commands (wire tags) that would be accepted from this seat now; a follow-up hand is
    `raise_hand_follow_up`."""
    return [_tag(command) for command in accepted(state, _candidates(state, seat), now_ms, by=seat)]


def _tag(command: cmd.SeatCommand) -> str:
    follows = isinstance(command, cmd.RaiseHand) and command.kind is HandKind.FOLLOW_UP
    return "raise_hand_follow_up" if follows else command.type


def _candidates(state: SessionState, seat: str) -> Iterator[cmd.SeatCommand]:
    """One command of each kind that has a button, with today's subjects."""
    me = state.seats[seat]
    microphone = me.microphone
    yield cmd.SetMicrophone(microphone=Microphone.CLOSED if microphone is not Microphone.CLOSED else Microphone.ARMED)
    yield cmd.TakeLead()
    yield cmd.StartSession()
    yield cmd.LeaveAt(at_ms=state.ends_at_ms if me.leaves_at_ms is None else None)
    yield cmd.ChooseTyping(typed=not me.typed)
    yield cmd.SetPhone(seat=seat, phone=not me.phone)
    yield cmd.AgreeGoingOn(agreed=not me.goes_on)
    yield from (cmd.AnswerJob(job=job, accept=True) for job in Job if state.offers.get(job) == seat)
    if state.vote is not None:
        yield cmd.AnswerCharter(version=state.vote.version, consents=seat not in state.vote.consents)
    if seat == state.lead:
        yield cmd.ProposeCharter(lines=("…",))
    instance, run, turn = state.current, state.step, state.turn
    if state.status is not Status.RUNNING or instance is None or run is None:
        return
    yield cmd.RaiseHand(kind=HandKind.QUESTION)
    yield cmd.RaiseHand(kind=HandKind.FOLLOW_UP)
    yield cmd.LowerHand()
    yield cmd.PassTurn(phase=instance.key, step=run.index)
    yield cmd.MarkDone(phase=instance.key, step=run.index)
    yield cmd.AskPause()
    yield cmd.RefuseEnd()
    yield cmd.RecallRequest()
    yield cmd.Resume()
    if turn is not None:
        yield cmd.EndTurn(turn=turn.number)
        yield cmd.Thank(turn=turn.number)
        yield cmd.TypeTurn(turn=turn.number, text="…")
    if not holds_keys(state, me):
        return
    yield cmd.NextPhase(phase=instance.key, losing=tuple(Loss))
    yield cmd.NextStep(phase=instance.key, step=run.index)
    yield cmd.SkipPhase(phase=instance.key)
    yield cmd.ExtendPhase(phase=instance.key)
    yield cmd.Undo(phase=instance.key)
    yield cmd.Pause()
    yield cmd.CarePause()
    yield cmd.SuspendSession()
    yield cmd.ResumeSession()
    yield cmd.StopSession()
    yield cmd.GoOn()
    yield cmd.SayRecall()
    yield cmd.HandOverLead()
    yield cmd.MoveEnd()
    yield cmd.CloseSession(losing=tuple(Loss))
    if turn is not None:
        yield cmd.ExtendTurn(turn=turn.number)
        yield cmd.KeepSilence(turn=turn.number, on=not turn.silence)
        yield cmd.TakeBackFloor(turn=turn.number)
