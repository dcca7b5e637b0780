"""A script: the phases of a session as data, validated. Its files live in `protocols/`.

Pure: a script comes in as plain mappings (whoever reads the file keeps lines and columns). Durations are seconds of
script time in the file's fields and milliseconds in the engine. Source: method.md, "The default script"; decisions 1,
3, 31.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cosession.core.vocabulary import Family, FloorMode, Reveal, Visibility, Who

Language = Literal["fr", "en"]
LANGUAGES: tuple[Language, ...] = ("fr", "en")
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ScriptName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Text(Model):
    """One text in both languages. A cue reads well under 140 characters."""

    fr: str = Field(min_length=1, max_length=400)
    en: str = Field(min_length=1, max_length=400)


class TurnOverrun(Model):
    """What happens when a turn's time is over: `grace_s` to finish the sentence, then the facilitator passes with one
    click; it passes by itself `auto_after_s` later. Never in the client's own steps (method.md)."""

    grace_s: int = Field(default=15, ge=0, le=120)
    auto_after_s: int = Field(default=30, ge=0, le=300)


class Step(Model):
    """One stretch of a phase under one floor mode.

    A step lasts `seconds`, or in a round `turn_s` for each of its seats plus the hand-overs. The last step of a phase
    may leave `seconds` out: it has what remains.
    """

    floor: FloorMode
    who: Who = Who.ALL
    seconds: int | None = Field(default=None, ge=5, le=7200)
    turn_s: int | None = Field(default=None, ge=3, le=1800)
    min_turn_s: int | None = Field(default=None, ge=3, le=1800)
    answer_s: int | None = Field(default=None, ge=3, le=1800)
    """In a queue: the client's usual time to answer; `turn_s` is the asker's."""
    droppable: bool = False
    """A round that is left out, and said so, when its turns would fall below `min_turn_s` (decision 31)."""
    pass_welcome: bool = False
    closed: tuple[Who, ...] = ()
    """Roles whose sound is not forwarded in this step, even if the floor mode would."""
    title: Text | None = None

    @model_validator(mode="after")
    def _fits_its_mode(self) -> Self:
        if self.floor is FloorMode.ROUND and (self.turn_s is None or self.min_turn_s is None):
            raise ValueError("a round needs turn_s and min_turn_s")
        if self.turn_s is not None and self.min_turn_s is not None and self.min_turn_s > self.turn_s:
            raise ValueError("min_turn_s is longer than turn_s")
        if self.floor is FloorMode.QUEUE and (self.turn_s is None or self.answer_s is None):
            raise ValueError("a queue needs turn_s (the question) and answer_s")
        if self.floor is FloorMode.SINGLE and self.who not in (Who.CLIENT, Who.PREVIOUS_CLIENT, Who.FACILITATOR):
            raise ValueError("a single floor belongs to client, previous_client or facilitator")
        if self.droppable and self.floor is not FloorMode.ROUND:
            raise ValueError("only a round can be droppable")
        return self


class CaptureField(Model):
    """One field of a capture: a text, a choice among `options`, or a date (ISO 8601)."""

    id: Identifier
    kind: Literal["text", "line", "choice", "date"] = "text"
    title: Text
    required: bool = False
    max_length: int = Field(default=2000, ge=1, le=4000)
    options: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _choices(self) -> Self:
        if (self.kind == "choice") != bool(self.options):
            raise ValueError("a choice, and only a choice, has options")
        return self


class CaptureSpec(Model):
    """Something that is written down in a phase (method.md: `capture`)."""

    id: Identifier
    title: Text
    by: tuple[Who, ...] = Field(min_length=1)
    fields: tuple[CaptureField, ...] = Field(min_length=1)
    visible: Visibility = Visibility.EVERYONE
    reveal: Reveal = Reveal.NEVER
    many: bool = False
    """Several by one author; otherwise a new text is a new version of the same capture."""
    steps: tuple[int, ...] = ()
    """Steps (from 0) in which it may be written; empty: all of the phase."""
    early: bool = False
    """May also be written in the silent writing of the phase before."""
    also_in: tuple[Identifier, ...] = ()
    """Later phases in which its author may still change it, in steps that do not close the author's role."""
    keep: bool = True
    """Handed to its author, or with `for_client` to the client, at the end."""
    for_client: bool = False

    @model_validator(mode="after")
    def _hidden_is_revealed(self) -> Self:
        hidden = self.visible in (Visibility.REVEAL, Visibility.NOT_CLIENT)
        if hidden != (self.reveal is not Reveal.NEVER):
            raise ValueError("visible: reveal or not_client needs a reveal, the others have none")
        return self


class Cue(Model):
    """What a role reads in a phase. `step` narrows it to one step."""

    who: Who
    step: int | None = Field(default=None, ge=0)
    text: Text


class Phase(Model):
    id: Identifier
    title: Text
    purpose: Text
    """One line of plain words for somebody who sees it for the first time."""
    family: Family
    minutes: float = Field(gt=0, le=240)
    minimum: float = Field(gt=0, le=240)
    protected: bool = False
    """Can be shortened to its minimum, never skipped."""
    optional: bool = False
    skip_when: Literal["never", "first_session"] = "never"
    minutes_to: Identifier | None = None
    """When skipped from the start, its minutes go to this phase."""
    hold_without: tuple[Who, ...] = ()
    """The phase clock holds while one of these is absent."""
    warn_s: int = Field(default=60, ge=0, le=600)
    steps: tuple[Step, ...] = Field(min_length=1)
    captures: tuple[CaptureSpec, ...] = ()
    cues: tuple[Cue, ...] = Field(min_length=1)

    @property
    def planned_ms(self) -> int:
        return round(self.minutes * 60_000)

    @property
    def minimum_ms(self) -> int:
        return round(self.minimum * 60_000)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.minimum > self.minutes:
            raise ValueError("minimum is longer than minutes")
        for index, step in enumerate(self.steps[:-1]):
            if step.seconds is None and step.floor is not FloorMode.ROUND:
                raise ValueError(f"steps[{index}]: only the last step may leave seconds out")
        for capture in self.captures:
            if any(step >= len(self.steps) for step in capture.steps):
                raise ValueError(f"captures[{capture.id}]: names a step that the phase does not have")
        for cue in self.cues:
            if cue.step is not None and cue.step >= len(self.steps):
                raise ValueError("cues: names a step that the phase does not have")
        return self


class Drain(Model):
    """One entry of `elastic_order`: take from `phase` until it has `to` minutes left (its minimum if absent)."""

    phase: Identifier
    to: float | None = Field(default=None, gt=0)


class People(Model):
    minimum: int = Field(ge=2, le=12)
    planned: int = Field(ge=2, le=12)
    maximum: int = Field(ge=2, le=12)


class Script(Model):
    """A whole script. `people` counts the members (client and consultants), without the facilitator."""

    id: ScriptName
    version: int = Field(ge=1)
    title: Text
    summary: Text
    people: People
    hand_over_s: int = Field(default=6, ge=0, le=60)
    turn_overrun: TurnOverrun = TurnOverrun()
    elastic_order: tuple[Drain, ...]
    charter: tuple[Text, ...] = ()
    lobby: tuple[CaptureSpec, ...] = ()
    """What may be written before the start."""
    phases: tuple[Phase, ...] = Field(min_length=1)

    @cached_property
    def planned_ms(self) -> int:
        return sum(phase.planned_ms for phase in self.phases)

    def phase(self, phase_id: str) -> Phase:
        """The phase of that id. Raises KeyError."""
        for phase in self.phases:
            if phase.id == phase_id:
                return phase
        raise KeyError(phase_id)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [phase.id for phase in self.phases]
        for twice in {name for name in ids if ids.count(name) > 1}:
            raise ValueError(f"phases: {twice} stands twice")
        captures = [capture.id for phase in self.phases for capture in phase.captures] + [c.id for c in self.lobby]
        for twice in {name for name in captures if captures.count(name) > 1}:
            raise ValueError(f"captures: {twice} stands twice")
        for phase in self.phases:
            for capture in phase.captures:
                for name in capture.also_in:
                    if name not in ids:
                        raise ValueError(f"captures: {capture.id}.also_in names no phase {name}")
        for drain in self.elastic_order:
            if drain.phase not in ids:
                raise ValueError(f"elastic_order: no phase {drain.phase}")
            phase = self.phase(drain.phase)
            if drain.to is not None and not phase.minimum <= drain.to <= phase.minutes:
                raise ValueError(
                    f"elastic_order: {drain.phase} to {drain.to} is not between its minimum and its minutes"
                )
        for phase in self.phases:
            if phase.minutes_to is not None and phase.minutes_to not in ids:
                raise ValueError(f"phases: {phase.id}.minutes_to names no phase")
        return self
