"""A table around which a session is played without network: a clock, a state, and the words to move both.

`given(...)` makes a session; `when(seat, command, at="12:30")` asks; events are kept, and replaying them must give
the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Any

from cosession import assets
from cosession.authoring.scripts import read
from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.decide import decide
from cosession.core.evolve import evolve
from cosession.core.schedule import next_wake
from cosession.core.state import SessionState
from cosession.core.vocabulary import Job, Loss, Presence, Role

NAMES = ("Nadia", "Laura", "Joe", "Inès", "Karim", "Sophie", "Thomas", "Mehdi", "Léa", "Paul", "Anne", "Hugo")


@cache
def script(name: str = "codev-75") -> dict[str, Any]:
    """The whole script as plain data, what it inherits included."""
    return read(assets.protocols() / f"{name}.yaml").model_dump(mode="json", exclude_defaults=True)


def ms(at: str) -> int:
    """`"12:30"` as milliseconds; minutes may pass 60."""
    minutes, seconds = at.split(":")
    return (int(minutes) * 60 + int(seconds)) * 1000


def creation(people: int = 8, **changes: Any) -> cmd.CreateSession:
    """Nadia (p1) is client, Sophie deputy, Thomas scribe where there are so many; Claire (f) facilitates, if the script
    has somebody do that."""
    played = changes.get("script", script())
    jobs: dict[str, frozenset[Job]] = {"Sophie": frozenset({Job.DEPUTY}), "Thomas": frozenset({Job.SCRIBE})}
    seats = [cmd.NewSeat(name="Claire", role=Role.FACILITATOR)] if played.get("facilitator", True) else []
    for index, name in enumerate(NAMES[:people]):
        role = Role.CLIENT if index == 0 else Role.CONSULTANT
        seats.append(cmd.NewSeat(name=name, role=role, jobs=jobs.get(name, frozenset())))
    fields: dict[str, Any] = {
        "title": "Groupe Estuaire",
        "language": "fr",
        "script": played,
        "seats": tuple(seats),
        "number": 3,
        "previous_client": 2,
    }
    return cmd.CreateSession(**{**fields, **changes})


class Table:
    def __init__(self, people: int = 8, **changes: Any) -> None:
        self.now_ms = 0
        self.events: list[tuple[int, ev.Event]] = []
        self._state: SessionState | None = None
        self.drafts: dict[tuple[str, str], Mapping[str, str]] = {}
        self.typing: set[tuple[str, str]] = set()
        self._take(decide(None, creation(people, **changes), 0))

    @property
    def state(self) -> SessionState:
        assert self._state is not None
        return self._state

    def _take(self, events: list[ev.Event]) -> list[ev.Event]:
        for event in events:
            self.events.append((self.now_ms, event))
            self._state = evolve(self._state, event, self.now_ms)
            if isinstance(event, ev.CaptureSubmitted):
                self.typing.discard((event.seat, event.capture))
        return events

    def until(self, at_ms: int) -> Table:
        """Let time pass, with a tick whenever the state asks for one: every few seconds at most, and never late: a
        millisecond before nothing is due."""
        most = 100 + (at_ms - self.now_ms) // 1000
        for wakes in count():
            wake = next_wake(self.state, self.now_ms)
            if wake is None or wake > at_ms:
                break
            assert wake > self.now_ms
            assert wakes < most, "the room is woken again and again"
            assert wake - 1 == self.now_ms or decide(self.state, cmd.Tick(), wake - 1, drafts=self.drafts) == []
            self.now_ms = wake
            self._take(decide(self.state, cmd.Tick(), wake, drafts=self.drafts, typing=self.typing))
        self.now_ms = max(at_ms, self.now_ms)
        return self

    def when(self, seat: str, command: cmd.Command, at: str | None = None) -> list[ev.Event]:
        """Ask; the session's start is minute 0 of `at`. Raises Refused, and then nothing has changed."""
        if at is not None:
            self.until((self.state.started_at_ms or 0) + ms(at))
        before = self.state
        try:
            events = decide(self.state, command, self.now_ms, by=seat, drafts=self.drafts, typing=self.typing)
        except Exception:
            assert self.state == before
            raise
        return self._take(events)

    def fact(self, command: cmd.Command, at: str | None = None) -> list[ev.Event]:
        if at is not None:
            self.until((self.state.started_at_ms or 0) + ms(at))
        return self._take(decide(self.state, command, self.now_ms, drafts=self.drafts, typing=self.typing))

    def everybody(self) -> Table:
        for seat in self.state.seats:
            self.fact(cmd.ReportPresence(seat=seat, presence=Presence.HERE))
        return self

    def start(self, late: str = "0:00") -> Table:
        self.everybody().until(self.state.starts_at_ms + ms(late))
        self.when(self.state.lead or "p1", cmd.StartSession())
        return self

    def drop(self, seat: str, at: str | None = None) -> list[ev.Event]:
        return self.fact(cmd.ReportPresence(seat=seat, presence=Presence.ABSENT), at)

    def back(self, seat: str, at: str | None = None) -> list[ev.Event]:
        return self.fact(cmd.ReportPresence(seat=seat, presence=Presence.HERE), at)

    def next_phase(self, at: str | None = None) -> list[ev.Event]:
        if at is not None:
            self.until((self.state.started_at_ms or 0) + ms(at))
        current = self.state.current
        assert current is not None
        return self.when("f", cmd.NextPhase(phase=current.key, losing=tuple(Loss)))

    def go_to(self, phase: str) -> Table:
        """Press next until that phase runs."""
        while (current := self.state.current) is not None and current.id != phase:
            self.next_phase()
        assert self.state.current is not None
        return self

    def end_turn(self, seat: str) -> list[ev.Event]:
        assert self.state.turn is not None
        return self.when(seat, cmd.EndTurn(turn=self.state.turn.number))

    def replayed(self) -> SessionState:
        state: SessionState | None = None
        for at_ms, event in self.events:
            state = evolve(state, event, at_ms)
        assert state is not None
        return state
