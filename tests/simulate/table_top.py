"""The habits of simulated managers, played at a table: core decides, time is a number, no sockets.

Shows in a second whether the managers can conduct a script at all; the real server is for `test_performance`.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain

from pydantic import TypeAdapter

from cosession import assets
from cosession.authoring import scripts
from cosession.core import commands as cmd
from cosession.core import view as views
from cosession.core.console import console
from cosession.core.decide import decide
from cosession.core.events import Event
from cosession.core.evolve import evolve
from cosession.core.refusal import Refused
from cosession.core.state import SessionState
from cosession.core.vocabulary import Job, Presence, Role, Status
from cosession.simulate import words
from cosession.simulate.habits import Habits
from cosession.simulate.leading import leading
from cosession.simulate.speaking import speaking
from cosession.simulate.writing import writing
from cosession.wire.messages import ClockAnchor, ViewMessage

_COMMAND: TypeAdapter[cmd.SeatCommand] = TypeAdapter(cmd.SeatCommand)
_WALL_MS = 1_795_000_000_000


class TableTop:
    """One session. `step_ms` is how often everybody looks up, in script time."""

    def __init__(self, seed: int, members: int = 8, step_ms: int = 3000, script: str = "codev-75") -> None:
        read = scripts.read(assets.protocols() / f"{script}.yaml")
        jobs = {1: {Job.DEPUTY}, 2: {Job.SCRIBE}, members - 1: {Job.TIMEKEEPER}} if read.facilitator else {}
        seats = [cmd.NewSeat(name=words.FACILITATOR, role=Role.FACILITATOR)] if read.facilitator else []
        for place, name in enumerate(words.NAMES[:members]):
            role = Role.CONSULTANT if place else Role.CLIENT
            seats.append(cmd.NewSeat(name=name, role=role, jobs=frozenset(jobs.get(place, ()))))
        self.state: SessionState | None = None
        self.now_ms = 0
        self.step_ms = step_ms
        self.events: list[Event] = []
        self.drafts: dict[str, dict[str, dict[str, str]]] = {}
        self.refused: Counter[str] = Counter()
        self.accepted: Counter[str] = Counter()
        self._done: set[tuple[str, str]] = set()
        self._views: dict[str, tuple[int, ViewMessage | None]] = {}
        self._take(
            cmd.CreateSession(
                title="t",
                language="fr",
                script=read.model_dump(mode="json"),
                seats=tuple(seats),
                number=2,
                previous_client=len(seats) - 1,
                speed=60,
            ),
            None,
        )
        self.seats = list(self.room.seats)
        self.habits = {seat: Habits(seed, seat) for seat in self.seats}
        for seat in self.seats:
            self._take(cmd.ReportPresence(seat=seat, presence=Presence.HERE), None)

    @property
    def room(self) -> SessionState:
        assert self.state is not None
        return self.state

    def play(self, longest_ms: int = 4 * 3_600_000) -> None:
        """Until the session is closed. Raises AssertionError if that takes longer."""
        self.play_until(longest_ms)
        assert self.room.status is Status.CLOSED, f"stuck in {self.room.current}"

    def play_until(self, until_ms: int) -> None:
        """Until that session time, or until the session is closed."""
        while self.room.status is not Status.CLOSED and self.now_ms < until_ms:
            for seat in self.seats:
                self._live(seat)
            self.now_ms += self.step_ms
            self._take(cmd.Tick(), None)

    def view(self, seat: str) -> ViewMessage:
        """What this seat sees; as in a room, a view comes with a change and not with every second."""
        known, view = self._views.get(seat, (-1, None))
        if view is None or known != len(self.events):
            view = self._fresh_view(seat)
            self._views[seat] = len(self.events), view
        return view

    def _fresh_view(self, seat: str) -> ViewMessage:
        leads = self.room.lead == seat
        return ViewMessage(
            seq=len(self.events),
            hash="",
            clock=ClockAnchor(server_ms=0, session_ms=0, speed=60, wall_ms=_WALL_MS),
            common=views.common(self.room, "s", self.now_ms),
            console=console(self.room, self.now_ms) if leads else None,
            own=views.own(self.room, seat, self.now_ms, self.drafts.get(seat, {})),
        )

    def _live(self, seat: str) -> None:
        view, habits = self.view(seat), self.habits[seat]
        now = self.now_ms
        for intent in chain(
            speaking(view, now, habits), writing(view, now, habits), leading(view, now, habits, everybody_ready=True)
        ):
            if (seat, intent.key) in self._done:
                continue
            self._done.add((seat, intent.key))
            if intent.command is not None:
                self._take(_COMMAND.validate_python(intent.command), seat)
            elif intent.draft is not None:
                self.drafts.setdefault(seat, {})[intent.draft[0]] = dict(intent.draft[1])

    def _take(self, command: cmd.Command, by: str | None) -> None:
        drafts = {(seat, capture): text for seat, mine in self.drafts.items() for capture, text in mine.items()}
        name = type(command).__name__
        try:
            events = decide(self.state, command, self.now_ms, by, drafts)
        except Refused as refused:
            self.refused[f"{name} {refused.code} {refused.detail}"] += 1
            return
        self.accepted[name] += 1
        for event in events:
            self.state = evolve(self.state, event, self.now_ms)
            self.events.append(event)
