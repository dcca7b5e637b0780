"""Whatever anybody does, at any moment: only `Refused` escapes, replay equals live, one holder, one lead, private
stays private."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cosession.core import commands as cmd
from cosession.core.console import console
from cosession.core.floor import closed_roles, hearable, holder, may_speak
from cosession.core.refusal import Refused
from cosession.core.schedule import shares, spent_ms
from cosession.core.script import CaptureSpec
from cosession.core.view import common, own
from cosession.core.vocabulary import (
    FloorMode,
    HandKind,
    Microphone,
    PhaseStatus,
    Presence,
    Role,
    Status,
    Visibility,
)
from tests.core.table import Table

SEATS = ("f", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8")
seats = st.sampled_from(SEATS)
PHASES = (
    "check_in#1",
    "topic_choice#1",
    "questions#1",
    "contract#1",
    "advice#1",
    "learnings#1",
    "closing#1",
    "lunch#1",
)


class SessionMachine(RuleBasedStateMachine):
    """Eight managers and a facilitator with no manners."""

    @initialize(late=st.integers(0, 30 * 60))
    def gather(self, late: int) -> None:
        self.secrets: dict[str, tuple[str, CaptureSpec]] = {}
        self.table = Table().everybody()
        self.table.until(late * 1000)

    def ask(self, seat: str, command: cmd.Command) -> None:
        try:
            self.table.when(seat, command)
        except Refused:
            return

    @rule(seconds=st.integers(0, 400))
    def time_passes(self, seconds: int) -> None:
        self.table.until(self.table.now_ms + seconds * 1000)

    @rule(seat=seats, presence=st.sampled_from(list(Presence)))
    def presence(self, seat: str, presence: Presence) -> None:
        before = self.table.state.seats[seat]
        hands = {hand.seat for hand in self.table.state.hands}
        self.table.fact(cmd.ReportPresence(seat=seat, presence=presence))
        after = self.table.state.seats[seat]
        assert (after.role, after.jobs) == (before.role, before.jobs)
        if presence is not Presence.HERE:  # a drop loses nobody's hand
            assert hands <= {hand.seat for hand in self.table.state.hands} | {holder(self.table.state)}

    @rule(seat=seats)
    def new_page(self, seat: str) -> None:
        self.table.fact(cmd.ReturnSeat(seat=seat))

    @precondition(lambda self: self.table.state.status is Status.LOBBY)
    @rule()
    def start(self) -> None:
        self.ask("f", cmd.StartSession())

    @precondition(lambda self: self.table.state.current is not None)
    @rule()
    def next_phase(self) -> None:
        current, lead = self.table.state.current, self.table.state.lead
        assert current is not None
        assert lead is not None
        self.ask(lead, cmd.NextPhase(phase=current.key))

    @rule(
        seat=seats,
        phase=st.sampled_from(PHASES),
        step=st.integers(0, 3),
        gesture=st.integers(0, 13),
        by=st.integers(1, 9),
    )
    def conduct(self, seat: str, phase: str, step: int, gesture: int, by: int) -> None:
        state = self.table.state
        key = state.current.key if state.current is not None and by > 2 else phase
        turn = state.turn.number if state.turn is not None and by > 2 else by
        at = state.step.index if state.step is not None and by > 2 else step
        commands: tuple[cmd.Command, ...] = (
            cmd.NextStep(phase=key, step=at),
            cmd.SkipPhase(phase=phase),
            cmd.ExtendPhase(phase=key, by_s=60),
            cmd.ExtendTurn(turn=turn),
            cmd.Pause(),
            cmd.Resume(),
            cmd.GrantFloor(seat=f"p{by}"),
            cmd.TakeBackFloor(turn=turn),
            cmd.HandOverLead(),
            cmd.TakeLead(),
            cmd.MoveEnd(),
            cmd.EndTurn(turn=turn),
            cmd.PassTurn(phase=key, step=at),
            cmd.MarkDone(phase=key, step=at),
        )
        self.ask(seat if by % 2 else state.lead or seat, commands[gesture])

    @rule(seat=seats, kind=st.sampled_from(list(HandKind)), up=st.booleans())
    def hand(self, seat: str, kind: HandKind, up: bool) -> None:
        self.ask(seat, cmd.RaiseHand(kind=kind) if up else cmd.LowerHand())

    @rule(seat=seats, microphone=st.sampled_from(list(Microphone)))
    def microphone(self, seat: str, microphone: Microphone) -> None:
        self.ask(seat, cmd.SetMicrophone(microphone=microphone))

    @rule(seat=seats, draft=st.booleans(), data=st.data())
    def write(self, seat: str, draft: bool, data: st.DataObject) -> None:
        writable = own(self.table.state, seat, self.table.now_ms, {}).writable
        if not writable:
            return
        chosen = data.draw(st.sampled_from(writable))
        secret = f"secret {len(self.secrets)} {seat}"
        fields: dict[str, str] = {}
        for field in chosen.spec.fields:
            if field.kind == "choice":
                fields[field.id] = field.options[0]
            elif field.kind == "date":
                fields[field.id] = "2026-12-01"
            else:
                fields[field.id] = secret
        self.secrets[secret] = (seat, chosen.spec)
        if draft:
            self.table.drafts[(seat, chosen.spec.id)] = fields
        else:
            command = cmd.SubmitCapture(capture=chosen.spec.id, fields=fields, version=chosen.version)
            self.table.when(seat, command)  # what is offered is accepted

    @invariant()
    def replay_equals_live(self) -> None:
        if hasattr(self, "table"):
            assert self.table.replayed() == self.table.state

    @invariant()
    def the_floor_is_the_scripts(self) -> None:
        if not hasattr(self, "table"):
            return
        state = self.table.state
        heard, allowed = hearable(state), may_speak(state)
        assert heard <= allowed
        assert all(state.seats[seat].role is not Role.OBSERVER for seat in allowed)
        assert not heard & closed_roles(state)
        assert state.lead in state.seats
        step = state.current_step
        if step is not None and step.floor is not FloorMode.OPEN:
            speakers = allowed - {state.lead}
            if step.floor is FloorMode.QUEUE:
                speakers -= {state.client}
            assert len(speakers) <= 1
        open_microphones = {s.id for s in state.seats.values() if s.microphone is Microphone.OPEN}
        assert open_microphones <= allowed

    @invariant()
    def the_schedule_holds(self) -> None:
        if not hasattr(self, "table") or self.table.state.status is not Status.RUNNING:
            return
        state, now = self.table.state, self.table.now_ms
        share = shares(state, now)
        left = 0
        for phase in state.phases:
            if phase.status in (PhaseStatus.NOW, PhaseStatus.COMING):
                spent = spent_ms(state, phase, now)
                assert spent >= 0
                assert share.allotted_ms[phase.key] >= min(phase.minimum_ms, phase.wanted_ms)
                assert share.allotted_ms[phase.key] <= phase.wanted_ms
                left += max(share.allotted_ms[phase.key] - spent, 0)
        # To the millisecond: what is left either fits before the locked end, or is late by exactly what was said.
        assert now + left - share.late_ms <= state.ends_at_ms or share.late_ms == 0
        if share.late_ms:
            assert now + left - share.late_ms == state.ends_at_ms

    @invariant()
    def views_hold_nobody_elses_secrets(self) -> None:
        if not hasattr(self, "table"):
            return
        state, now = self.table.state, self.table.now_ms
        shared = common(state, "s", now).model_dump_json() + console(state, now).model_dump_json()
        public = {text for c in state.captures if self._public(c) for text in c.fields.values()}
        for secret, (owner, spec) in self.secrets.items():
            if secret in public:
                continue
            assert secret not in shared
            for seat in SEATS[:4]:
                sees = secret in own(state, seat, now, {}).model_dump_json()
                shared_by_consultants = spec.visible is Visibility.NOT_CLIENT and seat != state.client
                assert not sees or seat == owner or shared_by_consultants

    def _public(self, capture: Any) -> bool:
        spec = self.table.state.spec(capture.capture)
        return capture.revealed or (spec is not None and spec.visible == "everyone")


TestSession = SessionMachine.TestCase
TestSession.settings = settings(max_examples=40, stateful_step_count=50, deadline=None)
