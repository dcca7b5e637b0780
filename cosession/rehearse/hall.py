"""The hall in which a rehearsal takes place: one state, one counted clock, all events, and what an usher would count.

Everything that is asked goes through `decide`, everything that happens through `evolve`, as in a room; after each event
it is looked at who can be heard, and at the end all events are evolved once more from nothing. No chance lives here.
"""

from __future__ import annotations

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.course import Course
from cosession.core.decide import decide, decided
from cosession.core.evolve import evolve
from cosession.core.floor import hearable, holder
from cosession.core.refusal import Refused
from cosession.core.schedule import next_wake
from cosession.core.state import SessionState
from cosession.core.vocabulary import FloorMode, HoldCause, Status


class NotRefused(Exception):
    """Something that must be refused was accepted: a rule of `core` is missing. The text names the command."""


def conflicting(state: SessionState) -> frozenset[str]:
    """Seats that are heard though they are neither the holder, nor the lead, nor in a queue the client (decision 6), or
    though the step closes their role. The lobby, an open floor, and the pause of a group that nobody leads belong to
    everybody; a care pause to client and lead; a suspended session to nobody."""
    step = state.current_step
    if state.status is not Status.RUNNING or step is None:
        return frozenset()
    heard = hearable(state)
    if not heard:
        return heard
    if HoldCause.SUSPENDED in state.holds:
        return heard
    if HoldCause.CARE in state.holds:
        return heard - {state.client, state.lead}
    closed = frozenset(seat for who in step.closed for seat in state.seats_of(who)) - {state.lead}
    if step.floor is FloorMode.OPEN or (HoldCause.PAUSE in state.holds and state.lead is None):
        return heard & closed
    entitled = {holder(state), state.lead}
    if step.floor is FloorMode.QUEUE:
        entitled.add(state.client)
    return heard - (entitled - closed)


class Hall:
    """A session from its creation on. `now_ms` is session time and only `until` moves it."""

    def __init__(self, creation: cmd.CreateSession) -> None:
        self.now_ms = 0
        self.events: list[tuple[int, ev.Event]] = []
        self.drafts: dict[tuple[str, str], dict[str, str]] = {}
        self.asked: list[tuple[SessionState, cmd.Command, int, str | None]] = []
        """Every command with the state it met, its time and who asked: None for the room itself."""
        self.refusals = 0
        self.floor_conflicts = 0
        self._looked_ms = 0
        created, *others = decide(None, creation, 0)
        self.state = evolve(None, created, 0)
        self.events.append((0, created))
        for event in others:
            self._keep(event, evolve(self.state, event, 0))

    @property
    def wake_ms(self) -> int | None:
        """When the rules want to be asked what is due, counted, as a room does, from when they last were."""
        return next_wake(self.state, self._looked_ms)

    def until(self, at_ms: int) -> None:
        """Let time pass to `at_ms`, which is not before now, and what is due by then happen: only when the rules asked
        to be woken, so that a moment which they forget is forgotten here too."""
        while (wake := self.wake_ms) is not None and wake <= at_ms:
            self.now_ms = max(wake, self.now_ms)
            self.fact(cmd.Tick())
        self.now_ms = max(at_ms, self.now_ms)

    def fact(self, command: cmd.RoomCommand) -> None:
        """What the room itself reports. Raises `Refused` for an unknown seat."""
        self.asked.append((self.state, command, self.now_ms, None))
        self._follow(decided(self.state, command, self.now_ms, drafts=self.drafts))

    def ask(self, seat: str, command: cmd.Command) -> bool:
        """Whether the session accepts `command` of `seat`; a refusal is counted and changes nothing."""
        self.asked.append((self.state, command, self.now_ms, seat))
        try:
            course = decided(self.state, command, self.now_ms, by=seat, drafts=self.drafts)
        except Refused:
            self.refusals += 1
            return False
        self._follow(course)
        return True

    def ask_wrongly(self, seat: str, command: cmd.Command) -> None:
        """Ask what must be refused. Raises `NotRefused` if it is not."""
        if self.ask(seat, command):
            raise NotRefused(f"{command.type if hasattr(command, 'type') else command} of {seat} at {self.now_ms} ms")

    def replay_equal(self) -> bool:
        """Whether all events, evolved from nothing, give the state that stands."""
        state: SessionState | None = None
        for at_ms, event in self.events:
            state = evolve(state, event, at_ms)
        return state == self.state

    def _follow(self, course: Course) -> None:
        for event, state in zip(course.events, course.states, strict=True):
            self._keep(event, state)
        self._looked_ms = self.now_ms

    def _keep(self, event: ev.Event, state: SessionState) -> None:
        self.events.append((self.now_ms, event))
        self.state = state
        self.floor_conflicts += bool(conflicting(state))
