"""How the remaining minutes are shared out.

Pure functions of state and `now`; nothing here is stored. The end is locked: whatever is late (start, pause, hold,
outage, overrun, extra minutes) is repaid by draining the script's `elastic_order`, one phase after another, each as
far as it says. Because every answer is computed from the plan anew, time that is won back returns by itself in
reverse order, never above plan (decisions 3 and 35).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cosession.core.frozen import memoized, memoized_at
from cosession.core.script import Phase, Step
from cosession.core.sharing import Want, share, slot_ms, wants
from cosession.core.state import PhaseInstance, SessionState
from cosession.core.vocabulary import (
    ABSENT_AFTER_MS,
    FloorMode,
    HoldCause,
    Overtime,
    PhaseStatus,
    Presence,
    Status,
    TurnKind,
    Who,
)

#: An interrupted or missed turn keeps at least this much (method.md, "When somebody drops").
REST_MS = 30_000
#: Counted from the absence (6 s), so that the deputy is told 10 s and has the keys 30 s after the last sign of life.
DEPUTY_TOLD_MS = 10_000 - ABSENT_AFTER_MS
DEPUTY_LEADS_MS = 30_000 - ABSENT_AFTER_MS
#: A phase whose client stays away is put off, 30 s after the last sign of life too.
LATER_MS = 30_000 - ABSENT_AFTER_MS
#: A later end is refused within so long, « annuler » is offered for so long (method.md).
PROPOSAL_MS = 20_000
UNDO_MS = 5_000
#: While nobody leads, a phase that would wait for the lead ends by itself so long after its time.
VACANT_MS = 60_000
#: A suspended session can be resumed for 7 days.
SUSPENDED_MS = 7 * 24 * 3_600_000
#: A session that never began is closed so long after its scheduled end.
LAPSES_MS = SUSPENDED_MS
#: Who said when they leave writes their learning from so long before.
LEAVING_MS = 10 * 60_000
#: A text that was being written when its time was over stays open to its author for so long; if their page has not
#: handed it in so much later, the room does. Both in real time, at any speed.
LEFT_OPEN_MS = 20_000
CLOSING_MS = 2_000
#: While the end recedes (a hold, an overrun) the views are refreshed this often.
REFRESH_MS = 15_000


@dataclass(frozen=True, slots=True)
class Shares:
    """`allotted_ms` by phase key; `late_ms` is what nobody can yield; `elastic_ms` what the rest could still yield."""

    allotted_ms: Mapping[str, int]
    late_ms: int
    elastic_ms: int


def spent_ms(state: SessionState, instance: PhaseInstance, now_ms: int) -> int:
    """What a phase has used so far."""
    if instance.status is PhaseStatus.NOW:
        return state.clock(now_ms) - state.phase_from_clock_ms
    return instance.spent_ms


def least_ms(state: SessionState, instance: PhaseInstance) -> int:
    """How short the lead may make a phase: half of its minimum, a protected one its minimum."""
    protected = state.script.phase(instance.id).protected
    return instance.minimum_ms if protected else instance.minimum_ms // 2


@dataclass(frozen=True, slots=True)
class _Plan:
    """What of the shares does not depend on the moment. `wanted_ms` is by phase key; `needed_ms` and `elastic_ms` are
    of the phases to come; `drains` say how far a phase can be drained, in the order of doing so; `over`: none runs or
    comes."""

    wanted_ms: Mapping[str, int]
    needed_ms: int
    elastic_ms: int
    drains: tuple[tuple[PhaseInstance, int], ...]
    over: bool


@memoized("phases")
def _plan(state: SessionState) -> _Plan:
    wanted: dict[str, int] = {}
    needed = elastic = 0
    open_phases = []
    for phase in state.phases:
        if phase.status in (PhaseStatus.DONE, PhaseStatus.SKIPPED):
            wanted[phase.key] = phase.spent_ms
            continue
        wanted[phase.key] = phase.wanted_ms
        open_phases.append(phase)
        if phase.status is PhaseStatus.COMING:
            needed += max(phase.wanted_ms - phase.spent_ms, 0)
            elastic += max(phase.wanted_ms - max(phase.minimum_ms, phase.spent_ms), 0)
    drains = tuple(
        (phase, phase.minimum_ms if drain.to is None else round(drain.to * 60_000))
        for drain in state.script.elastic_order
        for phase in open_phases
        if phase.id == drain.phase
    )
    return _Plan(wanted, needed, elastic, drains, over=not open_phases)


@memoized_at(
    "phases",
    "status",
    "starts_at_ms",
    "planned_ms",
    "end_moved_ms",
    "clock_ms",
    "clock_from_ms",
    "phase_from_clock_ms",
)
def shares(state: SessionState, now_ms: int) -> Shares:
    """Share the time until the locked end among the phases that run or come."""
    plan, instance = _plan(state), state.current
    if state.status is Status.CLOSED or plan.over:
        return Shares(plan.wanted_ms, 0, 0)
    needed, elastic, spent = plan.needed_ms, plan.elastic_ms, 0
    if instance is not None:
        spent = spent_ms(state, instance, now_ms)
        needed += max(instance.wanted_ms - spent, 0)
        elastic += max(instance.wanted_ms - max(instance.minimum_ms, spent), 0)
    # Before the start the plan begins at the scheduled instant, or now if that is past.
    begins = max(now_ms, state.starts_at_ms) if state.status is Status.LOBBY else now_ms
    until_end = state.ends_at_ms - begins
    if needed <= until_end:
        return Shares(plan.wanted_ms, 0, elastic)
    allotted, late = _drained(plan, needed - until_end, instance, spent)
    yielded = sum(plan.wanted_ms[key] - share for key, share in allotted.items())
    if instance is not None and spent >= allotted[instance.key]:
        # Its time is over: what it could not yield any more it should have yielded, so it is over by that much.
        whole = plan.needed_ms + instance.wanted_ms - (until_end + spent)
        allotted[instance.key] = _drained(plan, max(whole, 0), instance, 0)[0][instance.key]
    return Shares(allotted, late, elastic - yielded)


def _drained(plan: _Plan, late: int, current: PhaseInstance | None, spent: int) -> tuple[dict[str, int], int]:
    """What each phase has when the others took `late` from it in their order, and what nobody could yield. Of the
    `current` one `spent` is gone already."""
    allotted = dict(plan.wanted_ms)
    for phase, least in plan.drains:
        take = min(late, allotted[phase.key] - max(least, spent if phase is current else phase.spent_ms))
        if take > 0:
            allotted[phase.key] -= take
            late -= take
            if not late:
                break
    return allotted, late


def drift_ms(state: SessionState, now_ms: int) -> int:
    """How late the session is against its plan: positive is late."""
    if state.started_at_ms is None:
        return max(now_ms - state.starts_at_ms, 0)
    left = sum(
        max(p.planned_ms - spent_ms(state, p, now_ms), 0)
        for p in state.phases
        if p.status in (PhaseStatus.NOW, PhaseStatus.COMING)
    )
    return now_ms + left - state.ends_at_ms


# -- steps and turns -----------------------------------------------------------------------------------------------


def one_turn_ms(state: SessionState, step: Step, turn_s: int) -> int:
    """What a turn of a round takes with its answer and its hand-over."""
    return slot_ms(step, turn_s, state.script.hand_over_s)


def heads(state: SessionState, step: Step) -> int:
    """How many are there of those to whom a step belongs: who does not come gives their time back."""
    return sum(state.seats[seat].present for seat in state.seats_of(step.who))


def _coming(state: SessionState, index: int, without: frozenset[int]) -> list[Want]:
    """What step `index` of the running phase and those after it want; the dropped ones are in `without`."""
    phase, instance = state.current_phase, state.current
    if phase is None or instance is None:
        return []
    found = wants(phase.steps, [heads(state, step) for step in phase.steps], phase.planned_ms, state.script.hand_over_s)
    gone = without | {i for key, i in state.dropped if key == instance.key}
    return [want for i, want in enumerate(found) if i == index or (i > index and i not in gone)]


def _phase_left_ms(state: SessionState, instance: PhaseInstance, now_ms: int) -> int:
    return max(shares(state, now_ms).allotted_ms[instance.key] - spent_ms(state, instance, now_ms), 0)


def step_budget_ms(state: SessionState, index: int, now_ms: int, without: frozenset[int] = frozenset()) -> int:
    """What step `index` of the running phase gets if it began now (`sharing`); the last one has all that is left.
    `without` names later steps that will be dropped."""
    instance, coming = state.current, _coming(state, index, without)
    if instance is None:
        return 0
    left = _phase_left_ms(state, instance, now_ms)
    return left if len(coming) == 1 else share(coming, left)[0]


def turn_ms(state: SessionState, step: Step, budget_ms: int, seats: int) -> int:
    """A turn of a round that has `budget_ms` left for `seats` seats: never above `turn_max_s` (or `turn_s`), never
    below `min_turn_s`."""
    if step.turn_s is None or step.min_turn_s is None or seats == 0:
        return budget_ms
    fair = budget_ms // seats - one_turn_ms(state, step, 0)
    return max(min(fair, (step.turn_max_s or step.turn_s) * 1000), step.min_turn_s * 1000)


def fits(state: SessionState, index: int, now_ms: int) -> bool:
    """Whether step `index` of the running phase, if it is a round, and all after it fit without shredding turns below
    `min_turn_s`."""
    phase, instance = state.current_phase, state.current
    if phase is None or instance is None:
        return True
    step = phase.steps[index]
    if step.floor is not FloorMode.ROUND or step.min_turn_s is None or not heads(state, step):
        return True
    coming = _coming(state, index, frozenset())
    return sum(want.least_ms for want in coming) <= _phase_left_ms(state, instance, now_ms)


def turn_left_ms(state: SessionState, now_ms: int) -> int | None:
    """What the running turn has left; negative once it is over time."""
    turn = state.turn
    if turn is None:
        return None
    clock_ms = state.clock(now_ms) if turn.stopped_at_ms is None else turn.stopped_at_ms
    return turn.budget_ms - (clock_ms - turn.from_clock_ms)


def step_left_ms(state: SessionState, now_ms: int) -> int | None:
    step = state.step
    return None if step is None else step.budget_ms - (state.clock(now_ms) - step.from_clock_ms)


def passes_after_ms(state: SessionState) -> int | None:
    """How long after its end a turn passes by itself; None for the client's own steps, answers and granted words, and
    while the lead lets the silence be."""
    turn, step = state.turn, state.current_step
    if turn is None or step is None or turn.silence:
        return None
    overrun = state.script.turn_overrun
    grace = overrun.grace_s * 1000
    if turn.thanked:
        return grace
    own_step = step.floor is FloorMode.SINGLE or step.who is Who.FACILITATOR
    alone = not state.script.facilitator
    if own_step or (turn.kind in (TurnKind.ANSWER, TurnKind.GRANTED) and not alone):
        return None
    return grace if state.lead is None else grace + overrun.auto_after_s * 1000


def ends_after_ms(state: SessionState, phase: Phase) -> int | None:
    """How long after its time a phase ends by itself; None if it waits for the lead. If nobody leads, none waits. The
    grace is for who speaks: after the last turn there is none."""
    match phase.overtime:
        case Overtime.SOFT:
            return VACANT_MS if state.vacant else None
        case Overtime.GRACE:
            step = state.current_step
            spoken = state.turn is None and step is not None and step.floor is not FloorMode.OPEN
            return 0 if spoken else phase.grace_s * 1000
        case Overtime.HARD:
            return 0


def phase_left_ms(state: SessionState, now_ms: int) -> int:
    """What the running phase has left by today's schedule; negative once it is over time."""
    instance = state.current
    if instance is None:
        return 0
    return shares(state, now_ms).allotted_ms[instance.key] - spent_ms(state, instance, now_ms)


# -- the next moment that matters ----------------------------------------------------------------------------------


def _clock_moments(state: SessionState, now_ms: int) -> Iterator[int]:
    """Milliseconds of the phase clock from now until something changes."""
    instance, phase, step = state.current, state.current_phase, state.current_step
    if instance is None or phase is None:
        return
    left = phase_left_ms(state, now_ms)
    yield left - phase.warn_s * 1000
    yield left
    ends_after = ends_after_ms(state, phase)
    if ends_after is not None:
        yield left + ends_after
    if step is not None and (step.floor in (FloorMode.SILENT_WRITING, FloorMode.OPEN) or step.hold_full_time):
        yield step_left_ms(state, now_ms) or 0
    turn_left = turn_left_ms(state, now_ms)
    if turn_left is not None and state.turn is not None and state.turn.stopped_at_ms is None:
        yield turn_left
        yield turn_left + state.script.turn_overrun.grace_s * 1000
        passes = passes_after_ms(state)
        if passes is not None:
            yield turn_left + passes


def _moments(state: SessionState, now_ms: int) -> Iterator[int]:
    """Session times at which something may change by itself."""
    if state.clock_from_ms is not None:
        yield from (now_ms + left for left in _clock_moments(state, now_ms))
    lead = None if state.lead is None else state.seats[state.lead]
    if lead is not None and lead.presence is Presence.ABSENT:
        yield lead.since_ms + DEPUTY_TOLD_MS
        yield lead.since_ms + DEPUTY_LEADS_MS
    client = None if state.client is None else state.seats[state.client]
    if client is not None and client.presence is Presence.ABSENT:
        yield client.since_ms + LATER_MS
    if state.proposal is not None:
        yield state.proposal.at_ms + PROPOSAL_MS
    if state.mark is not None:
        yield state.mark.at_ms + UNDO_MS
    for seat in state.seats.values():
        if seat.leaves_at_ms is not None:
            yield seat.leaves_at_ms - LEAVING_MS
    if HoldCause.SUSPENDED in state.holds:
        yield state.holds[HoldCause.SUSPENDED] + SUSPENDED_MS
    yield from _closings(state)


def _closings(state: SessionState) -> Iterator[int]:
    yield from (late.until_ms for late in state.left_open.values())


def _lobby_moments(state: SessionState) -> Iterator[int]:
    yield state.ends_at_ms + LAPSES_MS
    lead = None if state.lead is None else state.seats[state.lead]
    if lead is not None and not lead.connected:
        yield max(lead.since_ms, state.starts_at_ms) + DEPUTY_LEADS_MS


@memoized_at()
def next_wake(state: SessionState, now_ms: int) -> int | None:
    """Session time of the next moment at which a `Tick` may change something, or at which the views say something
    new. In a state that is at rest now nothing is due until then."""
    if state.status is Status.CLOSED:
        return min((moment for moment in _closings(state) if moment > now_ms), default=None)
    moments = list(_lobby_moments(state) if state.status is Status.LOBBY else _moments(state, now_ms))
    instance = state.current
    if instance is not None and HoldCause.SUSPENDED not in state.holds:
        share = shares(state, now_ms)
        recedes = bool(state.holds) or spent_ms(state, instance, now_ms) >= share.allotted_ms[instance.key]
        if recedes:
            moments.append(now_ms + REFRESH_MS)
            if not share.late_ms:
                moments.append(now_ms + _spare_ms(state, share, now_ms) + share.elastic_ms + 1)
    return min((moment for moment in moments if moment > now_ms), default=None)


def _spare_ms(state: SessionState, share: Shares, now_ms: int) -> int:
    """What is left between the last phase and the locked end if nothing yields any more."""
    spent = {
        p.key: spent_ms(state, p, now_ms) for p in state.phases if p.status in (PhaseStatus.NOW, PhaseStatus.COMING)
    }
    left = sum(max(share.allotted_ms[key] - used, 0) for key, used in spent.items())
    return max(state.ends_at_ms - now_ms - left, 0)


def held_ms(state: SessionState, cause: HoldCause, now_ms: int) -> int:
    """Time booked for a cause, a hold that goes on included."""
    since = state.holds.get(cause)
    return state.booked.get(cause, 0) + (0 if since is None else now_ms - since)
