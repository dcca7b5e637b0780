"""What `protocols/README.md` shows of engine and scripts: state diagrams, and a table of phases for each script.

Generated between marks, so that neither is drawn by hand (`cosession script docs`); a test fails when they are stale.
The diagrams come from `diagram`, the tables from the scripts as the engine gets them, `extends` resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from cosession.authoring.diagram import Transition, mermaid, recorded
from cosession.core.script import CaptureSpec, Phase, Script, Step
from cosession.core.vocabulary import DropPolicy, FloorMode, Overtime, Visibility

_MACHINES = {
    "session": "A session:",
    "phase": "Each phase of it (one that repeats has a life for each client, and a new client begins some anew):",
    "clock": "The clock of the running phase, by what holds it; several may hold it at once:",
    "floor": "The floor, from step to step of a phase:",
}


class NoMark(Exception):
    """README.md lacks a pair of marks; the text names it."""


def with_blocks(readme: str, scripts: Mapping[str, Script]) -> str:
    """README.md with what stands between its marks written anew. Raises `NoMark`."""
    blocks = {"life": _life(recorded(scripts)), "phases": _all_phases(scripts.values())}
    for name, lines in blocks.items():
        begin, end = f"<!-- {name}: written by `cosession script docs` -->", f"<!-- end of {name} -->"
        if readme.count(begin) != 1 or readme.count(end) != 1:
            raise NoMark(f"README.md needs one line `{begin}` and one `{end}`")
        before, after = readme.partition(begin)[0], readme.partition(end)[2]
        readme = "\n".join([f"{before}{begin}", "", *lines, "", f"{end}{after}"])
    return readme


# -- the life of a session ---------------------------------------------------------------------------------------------


def _life(found: list[Transition]) -> Iterator[str]:
    for machine, title in _MACHINES.items():
        yield from (title, "", *mermaid(machine, found), "")
    yield from ("What somebody does who has the floor:", "", "| floor | turns |", "|---|---|")
    for floor in FloorMode:
        turns = sorted({one.after for one in found if one.machine == f"turn {floor}"} - {"nobody", "[*]"})
        yield f"| `{floor}` | {', '.join(f'`{turn}`' for turn in turns) or '–'} |"


# -- phase by phase ----------------------------------------------------------------------------------------------------


def _all_phases(scripts: Iterable[Script]) -> Iterator[str]:
    for place, script in enumerate(scripts):
        if place:
            yield ""
        minutes = sum(script.phase(name).minimum_ms for name, _ in script.sequence(script.people.planned))
        facts = [f"{_minutes(script.planned_ms)} minutes, at least {_minutes(minutes)}"]
        facts.append(f"for {script.people.planned}, {script.people.minimum} to {script.people.maximum} people")
        if not script.facilitator:
            facts.append("nobody conducts")
        if script.repeat is not None:
            names = ", ".join(f"`{name}`" for name in script.repeat.phases)
            facts.append(f"{names} once for each member, who is then the client")
        order = ", ".join(d.phase + (f" to {d.to:g}" if d.to else "") for d in script.elastic_order)
        yield from (
            f"### {script.id}",
            "",
            f"{script.title.in_('en')}: {'; '.join(facts)}. Lateness is repaid from {order}.",
            "",
        )
        yield "| phase | minutes (min) | steps: floor, who | written | particular |"
        yield "|---|---|---|---|---|"
        for name, captures in (("before the start", script.lobby), ("after the close", script.after)):
            if captures:
                yield f"| {name} | | | {_captures(captures)} | |"
        for phase in script.phases:
            steps = "<br>".join(", ".join(_step(step)) for step in phase.steps)
            yield (
                f"| `{phase.id}` {phase.title.in_('en')} | {_minutes(phase.planned_ms)} ({_minutes(phase.minimum_ms)}) "
                f"| {steps} | {_captures(phase.captures)} | {', '.join(_particular(phase))} |"
            )


def _step(step: Step) -> Iterator[str]:
    yield f"`{step.floor}` {step.who}"
    if step.turn_s is not None:
        answered = "" if step.answer_s is None else f" and {step.answer_s} s"
        least = "" if step.min_turn_s in (None, step.turn_s) else f" ({step.min_turn_s} s)"
        most = "" if step.turn_max_s is None else f", up to {step.turn_max_s} s with few people"
        yield f"turns of {step.turn_s} s{least}{answered}{most}"
    if step.seconds is not None:
        yield f"{step.seconds} s"
    for flag in ("again", "droppable", "pass_welcome", "hold_full_time", "questions_only"):
        if getattr(step, flag):
            yield flag.replace("_", " ")
    if step.closed:
        yield f"closed: {' '.join(step.closed)}"
    if step.closed_cameras:
        yield f"cameras closed: {' '.join(step.closed_cameras)}"


def _captures(captures: Iterable[CaptureSpec]) -> str:
    said = []
    for capture in captures:
        facts = [", ".join(capture.by)]
        facts += [f"{capture.visible}"] if capture.visible is not Visibility.EVERYONE else []
        facts += ["in sight"] if capture.in_sight else []
        facts += [f"{capture.open_h} h after the close"] if capture.open_h else []
        said.append(f"`{capture.id}` ({'; '.join(facts)})")
    return "<br>".join(said)


def _particular(phase: Phase) -> Iterator[str]:
    if phase.protected:
        yield "protected"
    if phase.optional:
        yield "optional"
    if phase.skip_when != "never":
        yield f"left out in a first session, its minutes to `{phase.minutes_to}`"
    for role in type(phase.drops).model_fields:
        policy = getattr(phase.drops, role)
        if policy is not DropPolicy.RUN:
            yield f"without {role}: {policy}"
    if phase.overtime is not Overtime.SOFT:
        yield f"overtime {phase.overtime}" + (f" {phase.grace_s} s" if phase.grace_s else "")
    if phase.bells:
        yield f"bells: {' '.join(phase.bells)}"


def _minutes(duration_ms: int) -> str:
    """`7` or `1:40`."""
    minutes, seconds = divmod(duration_ms // 1000, 60)
    return re.sub(":00$", "", f"{minutes}:{seconds:02d}")
