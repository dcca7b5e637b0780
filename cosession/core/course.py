"""The course of a session: the movements of which every decision is made.

`Course` collects events and evolves its own state with each, so that what comes later in one decision sees what came
before. Whether a movement is due is asked elsewhere: by a gesture (`conduct`, `care`, `take_part`), or by `settle`.
"""

from __future__ import annotations

from cosession.core import captures as cap
from cosession.core import drafts
from cosession.core import events as ev
from cosession.core import schedule as sch
from cosession.core.evolve import evolve, with_microphones
from cosession.core.floor import microphones, turn_order
from cosession.core.outcome import outcome
from cosession.core.script import CaptureSpec
from cosession.core.state import SessionState
from cosession.core.vocabulary import FloorMode, HoldCause, Overtime, PhaseStatus, Reveal, Status, TurnKind, Who


class Course:
    """Events decided so far, and the state after them."""

    def __init__(self, state: SessionState, now_ms: int, unsent: cap.Drafts, typing: cap.Typing = frozenset()) -> None:
        self.state = state
        self.now_ms = now_ms
        self.drafts = unsent
        self.typing = typing
        self.events: list[ev.Event] = []
        self.states: list[SessionState] = []
        """After each of `events`."""

    def emit(self, event: ev.Event) -> None:
        """`event` happens, with what the rules make of it."""
        event = outcome(self.state, event, self.now_ms)
        state = evolve(self.state, event, self.now_ms)
        moved = microphones(self.state, state)
        if moved:
            event, state = event.model_copy(update={"microphones": moved}), with_microphones(state, moved)
        self.state = state
        self.events.append(event)
        self.states.append(self.state)

    # -- phases and steps --------------------------------------------------------------------------------------

    def start_next_phase(self) -> None:
        """Begin the next phase that is still to come; without one the session closes."""
        coming = next((p for p in self.state.phases if p.status is PhaseStatus.COMING), None)
        if coming is None:
            self.close()
            return
        self.emit(ev.PhaseStarted(phase=coming.key))
        self.announce_lead()
        self.start_step(0)

    def close(self, *, stopped: bool = False) -> None:
        """The session is over. By now it is known whether its end held; that of a suspended one, or of one that never
        began, was none."""
        state = self.state
        if state.status is Status.RUNNING and HoldCause.SUSPENDED not in state.holds:
            self.judge_end(self.now_ms - state.ends_at_ms)
        self.emit(ev.SessionClosed(stopped=stopped))

    def judge_end(self, late_ms: int) -> bool:
        """Say that the end cannot hold, or that it holds again, unless that is what was said; whether it was not."""
        late = late_ms > 0
        if late is self.state.cannot_hold:
            return False
        self.emit(ev.EndCannotHold(late_ms=late_ms) if late else ev.EndHolds())
        return True

    def leave_phase(self, event: ev.PhaseEnded | ev.PhaseSkipped | ev.ClientChanged) -> None:
        """End the running phase with `event`: drafts become captures, what was hidden for the phase is revealed."""
        phase = self.state.current_phase
        if phase is None:
            return
        self._end_step()
        for key, spec in drafts.phase_closes(self.state):
            drafts.end(self, spec, key)
            self._reveal(spec)
        for cause in (HoldCause.PAUSE, HoldCause.CARE):
            if cause in self.state.holds:
                self.emit(ev.HoldEnded(cause=cause))
        self.emit(event)

    def postpone_phase(self) -> None:
        """The running phase comes after the next one, which begins. What was written and revealed stays as it is."""
        instance = self.state.current
        if instance is not None:
            self.emit(ev.PhasePostponed(phase=instance.key))
            self.start_next_phase()

    def start_step(self, index: int, missed: dict[str, int] | None = None) -> None:
        """Begin step `index` of the running phase; a round that does not fit is dropped rather than shredded. `missed`:
        seats that come at the end of the round, with the milliseconds of the turn that they missed."""
        state, phase, instance = self.state, self.state.current_phase, self.state.current
        if phase is None or instance is None:
            return
        step = phase.steps[index]
        budget = sch.step_budget_ms(state, index, self.now_ms)
        later = frozenset(i for i in range(index + 1, len(phase.steps)) if phase.steps[i].droppable)
        if later and not sch.fits(state, index, self.now_ms):
            budget = sch.step_budget_ms(state, index, self.now_ms, without=later)
            for other in sorted(later):
                self.emit(ev.StepDropped(phase=instance.key, step=other))
        elif step.droppable and not sch.fits(state, index, self.now_ms):
            self.emit(ev.StepDropped(phase=instance.key, step=index))
        if (instance.key, index) in self.state.dropped:
            if index + 1 < len(phase.steps):
                self.start_step(index + 1, missed)
            return
        order: tuple[str, ...] = ()
        late: dict[str, int] = {}
        if step.floor is FloorMode.ROUND:
            order = turn_order(self.state, state.seats_of(step.who), self.now_ms + budget)
            late = {seat: rest for seat, rest in (missed or {}).items() if seat not in order}
        elif step.floor is FloorMode.SINGLE:
            order = state.seats_of(step.who)
        promised = 0
        if step.floor is FloorMode.ROUND:
            here = sum(state.seats[seat].present for seat in order)
            promised = sch.turn_ms(state, step, budget, here) if here else 0
        self.emit(
            ev.StepStarted(
                phase=instance.key,
                step=index,
                budget_ms=budget,
                order=(*order, *late),
                rests=late,
                turn_ms=promised,
            )
        )
        if step.floor is FloorMode.SINGLE and step.who is Who.CLIENT:
            for spec in phase.captures:
                if spec.reveal is Reveal.CLIENT_STEP:
                    drafts.end(self, spec, instance.key)
                    self.emit(ev.CaptureRevealed(capture=spec.id))

    def next_step(self, missed: dict[str, int] | None = None) -> bool:
        """End the running step and begin the one after it; False if it is the last. `missed`: see `start_step`."""
        phase, run, instance = self.state.current_phase, self.state.step, self.state.current
        if phase is None or run is None or instance is None or self.last_step:
            return False
        self._end_step()
        self.start_step(run.index + 1, missed)
        return True

    def repeat_round(self) -> bool:
        """Begin the running round anew if there is time for another turn and somebody to take it."""
        run, step, instance = self.state.step, self.state.current_step, self.state.current
        if run is None or step is None or instance is None or not step.again:
            return False
        left = sch.step_left_ms(self.state, self.now_ms) or 0
        order = turn_order(self.state, self.state.seats_of(step.who), self.now_ms + left)
        if left < sch.one_turn_ms(self.state, step, step.min_turn_s or 0):
            return False
        if not any(self.state.seats[seat].audible for seat in order):
            return False
        self.emit(ev.StepStarted(phase=instance.key, step=run.index, budget_ms=left, order=order))
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
        phase, run, instance = self.state.current_phase, self.state.step, self.state.current
        if phase is None or run is None or instance is None:
            return
        if self.state.turn is not None:
            self.emit(ev.TurnEnded(turn=self.state.turn.number, how="done"))
        for spec in phase.captures:
            if spec.reveal is Reveal.STEP_END and (not spec.steps or run.index in spec.steps):
                drafts.end(self, spec, instance.key)
                self._reveal(spec)

    # -- captures ----------------------------------------------------------------------------------------------

    def write(
        self, spec: CaptureSpec, key: str | None, seat: str, fields: dict[str, str], entry: int | None = None
    ) -> None:
        """Keep a text of a seat: a new capture, or the next version of the one it has, or of `entry`."""
        was = cap.rewritten(self.state, seat, spec, key, entry)
        client = self.state.written_for(seat, spec.id, key)
        self.emit(
            ev.CaptureSubmitted(
                entry=self.state.entries + 1 if was is None else was.entry,
                capture=spec.id,
                phase=key,
                seat=seat,
                version=1 if was is None else was.version + 1,
                fields=fields,
                key=ev.client_key(client) if client is not None and spec.of_client and Who.CLIENT in spec.by else None,
            )
        )

    def _reveal(self, spec: CaptureSpec) -> None:
        key = None if self.state.current is None else self.state.current.key
        hidden = any(c.capture == spec.id and c.phase == key and not c.revealed for c in self.state.captures)
        late = any(
            capture == spec.id and one.phase == key and not one.shown
            for (_, capture), one in self.state.left_open.items()
        )
        if spec.reveal is not Reveal.NEVER and (hidden or late):
            self.emit(ev.CaptureRevealed(capture=spec.id))

    # -- turns -------------------------------------------------------------------------------------------------

    def start_turn(self, seat: str, kind: TurnKind, budget_ms: int) -> None:
        self.emit(ev.TurnStarted(turn=self.state.turns + 1, seat=seat, kind=kind, budget_ms=budget_ms))

    def start_speaking(self, seat: str) -> None:
        """The turn of a seat in a round or a single step, with its fair share or the rest it kept. Where the client
        answers each turn, it is a question."""
        run, step = self.state.step, self.state.current_step
        if run is None or step is None:
            return
        left = max(sch.step_left_ms(self.state, self.now_ms) or 0, 0)
        kept = run.rests.get(seat)
        here = sum(self.state.seats[other].audible for other in run.order)
        # Early speakers do not take from late ones: nobody has less than the share with which the round began.
        budget = max(sch.turn_ms(self.state, step, left, here), self._promised_ms) if kept is None else kept
        answered = step.floor is FloorMode.ROUND and step.answer_s is not None and seat != self.state.client
        self.start_turn(seat, TurnKind.ASK if answered else TurnKind.SPEAK, budget)

    @property
    def _promised_ms(self) -> int:
        """What the round promised each, where somebody leads who can let the phase run over."""
        phase, run = self.state.current_phase, self.state.step
        waits = phase is not None and phase.overtime is Overtime.SOFT and not self.state.vacant
        return run.turn_ms if run is not None and waits else 0

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

    def end_turn(self, how: ev.TurnEnd) -> None:
        """End the running turn; a question is answered."""
        turn = self.state.turn
        if turn is None:
            return
        self.emit(ev.TurnEnded(turn=turn.number, how=how))
        if turn.kind is TurnKind.ASK and how in ("done", "time"):
            self.start_answering()
        self.announce_lead()

    def announce_lead(self) -> None:
        """Say who leads, if that has not been said."""
        if not self.state.lead_announced:
            self.emit(ev.LeadAnnounced())
