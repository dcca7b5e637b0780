"""How the time of a phase is shared among its steps, for as many people as are there.

Pure. A step of fixed `seconds` keeps them while the rounds beside it can yield; a round shrinks to `min_turn_s` for
each who is there, and grows to `turn_max_s` where there is more time than the script planned for; a last step without
a length has what remains. Source: method.md, "The default script"; decision 31.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cosession.core.script import Phase, Script, Step
from cosession.core.vocabulary import FloorMode, Who

#: Fixed steps that may be said in half their time: words of the lead, and talk of all. The client's own words and
#: silence keep theirs.
_SHORTER = (FloorMode.FACILITATOR, FloorMode.OPEN)
#: What has no most.
_EVER_MS = 10**12


@dataclass(frozen=True, slots=True)
class Want:
    """What a step needs, would like, and can use, in milliseconds."""

    least_ms: int
    wanted_ms: int
    most_ms: int


def slot_ms(step: Step, turn_s: int, hand_over_s: int) -> int:
    """What a turn of a round takes with its answer and its hand-over."""
    return (turn_s + (step.answer_s or 0) + hand_over_s) * 1000


def wants(steps: Sequence[Step], heads: Sequence[int], planned_ms: int, hand_over_s: int) -> list[Want]:
    """For each step of a phase; `heads`: how many of those it belongs to are there."""
    known = [_want(step, there, hand_over_s) for step, there in zip(steps, heads, strict=True)]
    rest_ms = max(planned_ms - sum(one.wanted_ms for one in known if one is not None), 0)
    return [one or Want(rest_ms // 2, rest_ms, _EVER_MS) for one in known]


def _want(step: Step, there: int, hand_over_s: int) -> Want | None:
    """None: it has what remains."""
    if step.seconds is not None:
        fixed = step.seconds * 1000
        return Want(fixed // 2 if step.floor in _SHORTER else fixed, fixed, fixed)
    if step.floor is not FloorMode.ROUND or step.turn_s is None or step.again:
        return None
    least, wanted, most = (
        there * slot_ms(step, turn_s, hand_over_s)
        for turn_s in (step.min_turn_s or step.turn_s, step.turn_s, step.turn_max_s or step.turn_s)
    )
    return Want(least, wanted, most)


def share(steps: Sequence[Want], left_ms: int) -> list[int]:
    """`left_ms` among steps: what each would like and more for those who can use it, or less, down to the least."""
    wanted = sum(step.wanted_ms for step in steps)
    least = sum(step.least_ms for step in steps)
    if left_ms >= wanted:
        return _grown(steps, left_ms - wanted)
    if left_ms >= least:
        spare, yields = left_ms - least, wanted - least
        return [step.least_ms + spare * (step.wanted_ms - step.least_ms) // yields for step in steps]
    return _squeezed(steps, left_ms)


def _squeezed(steps: Sequence[Want], left_ms: int) -> list[int]:
    """Less than the least: what has only the remainder yields first, then all others alike."""
    fixed = sum(step.least_ms for step in steps if step.most_ms < _EVER_MS)
    for_rest = max(left_ms - fixed, 0)
    rest = sum(step.least_ms for step in steps) - fixed
    return [
        (for_rest * step.least_ms // rest if rest else 0)
        if step.most_ms >= _EVER_MS
        else min(left_ms, fixed) * step.least_ms // fixed
        for step in steps
    ]


def _grown(steps: Sequence[Want], more_ms: int) -> list[int]:
    """In proportion to what each would like; what one cannot use goes to the others."""
    shares = [step.wanted_ms for step in steps]
    open_ = [index for index, step in enumerate(steps) if step.most_ms > step.wanted_ms > 0]
    while open_ and more_ms > 0:
        weight = sum(steps[index].wanted_ms for index in open_)
        full = [i for i in open_ if shares[i] + more_ms * steps[i].wanted_ms // weight >= steps[i].most_ms]
        if not full:
            for index in open_:
                shares[index] += more_ms * steps[index].wanted_ms // weight
            break
        for index in full:
            more_ms -= steps[index].most_ms - shares[index]
            shares[index] = steps[index].most_ms
            open_.remove(index)
    return shares


def left_out_from(script: Script, phase: Phase, index: int) -> int | None:
    """With how many people, all of them there and in time, step `index` falls away for want of time; None if it never
    does."""
    return next((n for n in range(2, script.people.maximum + 1) if _falls_away(script, phase, index, n)), None)


def left_out(script: Script) -> list[tuple[Phase, int]]:
    """Phases of which a step falls away for want of time, and with how many people: what can be said beforehand. A
    phase is there once, with the fewest people."""
    found: dict[str, tuple[Phase, int]] = {}
    for phase in script.phases:
        for index in range(len(phase.steps)):
            people = left_out_from(script, phase, index)
            if people is not None and (phase.id not in found or people < found[phase.id][1]):
                found[phase.id] = phase, people
    return list(found.values())


def _falls_away(script: Script, phase: Phase, index: int, members: int) -> bool:
    if not phase.steps[index].droppable:
        return False
    heads = [members if step.who in (Who.MEMBERS, Who.ALL) else members - 1 for step in phase.steps]
    found = wants(phase.steps, heads, phase.planned_ms, script.hand_over_s)
    return sum(want.least_ms for want in found) > phase.planned_ms
