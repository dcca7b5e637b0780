"""The life of a session, recorded: which of its states becomes which, and by which event.

Nobody draws it. Scenes are played through `decide` and `evolve`, as in a room, and every change of status that an event
brings is kept. So what the diagram shows happens, and what the engine no longer does leaves the diagram; what is
missing needs a scene.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.evolve import evolve
from cosession.core.schedule import SUSPENDED_MS
from cosession.core.script import Script
from cosession.core.state import SessionState
from cosession.core.vocabulary import FloorMode, HandKind, Loss, PhaseStatus, Presence, Role
from cosession.rehearse.hall import Hall

NOWHERE = "[*]"


class Transition(NamedTuple):
    """`machine` is what changes: the session, a phase, its clock, the floor."""

    machine: str
    before: str
    after: str
    event: str


def transitions(events: Iterable[tuple[int, ev.Event]]) -> Iterator[Transition]:
    """Every change of status in a stream of events with their session times, in the order in which it happens."""
    state: SessionState | None = None
    for at_ms, event in events:
        was, state = state, evolve(state, event, at_ms)
        before, after = _statuses(was), _statuses(state)
        for key in {**before, **after}:
            changed = (before.get(key, NOWHERE), after.get(key, NOWHERE))
            if changed[0] != changed[1]:
                machine = "phase" if key.startswith("phase ") else key
                yield Transition(machine, *changed, _tag(event))
        if isinstance(event, ev.HoldStarted):
            yield Transition("clock", "runs", event.cause, _tag(event))
        if isinstance(event, ev.HoldEnded):
            yield Transition("clock", event.cause, "runs", _tag(event))


def _tag(event: ev.Event) -> str:
    return str(type(event).model_fields["type"].default)


def _statuses(state: SessionState | None) -> Mapping[str, str]:
    if state is None:
        return {}
    found: dict[str, str] = {"session": state.status}
    for phase in state.phases:
        waits = phase.status is PhaseStatus.COMING and phase.postponed
        found[f"phase {phase.key}"] = "postponed" if waits else phase.status
    if state.current_step is not None:
        found["floor"] = state.current_step.floor
        turn = "nobody" if state.turn is None else state.turn.kind
        found[f"turn {state.current_step.floor}"] = turn
    return found


def recorded(scripts: Mapping[str, Script]) -> list[Transition]:
    """What happens in all scenes, once each. Raises RuntimeError if the engine refuses what a scene asks."""
    found: dict[Transition, None] = {}
    for script in scripts.values():
        found.update(dict.fromkeys(transitions(_through(script).hall.events)))
    for play in _SCENES:
        found.update(dict.fromkeys(transitions(play(scripts).hall.events)))
    return sorted(found)


class _Scene:
    """A session with everybody there, and whoever has the keys."""

    def __init__(self, script: Script) -> None:
        members = [
            cmd.NewSeat(name=f"Person {place}", role=Role.CONSULTANT if place else Role.CLIENT)
            for place in range(script.people.planned)
        ]
        conducts = [cmd.NewSeat(name="Facilitator", role=Role.FACILITATOR)] if script.facilitator else []
        self.hall = Hall(
            cmd.CreateSession(
                title="Scene",
                language="en",
                script=script.model_dump(mode="json"),
                seats=(*conducts, *members),
                number=2,
                previous_client=len(conducts) + len(members) - 1,
            )
        )
        self.keys = "f" if script.facilitator else "p1"
        self.come(*self.hall.state.seats)
        self.say(cmd.StartSession())

    def say(self, command: cmd.Command, seat: str | None = None) -> None:
        if not self.hall.ask(seat or self.keys, command):
            raise RuntimeError(f"{command!r} was refused in {self.key}")

    @property
    def key(self) -> str:
        current = self.hall.state.current
        return "" if current is None else current.key

    def to(self, phase: str) -> None:
        while self.key and not self.key.startswith(f"{phase}#"):
            self.say(cmd.NextPhase(phase=self.key, losing=tuple(Loss)))

    def come(self, *seats: str) -> None:
        for seat in seats:
            self.hall.fact(cmd.ReportPresence(seat=seat, presence=Presence.HERE))

    def go(self, *seats: str) -> None:
        for seat in seats:
            self.hall.fact(cmd.ReportPresence(seat=seat, presence=Presence.ABSENT))

    def wait(self, seconds: int) -> None:
        self.hall.until(self.hall.now_ms + seconds * 1000)


def _through(script: Script) -> _Scene:
    """From start to end, each step for as long as it takes or until the lead moves on."""
    scene = _Scene(script)
    while scene.key:
        state = scene.hall.state
        here, phase, run = scene.key, state.current_phase, state.step
        if phase is None or run is None:
            raise RuntimeError(f"{here} has no step")
        if phase.steps[run.index].floor is FloorMode.QUEUE:
            scene.say(cmd.RaiseHand(kind=HandKind.QUESTION), state.seats_of(phase.steps[run.index].who)[0])
        scene.wait(5)
        turn = scene.hall.state.turn
        if turn is not None:
            scene.say(cmd.EndTurn(turn=turn.number), turn.seat)
        scene.wait(run.budget_ms // 1000)
        now = scene.hall.state.step
        if scene.key != here or now is None or now.index != run.index:
            continue
        if not scene.hall.ask(scene.keys, cmd.NextStep(phase=here, step=run.index)):
            scene.say(cmd.NextPhase(phase=here, losing=tuple(Loss)))
    return scene


# -- scenes: what does not happen in every session ---------------------------------------------------------------------


def _paused(scripts: Mapping[str, Script]) -> _Scene:
    scene = _Scene(scripts["codev-75"])
    scene.to("questions")
    for pause in (cmd.Pause(), cmd.CarePause()):
        scene.say(pause)
        scene.say(cmd.Resume())
    scene.say(cmd.CarePause())
    scene.say(cmd.SuspendSession())
    scene.say(cmd.ResumeSession())
    scene.say(cmd.CarePause())
    scene.say(cmd.StopSession())
    return scene


def _forgotten(scripts: Mapping[str, Script]) -> _Scene:
    scene = _Scene(scripts["codev-75"])
    scene.say(cmd.SuspendSession())
    scene.wait(SUSPENDED_MS // 1000 + 1)
    return scene


def _without_the_client(scripts: Mapping[str, Script]) -> _Scene:
    scene = _Scene(scripts["codev-75"])
    scene.to("problem_statement")
    scene.go("p1")
    scene.come("p1")
    scene.to("action_plan")
    scene.go("p1")
    scene.wait(60)
    scene.come("p1")
    scene.say(cmd.NextPhase(phase=scene.key, losing=tuple(Loss)))
    scene.go("p1")
    scene.wait(60)
    return scene


def _without_the_others(scripts: Mapping[str, Script]) -> _Scene:
    scene = _Scene(scripts["troika-30"])
    scene.to("consult")
    scene.go("p2", "p3")
    scene.come("p2", "p3")
    return scene


def _without_the_lead(scripts: Mapping[str, Script]) -> _Scene:
    scene = _Scene(scripts["codev-75"])
    scene.to("contract")
    scene.go("f")
    scene.wait(40)
    scene.come("f")
    return scene


def _without_media(scripts: Mapping[str, Script]) -> _Scene:
    scene = _Scene(scripts["codev-75"])
    for lost in (True, False):
        for seat in scene.hall.state.seats:
            scene.hall.fact(cmd.ReportPath(seat=seat, lost=lost))
    return scene


def _otherwise(scripts: Mapping[str, Script]) -> _Scene:
    """Skipped, taken back, begun anew with another client, closed early."""
    scene = _Scene(scripts["codev-75"])
    scene.say(cmd.SkipPhase(phase="follow_up#1"))
    scene.say(cmd.NextPhase(phase="check_in#1", losing=tuple(Loss)))
    scene.say(cmd.Undo(phase=scene.key))
    scene.to("topic_choice")
    scene.say(cmd.SkipPhase(phase="topic_choice#1"))
    scene.to("questions")
    scene.say(cmd.ChangeClient(seat="p2"))
    scene.say(cmd.CloseSession(losing=tuple(Loss)))
    return scene


def _floor_taken(scripts: Mapping[str, Script]) -> _Scene:
    """Turns that the lead gives and takes."""
    scene = _Scene(scripts["codev-120"])
    for phase in ("topic_choice", "questions", "break", "advice", "learnings"):
        scene.to(phase)
        scene.say(cmd.GrantFloor(seat="p4"))
        scene.wait(1)
        turn = scene.hall.state.turn
        if turn is not None:
            scene.say(cmd.TakeBackFloor(turn=turn.number))
    return scene


def _left_in_the_middle(scripts: Mapping[str, Script]) -> _Scene:
    """Somebody speaks once more in a round; the client's own steps are left before their end."""
    scene = _Scene(scripts["codev-75"])
    scene.say(cmd.NextStep(phase=scene.key, step=0))
    turn = scene.hall.state.turn
    if turn is not None:
        scene.say(cmd.EndTurn(turn=turn.number), turn.seat)
        scene.say(cmd.GrantFloor(seat=turn.seat))
        scene.say(cmd.TakeBackFloor(turn=turn.number + 2))
    scene.to("follow_up")
    scene.say(cmd.SkipPhase(phase=scene.key))
    scene.to("action_plan")
    scene.say(cmd.NextStep(phase=scene.key, step=0))
    scene.go("p1")
    scene.wait(60)
    return scene


_SCENES: tuple[Callable[[Mapping[str, Script]], _Scene], ...] = (
    _paused,
    _forgotten,
    _without_the_client,
    _without_the_others,
    _without_the_lead,
    _without_media,
    _otherwise,
    _floor_taken,
    _left_in_the_middle,
)


# -- drawing -----------------------------------------------------------------------------------------------------------


def mermaid(machine: str, found: Iterable[Transition]) -> list[str]:
    """The lines of a mermaid state diagram of one machine."""
    edges: dict[tuple[str, str], list[str]] = {}
    for one in found:
        if one.machine == machine:
            edges.setdefault((one.before, one.after), []).append(one.event)
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR"]
    lines += [f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in edges.items()]
    return [*lines, "```"]
