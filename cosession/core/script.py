"""A script: the phases of a session as data, validated. Its files live in `protocols/`.

Pure: a script comes in as plain mappings (whoever reads the file keeps lines and columns). Durations are seconds of
script time in the file's fields and milliseconds in the engine. Source: method.md, "The default script"; decisions 1,
3, 31.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from cosession.core.flaws import Flaw, Loc, refuse
from cosession.core.vocabulary import (
    Bell,
    DropPolicy,
    Family,
    FloorMode,
    Guidance,
    Overtime,
    Reveal,
    Visibility,
    Who,
)

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
    tu: str | None = Field(default=None, min_length=1, max_length=400)
    """The French text for a group that says *tu*, where it differs."""


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
    who: Who = Field(default=Who.ALL, validate_default=True)
    seconds: int | None = Field(default=None, ge=5, le=7200)
    turn_s: int | None = Field(default=None, ge=3, le=1800, validate_default=True)
    min_turn_s: int | None = Field(default=None, ge=3, le=1800, validate_default=True)
    answer_s: int | None = Field(default=None, ge=3, le=1800, validate_default=True)
    """In a queue: the client's usual time to answer; `turn_s` is the asker's. In a round: the client answers each
    turn."""
    droppable: bool = False
    """A round that is left out, and said so, when its turns would fall below `min_turn_s` (decision 31)."""
    pass_welcome: bool = False
    again: bool = False
    """A round that begins anew while there is time for another turn."""
    hold_full_time: bool = False
    """The step lasts its whole time even if everybody has spoken: the silence is kept."""
    questions_only: bool = False
    """Only questions are asked, and whoever speaks is reminded of it. Typed ones are looked at where their capture says
    `lint`."""
    closed: tuple[Who, ...] = ()
    """Roles whose sound is not forwarded in this step, even if the floor mode would."""
    closed_cameras: tuple[Who, ...] = ()
    """Roles whose picture is closed in this step."""
    title: Text | None = None

    @field_validator("who")
    @classmethod
    def _one_seat(cls, who: Who, info: ValidationInfo) -> Who:
        owners = (Who.CLIENT, Who.PREVIOUS_CLIENT, Who.FACILITATOR)
        if info.data.get("floor") is FloorMode.SINGLE and who not in owners:
            raise ValueError("a single floor belongs to client, previous_client or facilitator")
        return who

    @field_validator("turn_s", "min_turn_s", "answer_s")
    @classmethod
    def _turns_have_a_length(cls, seconds: int | None, info: ValidationInfo) -> int | None:
        floor, field = info.data.get("floor"), info.field_name
        needs = {FloorMode.ROUND: ("turn_s", "min_turn_s"), FloorMode.QUEUE: ("turn_s", "answer_s")}
        if seconds is None and floor is not None and field in needs.get(floor, ()):
            raise ValueError(f"a {floor} needs {field}")
        turn_s = info.data.get("turn_s")
        if field == "min_turn_s" and seconds is not None and turn_s is not None and seconds > turn_s:
            raise ValueError("min_turn_s is longer than turn_s")
        return seconds

    @field_validator("droppable", "again", "hold_full_time", "questions_only")
    @classmethod
    def _fits_its_mode(cls, value: bool, info: ValidationInfo) -> bool:
        floor, modes = info.data.get("floor"), _MODES[str(info.field_name)]
        if value and floor is not None and floor not in modes:
            raise ValueError(f"is for {' and '.join(modes)} only")
        return value


#: The floor modes in which these words mean something.
_MODES = {
    "droppable": (FloorMode.ROUND,),
    "again": (FloorMode.ROUND,),
    "hold_full_time": (FloorMode.ROUND, FloorMode.SINGLE, FloorMode.SILENT_WRITING),
    "questions_only": (FloorMode.ROUND, FloorMode.QUEUE),
}


class CaptureField(Model):
    """One field of a capture: a text, a choice among `options`, or a date (ISO 8601)."""

    id: Identifier
    kind: Literal["text", "line", "choice", "date"] = "text"
    title: Text
    required: bool = False
    max_length: int = Field(default=2000, ge=1, le=4000)
    options: tuple[Identifier, ...] = Field(default=(), validate_default=True)

    @field_validator("options")
    @classmethod
    def _choices(cls, options: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if (info.data.get("kind") == "choice") != bool(options):
            raise ValueError("a choice, and only a choice, has options")
        return options


class CaptureSpec(Model):
    """Something that is written down in a phase (method.md: `capture`)."""

    id: Identifier
    title: Text
    by: tuple[Who, ...] = Field(min_length=1)
    fields: tuple[CaptureField, ...] = Field(min_length=1)
    visible: Visibility = Visibility.EVERYONE
    reveal: Reveal = Field(default=Reveal.NEVER, validate_default=True)
    many: bool = False
    """Several by one author; otherwise a new text is a new version of the same capture."""
    steps: tuple[int, ...] = ()
    """Steps (from 0) in which it may be written; empty: all of the phase."""
    early: bool = False
    """May also be written in the silent writing of the phase before."""
    also_in: tuple[Identifier, ...] = ()
    """Later phases in which its author may still change it, in steps that do not close the author's role."""
    in_sight: bool = False
    """Stays in everybody's sight for the rest of the session: the thread."""
    keep: bool = True
    """Handed to its author, or with `for_client` to the client, at the end."""
    for_client: bool = False
    lint: bool = False
    """Its author is told, while writing, that a question sounds like advice (`lint`)."""
    open_h: int = Field(default=0, ge=0, le=168)
    """So many hours after the close its author may still write it."""

    @field_validator("reveal")
    @classmethod
    def _hidden_is_revealed(cls, reveal: Reveal, info: ValidationInfo) -> Reveal:
        hidden = info.data.get("visible") in (Visibility.REVEAL, Visibility.NOT_CLIENT)
        if "visible" in info.data and hidden != (reveal is not Reveal.NEVER):
            raise ValueError("visible: reveal or not_client needs a reveal, the others have none")
        return reveal


class Cue(Model):
    """What a role reads in a phase. `step` narrows it to one step."""

    who: Who
    step: int | None = Field(default=None, ge=0)
    text: Text


class Drops(Model):
    """What the phase does while nobody of a role is present. Only the client can be waited for by `later` or gone on
    without by `consent`."""

    client: DropPolicy = DropPolicy.RUN
    consultants: Literal[DropPolicy.RUN, DropPolicy.HOLD] = DropPolicy.RUN
    facilitator: Literal[DropPolicy.RUN, DropPolicy.HOLD] = DropPolicy.RUN


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
    drops: Drops = Drops()
    overtime: Overtime = Overtime.SOFT
    grace_s: int = Field(default=0, ge=0, le=600, validate_default=True)
    """With `overtime: grace`: so long after its time is over the phase ends by itself."""
    bells: tuple[Bell, ...] = ()
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

    @field_validator("minimum")
    @classmethod
    def _yields(cls, minimum: float, info: ValidationInfo) -> float:
        if minimum > info.data.get("minutes", minimum):
            raise ValueError("minimum is longer than minutes")
        return minimum

    @field_validator("optional")
    @classmethod
    def _not_both(cls, optional: bool, info: ValidationInfo) -> bool:
        if optional and info.data.get("protected"):
            raise ValueError("a phase is protected or optional, not both")
        return optional

    @field_validator("grace_s")
    @classmethod
    def _grace(cls, grace_s: int, info: ValidationInfo) -> int:
        if "overtime" in info.data and (info.data["overtime"] is Overtime.GRACE) != (grace_s > 0):
            raise ValueError("overtime: grace, and only grace, has grace_s")
        return grace_s

    @field_validator("steps")
    @classmethod
    def _only_the_last_is_open(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        refuse(
            ((index,), "only a round and the last step may leave seconds out")
            for index, step in enumerate(steps[:-1])
            if step.seconds is None and step.floor is not FloorMode.ROUND
        )
        return steps

    @field_validator("captures")
    @classmethod
    def _captures_name_steps(cls, captures: tuple[CaptureSpec, ...], info: ValidationInfo) -> tuple[CaptureSpec, ...]:
        refuse(
            ((index, "steps", place), _no_step(step, info))
            for index, capture in enumerate(captures)
            for place, step in enumerate(capture.steps)
            if not 0 <= step < len(info.data.get("steps", range(step + 1)))
        )
        return captures

    @field_validator("cues")
    @classmethod
    def _cues_name_steps(cls, cues: tuple[Cue, ...], info: ValidationInfo) -> tuple[Cue, ...]:
        refuse(
            ((index, "step"), _no_step(cue.step, info))
            for index, cue in enumerate(cues)
            if cue.step is not None and cue.step >= len(info.data.get("steps", range(cue.step + 1)))
        )
        return cues


def _no_step(step: int, info: ValidationInfo) -> str:
    last = len(info.data["steps"]) - 1
    return f"step {step} is one that the phase does not have; steps are counted from 0, its last is {last}"


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
    version: int = Field(ge=1)
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

    @cached_property
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


def _no_phase(name: str, ids: list[str]) -> str:
    return f"names no phase {name}; there are: {', '.join(dict.fromkeys(ids))}"


def _unguided(phase: Phase) -> Phase:
    """Without cues, and with an open floor instead of a queue."""
    steps = tuple(
        Step(floor=FloorMode.OPEN, seconds=step.seconds, title=step.title) if step.floor is FloorMode.QUEUE else step
        for step in phase.steps
    )
    return phase.model_copy(update={"steps": steps, "cues": ()})
