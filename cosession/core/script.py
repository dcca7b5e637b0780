"""A script: the phases of a session as data, validated. Its files live in `protocols/`, its parts in `script_parts`.

Pure: a script comes in as plain mappings (whoever reads the file keeps lines and columns). Durations are seconds of
script time in the file's fields and milliseconds in the engine. Source: method.md, "The default script"; decisions 1,
3, 31.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Self

from pydantic import Field, model_validator

from cosession.core.flaws import Flaw, Loc, refuse
from cosession.core.script_parts import (
    FAMILIAR,
    TAG,
    CaptureField,
    CaptureSpec,
    Cue,
    Drops,
    Identifier,
    Language,
    Model,
    Phase,
    ScriptName,
    Step,
    Text,
    TurnOverrun,
    in_language,
)
from cosession.core.vocabulary import FloorMode, Formality, Guidance, Overtime, Who

#: The form of a script's data as sessions store it. Raise it when a field changes its meaning or its default, and add
#: the step that lifts the form before (`room.upcasters`).
FORMAT = 2

__all__ = [
    "FAMILIAR", "FORMAT", "CaptureField", "CaptureSpec", "Cue", "Drain", "Drops", "Language", "Model", "People",
    "Phase", "Repeat", "Script", "Step", "Text", "in_language", "spoken_to",
]  # fmt: skip


class Drain(Model):
    """One entry of `elastic_order`: take from `phase` until it has `to` minutes left (its minimum if absent)."""

    phase: Identifier
    to: float | None = Field(default=None, gt=0)


class Repeat(Model):
    """Phases that follow one another and run once for each member, who is then the client (role rotation)."""

    phases: tuple[Identifier, ...] = Field(min_length=1)


class People(Model):
    minimum: int = Field(ge=2, le=12)
    planned: int = Field(ge=2, le=12)
    maximum: int = Field(ge=2, le=12)


class Script(Model):
    """A whole script. `people` counts the members (client and consultants), without the facilitator.

    With `facilitator: false` nobody conducts: every member may start, move on and pause, and every phase ends by
    itself."""

    id: ScriptName
    version: int = Field(ge=1, le=10**15)
    language: Language
    """In which it was written. It comes first in each of its texts: people read it whose own language a text lacks.
    Left out, it is the first of `title`."""
    title: Text
    summary: Text
    people: People
    facilitator: bool = True
    repeat: Repeat | None = None
    client_from: Identifier | None = None
    """Where another client would have to begin; without it the client cannot change."""
    hand_over_s: int = Field(default=6, ge=0, le=60)
    turn_overrun: TurnOverrun = TurnOverrun()
    elastic_order: tuple[Drain, ...]
    charter: tuple[Text, ...] = ()
    lobby: tuple[CaptureSpec, ...] = ()
    """What may be written before the start."""
    after: tuple[CaptureSpec, ...] = ()
    """What may be written after the close, privately, for `open_h` hours."""
    phases: tuple[Phase, ...] = Field(min_length=1)

    @property
    def planned_ms(self) -> int:
        """What a session lasts with as many people as the script is planned for."""
        return self.lasts_ms(self.people.planned)

    def lasts_ms(self, members: int) -> int:
        """What a session lasts with so many members."""
        return sum(self.phase(phase).planned_ms for phase, _ in self.sequence(members))

    def sequence(self, members: int) -> list[tuple[str, int]]:
        """The phases as they run, each with its number: those of `repeat` come once for each member."""
        again = () if self.repeat is None else self.repeat.phases
        result: list[tuple[str, int]] = []
        for phase in self.phases:
            if phase.id not in again:
                result.append((phase.id, 1))
            elif phase.id == again[0]:
                result += [(other, number) for number in range(1, members + 1) for other in again]
        return result

    @cached_property
    def _captures(self) -> dict[str, CaptureSpec]:
        specs = [*self.lobby, *self.after, *(spec for phase in self.phases for spec in phase.captures)]
        return {spec.id: spec for spec in specs}

    def capture(self, capture_id: str) -> CaptureSpec | None:
        """The script's word on a capture, wherever it stands."""
        return self._captures.get(capture_id)

    def with_guidance(self, guidance: Guidance) -> Script:
        """The script as a group with this guidance lives it (method.md, "Guidance")."""
        if guidance is not Guidance.FREE:
            return self
        return self.model_copy(update={"phases": tuple(_unguided(phase) for phase in self.phases)})

    def phase(self, phase_id: str) -> Phase:
        """The phase of that id. Raises KeyError."""
        for phase in self.phases:
            if phase.id == phase_id:
                return phase
        raise KeyError(phase_id)

    @model_validator(mode="before")
    @classmethod
    def _written(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        # What is wrong with the title is said there.
        language = data.get("language", next(filter(TAG.fullmatch, _keys(data.get("title"))), "und"))
        return _first({**data, "language": language}, language)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        refuse(self.flaws())
        return self

    def flaws(self) -> Iterator[Flaw]:
        """What is wrong between the parts, each flaw with its place: the names that they call each other by, the phases
        that repeat, a script that nobody conducts."""
        ids = [phase.id for phase in self.phases]
        yield from self._twice()
        yield from self._drained(ids)
        for index, phase in enumerate(self.phases):
            at = ("phases", index)
            if phase.minutes_to is not None and phase.minutes_to not in ids:
                yield (*at, "minutes_to"), _no_phase(phase.minutes_to, ids)
            for place, capture in enumerate(phase.captures):
                for other, name in enumerate(capture.also_in):
                    if name not in ids:
                        yield (*at, "captures", place, "also_in", other), _no_phase(name, ids)
        if self.client_from is not None and self.client_from not in ids:
            yield ("client_from",), _no_phase(self.client_from, ids)
        for place, capture in enumerate(self.after):
            if not capture.open_h:
                yield ("after", place), "what is written after the close needs open_h"
        if self.repeat is not None:
            yield from self._repeated(self.repeat, ids)
        if not self.facilitator:
            yield from self._alone()

    def _twice(self) -> Iterator[Flaw]:
        """Ids that stand twice: those of phases, and those of captures, wherever these stand."""
        known: set[str] = set()
        for index, phase in enumerate(self.phases):
            if phase.id in known:
                yield ("phases", index, "id"), f"{phase.id} stands twice"
            known.add(phase.id)
        lists: list[tuple[Loc, tuple[CaptureSpec, ...]]] = [(("lobby",), self.lobby), (("after",), self.after)]
        lists += [(("phases", index, "captures"), phase.captures) for index, phase in enumerate(self.phases)]
        known = set()
        for at, captures in lists:
            for place, capture in enumerate(captures):
                if capture.id in known:
                    yield (*at, place, "id"), f"{capture.id} stands twice; a capture has one id in the whole script"
                known.add(capture.id)

    def _drained(self, ids: list[str]) -> Iterator[Flaw]:
        for index, drain in enumerate(self.elastic_order):
            if drain.phase not in ids:
                yield ("elastic_order", index, "phase"), _no_phase(drain.phase, ids)
                continue
            phase = self.phase(drain.phase)
            told_apart = ids.count(drain.phase) == 1
            if drain.to is not None and told_apart and not phase.minimum <= drain.to <= phase.minutes:
                limits = f"its minimum {phase.minimum:g} and its minutes {phase.minutes:g}"
                yield ("elastic_order", index, "to"), f"{drain.phase} to {drain.to:g} is not between {limits}"

    def _repeated(self, repeat: Repeat, ids: list[str]) -> Iterator[Flaw]:
        unknown = [place for place, name in enumerate(repeat.phases) if name not in ids]
        for place in unknown:
            yield ("repeat", "phases", place), _no_phase(repeat.phases[place], ids)
        first = 0 if unknown else ids.index(repeat.phases[0])
        if not unknown and tuple(ids[first : first + len(repeat.phases)]) != repeat.phases:
            yield ("repeat", "phases"), "names phases that follow one another, in their order"
        if self.client_from is not None:
            yield ("client_from",), "everybody is client once in a script that repeats; leave it out"

    def _alone(self) -> Iterator[Flaw]:
        for index, phase in enumerate(self.phases):
            at = ("phases", index)
            if phase.overtime is Overtime.SOFT:
                yield (*at, "overtime"), "needs overtime: hard or grace, as nobody conducts"
            for place, step in enumerate(phase.steps):
                if Who.FACILITATOR is step.who or step.floor is FloorMode.FACILITATOR:
                    yield (*at, "steps", place), "addresses a facilitator, and there is none"
            for place, cue in enumerate(phase.cues):
                if cue.who is Who.FACILITATOR:
                    yield (*at, "cues", place, "who"), "addresses a facilitator, and there is none"


def _keys(text: Any) -> list[str]:
    return [key for key in text if isinstance(key, str)] if isinstance(text, dict) else []


def _first(data: Any, language: Any) -> Any:
    """A script's data with the text of one language before the others: what is stored is in no order."""
    match data:
        case dict():
            inner = {name: _first(value, language) for name, value in data.items()}
            return {language: inner[language], **inner} if language in _keys(inner) else inner
        case list() | tuple():
            return [_first(value, language) for value in data]
    return data


def spoken_to(data: Any, formality: Formality) -> Any:
    """A script's data as a group reads it that is spoken to like this: a language's familiar text in the place of its
    formal one, or gone."""
    match data:
        case dict():
            plain = {name: value for name, value in data.items() if not name.endswith(FAMILIAR)}
            if formality is Formality.FAMILIAR:
                plain |= {name.removesuffix(FAMILIAR): data[name] for name in data.keys() - plain.keys()}
            return {name: spoken_to(value, formality) for name, value in plain.items()}
        case list() | tuple():
            return [spoken_to(value, formality) for value in data]
    return data


def _no_phase(name: str, ids: list[str]) -> str:
    return f"names no phase {name}; there are: {', '.join(dict.fromkeys(ids))}"


def _unguided(phase: Phase) -> Phase:
    """Without cues, and with an open floor instead of a queue."""
    steps = tuple(
        Step(floor=FloorMode.OPEN, seconds=step.seconds, title=step.title) if step.floor is FloorMode.QUEUE else step
        for step in phase.steps
    )
    return phase.model_copy(update={"steps": steps, "cues": ()})
