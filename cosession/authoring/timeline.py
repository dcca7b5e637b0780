"""Draws a script for the terminal: its phases in true proportion, who speaks in them, what is written, who sees it.

Plain text of at most `COLUMNS` columns, the same whether or not somebody watches. Only drawing lives here; the words of
the floor modes are those of the room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from cosession.core.script import CaptureSpec, Phase, Script
from cosession.core.sharing import left_out_from
from cosession.core.vocabulary import DropPolicy, FloorMode, Overtime, Who
from cosession.i18n.words import Words

COLUMNS = 100
_BAR = 75
_INDENT = " " * 8


def timeline(script: Script, words: Words) -> list[str]:
    """The lines of a drawing of `script` in the language of `words` (the domains `cosession` and `authoring`)."""
    return list(_Drawing(script, words).lines())


class _Drawing:
    def __init__(self, script: Script, words: Words) -> None:
        self._script = script
        self._words = words

    def lines(self) -> Iterator[str]:
        script, people = self._script, self._script.people
        sequence = script.sequence(people.planned)
        yield f"{script.id}  {script.title.in_(self._words.language)}"
        yield (
            self._text(
                "whole",
                minutes=_minutes(script.planned_ms),
                minimum=_minutes(sum(script.phase(phase).minimum_ms for phase, _ in sequence)),
                people=self._text("range" if people.minimum < people.maximum else "so_many", **people.model_dump()),
                planned=people.planned,
            )
            + f"  {self._text('legend')}"
        )
        if not script.facilitator:
            yield self._text("alone")
        yield from self._captures("lobby", script.lobby)
        begins: dict[str, list[int]] = {}
        now_ms = 0
        for name, _ in sequence:
            begins.setdefault(name, []).append(now_ms)
            now_ms += script.phase(name).planned_ms
        for phase in script.phases:
            yield ""
            yield from self._phase(phase, begins[phase.id])
        yield from self._captures("after", script.after)

    def _captures(self, title: str, captures: Iterable[CaptureSpec]) -> Iterator[str]:
        for place, capture in enumerate(captures):
            if place == 0:
                yield ""
                yield f"{_INDENT}{self._text(title)}"
            yield from self._capture(capture)

    def _facts(self, phase: Phase, times: int) -> Iterator[str]:
        yield f"{_minutes(phase.planned_ms)} min"
        yield self._text("least", minimum=_minutes(phase.minimum_ms))
        if times > 1:
            yield self._text("each", times=times)
        if phase.protected:
            yield self._text("protected")
        if phase.optional:
            yield self._text("optional")
        if phase.overtime is not Overtime.SOFT:
            yield self._text(f"overtime.{phase.overtime}", grace_s=phase.grace_s)
        drops = {Who.CLIENT: phase.drops.client, Who.CONSULTANTS: phase.drops.consultants}
        for who, policy in {**drops, Who.FACILITATOR: phase.drops.facilitator}.items():
            if policy is not DropPolicy.RUN:
                yield self._text(f"drops.{policy}", who=self._who([who]))

    def _phase(self, phase: Phase, begins_ms: list[int]) -> Iterator[str]:
        """`begins_ms`: when it begins, more than once where it repeats."""
        facts = self._facts(phase, len(begins_ms))
        clock = f"{begins_ms[0] // 60_000}:{begins_ms[0] // 1000 % 60:02d}"
        yield from _hung(f"{clock:>6}  ", f"{phase.title.in_(self._words.language)} ({phase.id}), {', '.join(facts)}")
        yield _INDENT + self._bar(phase, begins_ms)
        for index in range(len(phase.steps)):
            yield from _hung(f"{_INDENT}{index + 1}. ", ", ".join(self._step(phase, index)))
        for capture in phase.captures:
            yield from self._capture(capture)

    def _bar(self, phase: Phase, begins_ms: list[int]) -> str:
        """The phase's places in the whole; their edges are rounded, so that neighbours touch."""

        def column(at_ms: int) -> int:
            return round(at_ms * _BAR / self._script.planned_ms)

        bar = ""
        for at_ms in begins_ms:
            start, end = column(at_ms), column(at_ms + phase.planned_ms)
            solid = min(max(column(at_ms + phase.minimum_ms), start + 1), max(end, start + 1))
            bar += "·" * (start - len(bar)) + "█" * (solid - start) + "░" * (end - solid)
        return bar + "·" * (_BAR - len(bar))

    def _step(self, phase: Phase, index: int) -> Iterator[str]:
        step = phase.steps[index]
        title = "" if step.title is None else step.title.in_(self._words.language)
        floor = self._words(f"floor.{step.floor}")
        yield f"{title}: {floor}" if title and title.casefold() != floor.casefold() else floor
        yield self._who([step.who])
        if step.answer_s is not None:
            word = "answered" if step.floor is FloorMode.ROUND else "queue"
            yield self._text(word, turn_s=step.turn_s, answer_s=step.answer_s)
        elif step.turn_s is not None:
            shorter = step.min_turn_s is not None and step.min_turn_s < step.turn_s
            yield self._text("turn_min" if shorter else "turn", turn_s=step.turn_s, min_turn_s=step.min_turn_s)
            if step.turn_max_s is not None:
                yield self._text("turn_max", turn_max_s=step.turn_max_s)
        if step.seconds is not None:
            yield f"{step.seconds} s"
        elif step.turn_s is None:
            yield self._text("rest")
        for said, text in (
            (step.again, "again"),
            (step.hold_full_time, "full"),
            (step.questions_only, "questions_only"),
        ):
            if said:
                yield self._text(text)
        if step.pass_welcome:
            yield self._text("pass")
        if step.droppable:
            people = left_out_from(self._script, phase, index)
            yield self._text("droppable") if people is None else self._text("droppable_from", people=people)
        if step.closed:
            yield self._text("closed", who=self._who(step.closed))
        if step.closed_cameras:
            yield self._text("cameras", who=self._who(step.closed_cameras))

    def _capture(self, capture: CaptureSpec) -> Iterator[str]:
        title = capture.title.in_(self._words.language)
        facts = [self._text(f"seen.{capture.visible}")]
        facts += [self._text("in_sight")] if capture.in_sight else []
        facts += [self._text("open", open_h=capture.open_h)] if capture.open_h else []
        yield from _hung(f"{_INDENT}> ", f"{title} ({self._who(capture.by)}): {', '.join(facts)}")

    def _who(self, who: Iterable[Who]) -> str:
        return ", ".join(self._text(f"who.{one}") for one in who)

    def _text(self, key: str, **values: object) -> str:
        return self._words(f"show.{key}", **values)


def _minutes(duration_ms: int) -> str:
    """`7` or `1:40`."""
    minutes, rest = divmod(duration_ms // 1000, 60)
    return f"{minutes}:{rest:02d}" if rest else str(minutes)


def _hung(head: str, text: str) -> list[str]:
    """`text` after `head`, further lines under its beginning."""
    return wrap(text, COLUMNS, initial_indent=head, subsequent_indent=" " * len(head))
