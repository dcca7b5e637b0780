"""A whole session, played: who comes late, drops, speaks, writes and conducts, and when.

`play` counts time from one moment at which something may happen to the next: what people planned (`_Agenda`), what the
engine waits for (`next_wake`), the end of the running phase's time, at which the lead presses next.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from cosession.core import commands as cmd
from cosession.core import schedule as sch
from cosession.core.floor import holder, may_speak
from cosession.core.script import Script
from cosession.core.state import SessionState
from cosession.core.subject import holds_keys
from cosession.core.vocabulary import (
    ABSENT_AFTER_MS,
    WEAK_AFTER_MS,
    HoldCause,
    Job,
    Loss,
    Microphone,
    PhaseStatus,
    Presence,
    Role,
    Status,
)
from cosession.rehearse import people
from cosession.rehearse.hall import Hall
from cosession.rehearse.outcome import Outcome, outcome

#: The session is made, and people arrive, this long before its scheduled start.
AHEAD_MS = 300_000
#: Signs of life: weak after 3 s without one, absent after 6 s (method.md, "When somebody drops").
#: Who has no sound for longer than this takes the telephone at once: they have seen it coming.
CALLS_MS = 116_000
#: Somebody does something about this often.
BEAT_MS = (1_000, 9_000)
#: No session has so many moments; more mean that the engine runs in a circle.
MOMENTS = 200_000


@dataclass(frozen=True, slots=True)
class Chances:
    """`late_s`: seconds between the scheduled start and the real one. `drops`: the chance per seat and phase of one
    absence of 5 to 120 s."""

    seed: int = 1
    late_s: int = 0
    drops: float = 0.0


def play(script: Script, members: int, chances: Chances) -> Outcome:
    """Play `script` to its end with `members` people and a facilitator; the same chances give the same outcome. Raises
    `Refused` if so many people do not fit the script, `NotRefused` if the rules let something wrong pass."""
    return outcome(played(script, members, chances))


def played(script: Script, members: int, chances: Chances) -> Hall:
    """The hall as it is after such a play. Raises as `play` does."""
    return _Performance(script, members, chances).played()


class _Performance:
    def __init__(self, script: Script, members: int, chances: Chances) -> None:
        self._rng = Random(chances.seed)
        self._chances = chances
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []
        self._planned = 0
        self._gone: set[str] = set()
        self._left: set[str] = set()
        self._turn = 0
        self._phase: str | None = None
        self._seen: dict[HoldCause, int] = {}
        self._over: tuple[SessionState | None, int] = (None, 0)
        self._hall = Hall(
            cmd.CreateSession(
                title="Rehearsal",
                language="en",
                script=script.model_dump(mode="json"),
                seats=people.seats(members, script.facilitator),
                starts_at_ms=AHEAD_MS,
                number=2,
                previous_client=self._rng.randint(1, members) - (0 if script.facilitator else 1),
            )
        )

    def played(self) -> Hall:
        """Play to the end, and the hall as it is then."""
        hall = self._hall
        for seat in hall.state.seats:
            self._plan(self._rng.randint(0, AHEAD_MS), lambda seat=seat: self._arrive(seat))  # type: ignore[misc]
        self._plan(AHEAD_MS + self._chances.late_s * 1000, self._start)
        self._plan(self._rng.randint(*BEAT_MS), self._beat)
        for _ in range(MOMENTS):
            if hall.state.status is Status.CLOSED:
                return hall
            over_ms = self._phase_over_ms()
            hall.until(min([self._agenda[0][0], *(at_ms for at_ms in (hall.wake_ms, over_ms) if at_ms is not None)]))
            while self._agenda and self._agenda[0][0] <= hall.now_ms:
                heapq.heappop(self._agenda)[2]()
            if over_ms is not None and over_ms <= hall.now_ms == self._phase_over_ms():
                self._press_next()
            self._look()
        raise RuntimeError(f"the session does not end: {hall.now_ms} ms, {hall.state.current}")

    def _plan(self, at_ms: int, act: Callable[[], None]) -> None:
        self._planned += 1
        heapq.heappush(self._agenda, (at_ms, self._planned, act))

    def _after(self, wait_ms: float, act: Callable[[], None]) -> None:
        self._plan(self._hall.now_ms + round(wait_ms), act)

    # -- who conducts ------------------------------------------------------------------------------------------

    def _start(self) -> None:
        """Whoever may begin does, as soon as enough are there."""
        if not any(self._hall.ask(seat, cmd.StartSession()) for seat in self._keepers()):
            self._after(1_000, self._start)

    def _lead(self) -> str | None:
        """Who conducts, if that person is there."""
        lead = self._hall.state.lead
        return None if lead is None or lead in self._gone else lead

    def _keepers(self) -> list[str]:
        """Who is there and holds the keys: the lead, or where nobody conducts every member."""
        state = self._hall.state
        return [seat.id for seat in state.seats.values() if seat.id not in self._gone and holds_keys(state, seat)]

    def _phase_over_ms(self) -> int | None:
        """When the running phase's time is over, or now if it was; None while the clock stands or nobody leads."""
        state, now_ms = self._hall.state, self._hall.now_ms
        if state.current is None or state.clock_from_ms is None or self._lead() is None:
            return None
        known, over_ms = self._over
        if known is not state or over_ms <= now_ms:
            over_ms = now_ms + max(sch.phase_left_ms(state, now_ms), 0)
            self._over = (state, over_ms)
        return over_ms

    def _press_next(self) -> None:
        lead, current = self._lead(), self._hall.state.current
        if lead is None or current is None:
            return
        last = not any(phase.status is PhaseStatus.COMING for phase in self._hall.state.phases)
        if last and self._rng.random() < 0.3:
            self._hall.ask(lead, cmd.CloseSession(losing=tuple(Loss)))
        elif self._hall.ask(lead, cmd.NextPhase(phase=current.key, losing=tuple(Loss))) and self._rng.random() < 0.03:
            self._after(self._rng.uniform(1_000, 4_000), self._undo)

    def _undo(self) -> None:
        lead, current = self._lead(), self._hall.state.current
        if lead is not None and current is not None:
            self._hall.ask(lead, cmd.Undo(phase=current.key))

    def _conduct(self, lead: str) -> None:
        state, now_ms, rng = self._hall.state, self._hall.now_ms, self._rng
        command = people.duty(state, now_ms, rng) or people.care(state, now_ms, rng)
        if command is None and state.pause_wanted and HoldCause.CARE not in state.holds and rng.random() < 0.5:
            command = cmd.CarePause()
        if command is None and rng.random() < 0.08:
            command = people.whim(state, now_ms, rng)
        if command is None or not self._hall.ask(lead, command):
            return
        if isinstance(command, cmd.Pause):
            self._after(rng.uniform(5_000, 60_000), self._resume)

    def _alone(self) -> None:
        """Where nobody conducts, a member pauses now and then, or goes on to the next step."""
        state, rng = self._hall.state, self._rng
        if state.script.facilitator or state.current is None or state.step is None or rng.random() > 0.01:
            return
        commands: list[cmd.SeatCommand] = [cmd.Pause(), cmd.CarePause()]
        commands += [cmd.NextStep(phase=state.current.key, step=state.step.index)]
        command = rng.choice(commands)
        if self._hall.ask(rng.choice(self._keepers() or ["p1"]), command) and isinstance(command, cmd.Pause):
            self._after(rng.uniform(5_000, 60_000), self._resume)

    def _resume(self) -> None:
        """Out of a pause, after the care pause if there is one: `Resume` ends that first."""
        if HoldCause.CARE not in self._hall.state.holds and HoldCause.PAUSE in self._hall.state.holds:
            self._any(cmd.Resume())
        if HoldCause.PAUSE in self._hall.state.holds:
            self._after(5_000, self._resume)

    def _leave_care(self) -> None:
        """Out of a care pause by one of its exits; as long as nobody is there who may, later."""
        if HoldCause.CARE in self._hall.state.holds and not self._any(people.way_out(self._rng)):
            self._after(5_000, self._leave_care)

    def _wake_up(self) -> None:
        """A suspended session goes on."""
        if HoldCause.SUSPENDED in self._hall.state.holds and not self._any(cmd.ResumeSession()):
            self._after(5_000, self._wake_up)

    def _any(self, command: cmd.SeatCommand) -> bool:
        """Whether somebody with the keys could do it, or, where nobody leads, a member."""
        vacant = [seat for seat in self._hall.state.seats if seat not in self._gone] if self._hall.state.vacant else []
        return any(self._hall.ask(seat, command) for seat in (*self._keepers(), *vacant))

    # -- everybody ---------------------------------------------------------------------------------------------

    def _arrive(self, seat: str) -> None:
        self._hall.fact(cmd.ReportPresence(seat=seat, presence=Presence.HERE))
        self._hall.ask(seat, cmd.SetMicrophone(microphone=Microphone.OPEN))
        if self._rng.random() < 0.5:
            self._hall.ask(seat, cmd.AgreeGoingOn(agreed=True))
        if seat == self._hall.state.lead and self._rng.random() < 0.3:
            self._hall.ask(seat, cmd.ProposeCharter(lines=("Be on time.", "What is said here stays here.")))

    def _beat(self) -> None:
        """Somebody who is there does something."""
        hall, rng = self._hall, self._rng
        self._after(rng.uniform(*BEAT_MS), self._beat)
        there = [seat for seat, its in hall.state.seats.items() if its.joined and seat not in self._gone]
        if not there:
            return
        seat = rng.choice(there)
        if rng.random() < 0.1:
            hall.ask_wrongly(*people.mistake(hall.state, seat, hall.now_ms, rng))
        elif seat != hall.state.lead:
            self._take_part(seat)
        lead = self._lead()
        if lead is not None:
            self._conduct(lead)
        self._alone()
        self._voices()
        if hall.state.lead not in ("f", None) and "f" in there and rng.random() < 0.1:
            hall.ask("f", cmd.TakeLead())

    def _take_part(self, seat: str) -> None:
        command = people.gesture(self._hall.state, seat, self._hall.now_ms, self._rng)
        if isinstance(command, cmd.SubmitCapture) and self._rng.random() < 0.3:
            self._hall.drafts[(seat, command.capture)] = command.fields
            return
        accepted = command is not None and self._hall.ask(seat, command)
        if accepted and isinstance(command, cmd.LeaveAt) and command.at_ms is not None:
            self._plan(command.at_ms, lambda: self._leave(seat))

    def _voices(self) -> None:
        """The media's facts: who has spoken, and the lead's words inside a turn."""
        hall, rng, holding = self._hall, self._rng, holder(self._hall.state)
        if holding is not None and rng.random() < 0.1:
            hall.fact(cmd.ReportVoices(spoke_ms={holding: rng.randint(500, 9_000)}))
        if rng.random() < 0.02:
            hall.fact(cmd.ReportLeadVoice(speaking=True))
            self._after(rng.uniform(1_000, 15_000), lambda: hall.fact(cmd.ReportLeadVoice(speaking=False)))

    def _look(self) -> None:
        """What has begun since the last moment sets people going: a turn its speaker, a phase those who will drop."""
        state, rng = self._hall.state, self._rng
        if state.turn is not None and state.turn.number != self._turn:
            self._turn = number = state.turn.number
            seat = state.turn.seat
            self._after(rng.uniform(200, 2_000), lambda: self._speak(seat))
            self._after(state.turn.budget_ms * rng.uniform(0.4, 1.25), lambda: self._finish(seat, number))
        for cause, least, leaves in ((HoldCause.CARE, 15, self._leave_care), (HoldCause.SUSPENDED, 60, self._wake_up)):
            if cause in state.holds and state.holds[cause] != self._seen.get(cause):
                self._seen[cause] = state.holds[cause]
                self._after(rng.uniform(least, 10 * least) * 1000, leaves)
        if state.current is not None and state.current.key != self._phase:
            self._phase = state.current.key
            lasts = sch.shares(state, self._hall.now_ms).allotted_ms[state.current.key]
            for name in state.seats:
                if rng.random() < self._chances.drops:
                    self._after(rng.uniform(0, lasts), lambda name=name: self._drop(name))  # type: ignore[misc]

    def _speak(self, seat: str) -> None:
        its = self._hall.state.seats[seat]
        if seat not in self._gone and its.microphone is not Microphone.OPEN and seat in may_speak(self._hall.state):
            self._hall.ask(seat, cmd.SetMicrophone(microphone=Microphone.OPEN))

    def _finish(self, seat: str, number: int) -> None:
        turn = self._hall.state.turn
        if seat not in self._gone and turn is not None and turn.number == number:
            self._hall.ask(seat, cmd.EndTurn(turn=number))

    # -- absence -----------------------------------------------------------------------------------------------

    def _drop(self, seat: str) -> None:
        """Signs of life stop for 5 to 120 s; who is away already is not away twice."""
        if seat in self._gone:
            return
        away_ms = self._rng.uniform(5_000, 120_000)
        if self._rng.random() < 0.25:
            self._hall.fact(cmd.ReportPath(seat=seat, lost=True))
            if away_ms > CALLS_MS:
                self._hall.ask(seat, cmd.SetPhone(seat=seat, phone=True))
            self._after(away_ms, lambda: self._heard_again(seat))
            return
        self._gone.add(seat)
        for after_ms, presence in ((WEAK_AFTER_MS, Presence.WEAK), (ABSENT_AFTER_MS, Presence.ABSENT)):
            if away_ms > after_ms:
                self._after(after_ms, lambda p=presence: self._fade(seat, p))  # type: ignore[misc]
        self._after(away_ms, lambda: self._return(seat))

    def _heard_again(self, seat: str) -> None:
        self._hall.fact(cmd.ReportPath(seat=seat, lost=False))
        self._hall.fact(cmd.ReportSound(seat=seat))

    def _fade(self, seat: str, presence: Presence) -> None:
        self._hall.fact(cmd.ReportPresence(seat=seat, presence=presence))

    def _leave(self, seat: str) -> None:
        """Who said so leaves for good, unless the session cannot do without them or they took it back."""
        its, state = self._hall.state.seats[seat], self._hall.state
        needed = state.script.repeat is not None or state.status is not Status.RUNNING or Job.DEPUTY in its.jobs
        if its.leaves_at_ms is not None and its.role is Role.CONSULTANT and not needed:
            self._gone.add(seat)
            self._left.add(seat)
            self._fade(seat, Presence.ABSENT)

    def _return(self, seat: str) -> None:
        if seat in self._left:
            return
        self._gone.discard(seat)
        if self._rng.random() < 0.5:
            self._hall.fact(cmd.ReturnSeat(seat=seat))
        self._hall.fact(cmd.ReportPresence(seat=seat, presence=Presence.HERE))
