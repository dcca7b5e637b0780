"""Whatever anybody does, at any moment, in any script: the laws of `laws` hold, and only `Refused` escapes.

A machine for each script throws commands of every kind at a session, from every seat, with right and wrong subjects,
lets people drop, return and lose their media, lets time pass and the server be away. `make test` takes about 20,000
steps, `make soak` a million (COSESSION_STEPS).
"""

from __future__ import annotations

import os
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from cosession import assets
from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.captures import writable
from cosession.core.decide import accepted, decide
from cosession.core.refusal import Refused
from cosession.core.schedule import next_wake
from cosession.core.view import own
from cosession.core.vocabulary import Formality, Guidance, Job, Microphone, Presence, TurnOrder
from tests.core import laws
from tests.core.gestures import GESTURES, REPEATABLE, fields
from tests.core.laws import Secret, Twin
from tests.core.table import Table, script

SCRIPTS = sorted(path.stem for path in assets.protocols().glob("*.yaml"))
STEPS = int(os.environ.get("COSESSION_STEPS", "20000"))
STEPS_EACH = 60
#: Views are dear, so they are looked at every so many steps.
LOOK_EVERY = 6

#: Whose gesture it is, so that most of what is asked has a chance; and those that end or suspend things, drawn less
#: often, so that sessions get somewhere.
OF_THE_TURN = (cmd.EndTurn, cmd.PassTurn, cmd.TypeTurn)
OF_THE_CLIENT = (cmd.Thank, cmd.RecallRequest)
OF_A_MEMBER = (
    cmd.AskPause,
    cmd.LeaveAt,
    cmd.ChooseTyping,
    cmd.AgreeGoingOn,
    cmd.RefuseEnd,
    cmd.AnswerJob,
    cmd.AnswerCharter,
    cmd.RaiseHand,
    cmd.LowerHand,
    cmd.SetMicrophone,
    cmd.SubmitCapture,
    cmd.MarkDone,
)
OF_THE_FACILITATOR = (cmd.TakeLead,)
SELDOM = (cmd.CloseSession, cmd.StopSession, cmd.SuspendSession, cmd.SkipPhase, cmd.ChangeClient)
USUAL = [kind for kind in GESTURES if kind not in SELDOM]
OFTEN = [*OF_THE_TURN, *OF_A_MEMBER, cmd.EndTurn, cmd.SetMicrophone, cmd.RaiseHand, cmd.NextStep, cmd.GrantFloor]
EXITS = [cmd.Resume, cmd.ResumeSession]
kinds = st.sampled_from([*GESTURES, *USUAL, *USUAL, *OFTEN, *OFTEN, *OFTEN, *EXITS])
places = st.integers(0, 12)
gestures = st.tuples(kinds, places, st.integers(0, 7), st.integers(0, 40))


class SessionMachine(RuleBasedStateMachine):
    """People with no manners around one script."""

    name = "codev-75"
    taken = 0

    @initialize(
        late=st.integers(-300, 30 * 60),
        people=st.integers(0, 12),
        guidance=st.sampled_from(list(Guidance)),
        formality=st.sampled_from(list(Formality)),
        order=st.sampled_from(list(TurnOrder)),
        number=st.integers(1, 3),
        ahead=st.integers(-1, 40),
        steps=st.integers(0, 2),
        armed=st.integers(0, 2**12),
    )
    def gather(
        self,
        late: int,
        people: int,
        guidance: Guidance,
        formality: Formality,
        order: TurnOrder,
        number: int,
        ahead: int,
        steps: int,
        armed: int,
    ) -> None:
        """Everybody is there, and the session stands somewhere: in the lobby, or in a step of a phase."""
        chosen = script(self.name)
        least, planned = chosen["people"]["minimum"], chosen["people"]["planned"]
        self.steps = 0
        self.secrets: dict[str, Secret] = {}
        self.twin = Twin()
        self.table = Table(
            least + people % (planned - least + 1),
            script=chosen,
            starts_at_ms=300_000,
            guidance=guidance,
            formality=formality,
            turn_order=order,
            number=number,
        ).everybody()
        self.table.until(300_000 + late * 1000)
        for place, seat in enumerate(self.table.state.seats):
            if armed >> place & 1:
                self.ask(seat, cmd.SetMicrophone(microphone=Microphone.OPEN))
        if ahead >= 0:
            self.conduct(cmd.StartSession())
        for _ in range(ahead % len(self.table.state.phases)):
            self.conduct(GESTURES[cmd.NextPhase](self.table.state, 0, True))
        for _ in range(steps):
            self.conduct(GESTURES[cmd.NextStep](self.table.state, 0, True))
        for place, seat in enumerate(self.table.state.seats):
            if armed >> place & 1:
                self.ask(seat, cmd.SetMicrophone(microphone=Microphone.ARMED))

    def conduct(self, command: cmd.Command) -> None:
        self.ask(self.table.state.lead or "p1", command)

    def seat(self, place: int, wanted: int = 0) -> str:
        """A seat: any, or the one that has the floor, leads or is client."""
        state = self.table.state
        turn = None if state.turn is None else state.turn.seat
        chosen = (None, None, state.lead, turn, state.client)[wanted % 5]
        seats = list(state.seats)
        return seats[place % len(seats)] if chosen is None else chosen

    def ask(self, seat: str, command: cmd.Command) -> list[ev.Event] | None:
        """What happens; None if it is refused, which leaves everything as it was."""
        before, at = self.table.state, len(self.table.events)
        offered = accepted(before, [command], self.table.now_ms, by=seat) == [command]
        try:
            events = self.table.when(seat, command)
            assert offered, "a button that works is offered"
        except Refused:
            assert not offered, "a gesture refuses before its first event"
            assert self.table.state is before
            assert len(self.table.events) == at
            return None
        for event in events:
            if isinstance(event, ev.LeadChanged):
                assert event.seat in (before.facilitator, before.holder_of(Job.DEPUTY)), "only to the deputy, and back"
        return events

    def asker(self, kind: type[cmd.Command], place: int, oddly: bool) -> str:
        """A seat: the one whose gesture it is, or any."""
        state = self.table.state
        turn = None if state.turn is None else state.turn.seat
        owners = {OF_THE_TURN: turn, OF_THE_CLIENT: state.client, OF_THE_FACILITATOR: state.facilitator}
        owner = next((seat for group, seat in owners.items() if kind in group), state.lead)
        return self.seat(place) if oddly or owner is None or kind in OF_A_MEMBER else owner

    @rule(crowd=st.lists(gestures, min_size=1, max_size=6))
    def commands(self, crowd: list[tuple[type[cmd.Command], int, int, int]]) -> None:
        """Several at once; one in eight of an odd seat or with a wrong subject."""
        for kind, place, odd, number in crowd:
            command = GESTURES[kind](self.table.state, number, odd != 1)
            self.twice(self.asker(kind, place, odd == 0), command)

    def twice(self, seat: str, command: cmd.Command) -> None:
        """The same again has no second effect."""
        again = not isinstance(command, REPEATABLE)
        if self.ask(seat, command) is not None and again:
            after = self.table.state
            second = self.ask(seat, command)
            assert second is None or self._another_round(command), f"{command} twice has two effects: {second}"
            assert second is not None or self.table.state == after

    @rule(times=st.integers(1, 4), how=st.sampled_from(("end", "wake")))
    def it_goes_on(self, times: int, how: str) -> None:
        """Turns end, or what time brings comes."""
        for _ in range(times):
            turn, wake_ms = self.table.state.turn, next_wake(self.table.state, self.table.now_ms)
            if how == "end" and turn is not None:
                self.ask(turn.seat, cmd.EndTurn(turn=turn.number))
            elif wake_ms is not None and wake_ms < self.table.now_ms + 3_600_000:
                self.table.until(wake_ms)
            laws.one_holder(self.table.state)

    def _another_round(self, command: cmd.Command) -> bool:
        """A round that begins anew under the same step gives the same people another turn to pass."""
        step = self.table.state.current_step
        return isinstance(command, cmd.PassTurn) and step is not None and step.again

    @rule(seat=places, draft=st.booleans(), choice=st.integers(0, 30))
    def write(self, seat: int, draft: bool, choice: int) -> None:
        """What is offered to be written is accepted."""
        writer, table = self.seat(seat), self.table
        writable = own(table.state, writer, table.now_ms, {}).writable
        if not writable:
            return
        chosen = writable[choice % len(writable)]
        secret = f"secret {len(self.secrets)}"
        self.secrets[secret] = Secret(secret, writer, chosen.spec, draft)
        if draft:
            table.drafts[(writer, chosen.spec.id)] = fields(chosen.spec, secret)
            (table.typing.discard if choice % 3 else table.typing.add)((writer, chosen.spec.id))
        else:
            command = cmd.SubmitCapture(
                capture=chosen.spec.id, fields=fields(chosen.spec, secret), version=chosen.version
            )
            table.when(writer, command)

    @rule(seat=places, choice=st.integers(0, 30))
    def write_late(self, seat: int, choice: int) -> None:
        """A text that comes when its time is over is left open or stays a draft: nobody reads it for that."""
        writer, table = self.seat(seat), self.table
        specs = [*table.state.script.lobby, *(s for phase in table.state.script.phases for s in phase.captures)]
        if not specs or any(
            s.id == specs[choice % len(specs)].id for _, s in writable(table.state, writer, table.now_ms)
        ):
            return
        spec, secret = specs[choice % len(specs)], f"secret {len(self.secrets)}"
        self.secrets[secret] = Secret(secret, writer, spec, draft=True)
        table.drafts[(writer, spec.id)] = fields(spec, secret)
        table.fact(cmd.ReportLateText(seat=writer, capture=spec.id))
        assert not any(secret in capture.fields.values() for capture in table.state.captures)

    @rule(seat=places, number=st.integers(0, 40))
    def type_a_turn(self, seat: int, number: int) -> None:
        turn = self.table.state.turn
        if turn is None:
            return
        text = f"typed {len(self.secrets)}"
        if self.ask(turn.seat, cmd.TypeTurn(turn=turn.number, text=text)) is not None:
            self.secrets[text] = Secret(text, turn.seat, None, draft=False)

    @rule(seconds=st.one_of(st.integers(0, 60), st.integers(0, 900)))
    def time_passes(self, seconds: int) -> None:
        """Between the moments at which the rules want to be woken nothing is due."""
        table, at_ms = self.table, self.table.now_ms + seconds * 1000
        wake_ms = next_wake(table.state, table.now_ms)
        between = at_ms if wake_ms is None else min(at_ms, wake_ms - 1)
        if between > table.now_ms:
            assert decide(table.state, cmd.Tick(), between, drafts=table.drafts) == [], "a moment is forgotten"
        table.until(at_ms)

    @rule(seconds=st.integers(1, 600))
    def the_server_is_away(self, seconds: int) -> None:
        """An outage costs nobody time: the same phase, the same time left."""
        table = self.table
        before = table.state
        clock_ms = before.clock(table.now_ms)
        table.now_ms += seconds * 1000
        table.fact(cmd.CreditOutage(outage_ms=seconds * 1000))
        if before.current is not None and before.current == table.state.current:
            assert table.state.clock(table.now_ms) == clock_ms

    @rule(seat=places, presence=st.sampled_from(list(Presence)), wanted=st.integers(0, 4))
    def presence(self, seat: int, presence: Presence, wanted: int) -> None:
        chosen, before = self.seat(seat, wanted), self.table.state
        self.table.fact(cmd.ReportPresence(seat=chosen, presence=presence))
        laws.nothing_lost(before, self.table.state, chosen)
        if presence is not Presence.ABSENT and before.seats[chosen].microphone is Microphone.CLOSED:
            assert self.table.state.seats[chosen].microphone is Microphone.CLOSED
        assert self.table.fact(cmd.ReportPresence(seat=chosen, presence=presence)) == []

    @rule(seat=places, wanted=st.integers(0, 4))
    def new_page(self, seat: int, wanted: int) -> None:
        chosen, before = self.seat(seat, wanted), self.table.state
        self.table.fact(cmd.ReturnSeat(seat=chosen))
        laws.nothing_lost(before, self.table.state, chosen)
        assert self.table.state.seats[chosen].microphone is Microphone.CLOSED
        assert self.table.fact(cmd.ReturnSeat(seat=chosen)) == []

    @rule(seat=places, lost=st.booleans(), wanted=st.integers(0, 4), everybody=st.integers(0, 5))
    def media(self, seat: int, lost: bool, wanted: int, everybody: int) -> None:
        chosen = list(self.table.state.seats) if everybody == 0 else [self.seat(seat, wanted)]
        for one in chosen:
            before = self.table.state
            self.table.fact(cmd.ReportPath(seat=one, lost=lost))
            laws.nothing_lost(before, self.table.state, one)
            assert self.table.fact(cmd.ReportPath(seat=one, lost=lost)) == []

    @rule(speaking=st.booleans(), seat=places, spoke_s=st.integers(0, 60))
    def voices(self, speaking: bool, seat: int, spoke_s: int) -> None:
        self.table.fact(cmd.ReportLeadVoice(speaking=speaking))
        assert self.table.fact(cmd.ReportLeadVoice(speaking=speaking)) == []
        self.table.fact(cmd.ReportVoices(spoke_ms={self.seat(seat): spoke_s * 1000, "z9": 5}))

    # -- the laws ----------------------------------------------------------------------------------------------

    @invariant()
    def the_laws_hold(self) -> None:
        if not hasattr(self, "table"):
            return
        SessionMachine.taken += 1
        self.steps += 1
        state, now_ms = self.table.state, self.table.now_ms
        self.twin.follows(self.table)
        laws.keeps_what_is_so(state)
        laws.one_lead(state)
        laws.one_client(state)
        laws.one_holder(state)
        laws.cameras_obey(state)
        laws.time_adds_up(state, now_ms)
        laws.a_late_end_is_said(self.table)
        laws.protected_means_protected(self.table)
        laws.at_rest(self.table)
        laws.wakes_in_time(self.table)
        if self.steps % LOOK_EVERY == 0:
            seats = list(state.seats)
            readers = tuple(dict.fromkeys((*seats[:: 1 + self.steps % 3], state.client or seats[0])))
            laws.texts_stay_private(self.table, self.secrets, readers)
            laws.who_asked_is_sealed(state, now_ms, readers[:3])
            laws.buttons_work(self.table, seats[self.steps // LOOK_EVERY % len(seats)])
            laws.previews_come_true(self.table)
        elif state.pause_wanted:
            laws.who_asked_is_sealed(state, now_ms, tuple(state.seats)[:2])

    def teardown(self) -> None:
        if hasattr(self, "table"):
            assert self.table.replayed() == self.table.state


@pytest.mark.timeout(900)  # a broken law is made small for up to 5 minutes before it is shown
@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_holds(name: str) -> None:
    machine: Any = type(f"Machine_{name}", (SessionMachine,), {"name": name})
    examples = -(-STEPS // (len(SCRIPTS) * STEPS_EACH))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS_EACH,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_command_is_thrown_at_it() -> None:
    assert set(GESTURES) == set(get_args(get_args(cmd.SeatCommand)[0]))
