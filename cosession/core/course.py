"""The course of a session: what follows by itself from where it stands.

`Course` collects events and evolves its own state with each, so that what comes later in one decision sees what came
before.
`settle` brings a state to rest: it emits what time, presence and the script require (a turn that passes, the next
speaker, a hold, the lead that goes to the deputy) until nothing more is due. Every decision ends with it, so a `Tick`
needs no rule of its own.
"""

from __future__ import annotations

from cosession.core import captures as cap
from cosession.core import events as ev
from cosession.core import schedule as sch
from cosession.core.evolve import evolve
from cosession.core.floor import queue, rotated
from cosession.core.refusal import Refused
from cosession.core.script import CaptureSpec
from cosession.core.state import SessionState
from cosession.core.vocabulary import (
    FloorMode,
    HoldCause,
    Job,
    LeadCause,
    PhaseStatus,
    Presence,
    Reveal,
    Status,
    TurnKind,
    Who,
)


class Course:
    """Events decided so far, and the state after them."""

    def __init__(self, state: SessionState, now_ms: int, drafts: cap.Drafts) -> None:
        self.state = state
        self.now_ms = now_ms
        self.drafts = drafts
        self.events: list[ev.Event] = []

    def emit(self, event: ev.Event) -> None:
        self.events.append(event)
        self.state = evolve(self.state, event, self.now_ms)

    # -- phases and steps --------------------------------------------------------------------------------------

    def start_next_phase(self) -> None:
        """Begin the next phase that is still to come; without one the session closes."""
        coming = next((p for p in self.state.phases if p.status is PhaseStatus.COMING), None)
        if coming is None:
            self.emit(ev.SessionClosed())
            return
        self.emit(ev.PhaseStarted(phase=coming.key))
        self._announce_lead()
        self.start_step(0)

    def leave_phase(self, event: ev.PhaseEnded | ev.PhaseSkipped) -> None:
        """End the running phase: drafts become captures, what was hidden for the phase is revealed."""
        phase = self.state.current_phase
        if phase is None:
            return
        self._end_step()
        for spec in phase.captures:
            self._commit_drafts(spec)
            self._reveal(spec)
        if HoldCause.PAUSE in self.state.holds:
            self.emit(ev.HoldEnded(cause=HoldCause.PAUSE))
        self.emit(event)

    def start_step(self, index: int) -> None:
        """Begin step `index` of the running phase; a round that does not fit is dropped rather than shredded."""
        state, phase, instance = self.state, self.state.current_phase, self.state.current
        if phase is None or instance is None:
            return
        step = phase.steps[index]
        budget = sch.step_budget_ms(state, index, self.now_ms)
        later = frozenset(i for i in range(index + 1, len(phase.steps)) if phase.steps[i].droppable)
        if later and not sch.fits(state, step, budget):
            budget = sch.step_budget_ms(state, index, self.now_ms, without=later)
            for other in sorted(later):
                self.emit(ev.StepDropped(phase=instance.key, step=other))
        elif step.droppable and not sch.fits(state, step, budget):
            self.emit(ev.StepDropped(phase=instance.key, step=index))
        if (instance.key, index) in self.state.dropped:
            if index + 1 < len(phase.steps):
                self.start_step(index + 1)
            return
        order: tuple[str, ...] = ()
        if step.floor is FloorMode.ROUND:
            order = rotated(state.seats_of(step.who), state.client, state.number)
        elif step.floor is FloorMode.SINGLE:
            order = state.seats_of(step.who)
        self.emit(ev.StepStarted(phase=instance.key, step=index, budget_ms=budget, order=order))
        if step.floor is FloorMode.SINGLE and step.who is Who.CLIENT:
            for spec in phase.captures:
                if spec.reveal is Reveal.CLIENT_STEP:
                    self._commit_drafts(spec)
                    self.emit(ev.CaptureRevealed(capture=spec.id))

    def next_step(self) -> bool:
        """End the running step and begin the one after it; False if it is the last."""
        phase, run, instance = self.state.current_phase, self.state.step, self.state.current
        if phase is None or run is None or instance is None or self.last_step:
            return False
        self._end_step()
        self.start_step(run.index + 1)
        return True

    @property
    def last_step(self) -> bool:
        """Nothing comes after the running step in its phase."""
        phase, run, instance = self.state.current_phase, self.state.step, self.state.current
        if phase is None or run is None or instance is None:
            return True
        later = range(run.index + 1, len(phase.steps))
        return all((instance.key, index) in self.state.dropped for index in later)

    def _end_step(self) -> None:
        phase, run = self.state.current_phase, self.state.step
        if phase is None or run is None:
            return
        if self.state.turn is not None:
            self.emit(ev.TurnEnded(turn=self.state.turn.number, how="done"))
        for spec in phase.captures:
            if spec.reveal is Reveal.STEP_END and (not spec.steps or run.index in spec.steps):
                self._commit_drafts(spec)
                self._reveal(spec)

    # -- captures ----------------------------------------------------------------------------------------------

    def write(self, spec: CaptureSpec, key: str | None, seat: str, fields: dict[str, str]) -> None:
        """Keep a text of a seat: a new capture, or the next version of the one it has."""
        was = None if spec.many else cap.latest(self.state, seat, spec.id)
        self.emit(
            ev.CaptureSubmitted(
                entry=self.state.entries + 1 if was is None else was.entry,
                capture=spec.id,
                phase=key if was is None else was.phase,
                seat=seat,
                version=1 if was is None else was.version + 1,
                fields=fields,
            )
        )

    def _commit_drafts(self, spec: CaptureSpec) -> None:
        """Unsent texts become captures at the reveal or the phase's end (decision 10); a text that lacks what is
        required stays a draft."""
        for (seat, capture), fields in sorted(self.drafts.items()):
            if capture != spec.id or seat not in self.state.seats:
                continue
            allowed = any(seat in self.state.seats_of(who) for who in spec.by)
            try:
                kept = cap.checked(spec, fields)
            except Refused:
                continue
            was = cap.latest(self.state, seat, capture)
            key = None if self.state.current is None else self.state.current.key
            if allowed and (was is None or dict(was.fields) != kept):
                self.write(spec, key, seat, kept)

    def _reveal(self, spec: CaptureSpec) -> None:
        if spec.reveal is not Reveal.NEVER and any(
            c.capture == spec.id and not c.revealed for c in self.state.captures
        ):
            self.emit(ev.CaptureRevealed(capture=spec.id))

    # -- turns -------------------------------------------------------------------------------------------------

    def start_turn(self, seat: str, kind: TurnKind, budget_ms: int) -> None:
        self.emit(ev.TurnStarted(turn=self.state.turns + 1, seat=seat, kind=kind, budget_ms=budget_ms))

    def start_speaking(self, seat: str) -> None:
        """The turn of a seat in a round or a single step, with its fair share or the rest it kept."""
        run, step = self.state.step, self.state.current_step
        if run is None or step is None:
            return
        left = max(sch.step_left_ms(self.state, self.now_ms) or 0, 0)
        kept = run.rests.get(seat)
        budget = sch.turn_ms(self.state, step, left, len(run.order)) if kept is None else kept
        self.start_turn(seat, TurnKind.SPEAK, budget)

    def start_asking(self, seat: str) -> None:
        step = self.state.current_step
        self.start_turn(seat, TurnKind.ASK, 1000 * (step.turn_s if step is not None and step.turn_s else 12))

    def start_answering(self) -> None:
        step, client = self.state.current_step, self.state.client
        if client is not None:
            self.start_turn(
                client, TurnKind.ANSWER, 1000 * (step.answer_s if step is not None and step.answer_s else 45)
            )

    def interrupt(self) -> None:
        """Take the floor from whoever has it; a turn of a round keeps its rest."""
        turn = self.state.turn
        if turn is None:
            return
        left = max(sch.turn_left_ms(self.state, self.now_ms) or 0, sch.REST_MS)
        speaking = turn.kind is TurnKind.SPEAK
        self.emit(ev.TurnEnded(turn=turn.number, how="interrupted", rest_ms=left if speaking else 0))

    def _announce_lead(self) -> None:
        if not self.state.lead_announced:
            self.emit(ev.LeadAnnounced())

    # -- coming to rest ----------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Emit what is due until nothing is. Bounded: every pass moves a turn, a step, a hold or the lead."""
        due = (self._lead_due, self._holds_due, self._turn_due, self._floor_due, self._end_due)
        while self.state.status is Status.RUNNING and any(rule() for rule in due):
            pass

    def _lead_due(self) -> bool:
        state = self.state
        lead, deputy = state.lead, state.holder_of(Job.DEPUTY)
        if lead is None or deputy is None or deputy == lead:
            return False
        away = state.seats[lead]
        if away.presence is not Presence.ABSENT or not away.joined or not state.seats[deputy].present:
            return False
        if self.now_ms - away.since_ms < sch.DEPUTY_LEADS_MS:
            return False
        self.emit(ev.LeadChanged(seat=deputy, cause=LeadCause.ABSENCE))
        return True

    def _holds_due(self) -> bool:
        """The clock holds while somebody whom the phase cannot do without is absent."""
        state, phase = self.state, self.state.current_phase
        if phase is None:
            return False
        missing = {
            HoldCause.CLIENT_ABSENT: Who.CLIENT in phase.hold_without and self._absent(state.client),
            HoldCause.LEAD_ABSENT: Who.FACILITATOR in phase.hold_without and self._absent(state.lead),
        }
        for cause, wanted in missing.items():
            if wanted and cause not in state.holds:
                self.emit(ev.HoldStarted(cause=cause))
                return True
            if not wanted and cause in state.holds:
                self.emit(ev.HoldEnded(cause=cause))
                return True
        return False

    def _absent(self, seat: str | None) -> bool:
        return seat is not None and not self.state.seats[seat].present

    def _turn_due(self) -> bool:
        """A turn ends by itself: its time and its grace are over, or its seat is absent."""
        state, turn, step = self.state, self.state.turn, self.state.current_step
        if turn is None or step is None or state.holds:
            return False
        left = sch.turn_left_ms(state, self.now_ms) or 0
        if step.floor is not FloorMode.SINGLE and not state.seats[turn.seat].present:
            rest = max(left, sch.REST_MS) if turn.kind is TurnKind.SPEAK else 0
            self.emit(ev.TurnEnded(turn=turn.number, how="absent", rest_ms=rest))
            self._announce_lead()
            return True
        passes = sch.passes_after_ms(state)
        if passes is not None and left <= -passes:
            self.emit(ev.TurnEnded(turn=turn.number, how="time"))
            if turn.kind is TurnKind.ASK:
                self.start_answering()
            self._announce_lead()
            return True
        return False

    def _floor_due(self) -> bool:
        """Nobody has the floor: the script says who is next."""
        state, step, run = self.state, self.state.current_step, self.state.step
        if step is None or run is None or state.turn is not None or state.holds:
            return False
        match step.floor:
            case FloorMode.ROUND | FloorMode.SINGLE:
                present = [seat for seat in run.order if state.seats[seat].present]
                if present:
                    self.start_speaking(present[0])
                    return True
                waits = step.floor is FloorMode.SINGLE and bool(run.order)
                return False if waits else self.next_step()
            case FloorMode.QUEUE:
                hands = [hand for hand in queue(state) if state.seats[hand.seat].present]
                if hands:
                    self.start_asking(hands[0].seat)
                return bool(hands)
            case FloorMode.SILENT_WRITING:
                writers = [seat for seat in state.seats_of(step.who) if state.seats[seat].present]
                everyone = bool(writers) and all(seat in run.done for seat in writers)
                over = (sch.step_left_ms(state, self.now_ms) or 0) <= 0
                return self.next_step() if everyone or over else False
            case FloorMode.OPEN | FloorMode.FACILITATOR:
                return False

    def _end_due(self) -> bool:
        if self.state.cannot_hold:
            return False
        late = sch.shares(self.state, self.now_ms).late_ms
        if late <= 0:
            return False
        self.emit(ev.EndCannotHold(late_ms=late))
        return True
