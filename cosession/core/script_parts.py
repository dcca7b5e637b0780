"""The parts of a script: texts, steps, captures, cues, phases. What holds between phases is in `script`.

Pure. Each rule of a part stands at the field that it is about, so that an error points there. Source: method.md, "The
default script"; decisions 1, 3, 31.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints, ValidationInfo, field_validator

from cosession.core.flaws import refuse
from cosession.core.vocabulary import Bell, DropPolicy, Family, FloorMode, Formality, Overtime, Reveal, Visibility, Who

TAG = re.compile("[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?")
#: A language by its tag: language, and script and region where they matter (RFC 5646): `fr`, `pt-BR`. Which languages
#: there are is not known here: whoever takes one in asks `i18n`.
Language = Annotated[str, StringConstraints(pattern=f"^{TAG.pattern}$")]
#: Behind the tag of a language: what it says to a group that wants the familiar form (*tu*, *du*).
FAMILIAR = f"-{Formality.FAMILIAR}"
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ScriptName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


_KEY = re.compile(f"{TAG.pattern}(?:{FAMILIAR})?")


class Text(RootModel[dict[str, Annotated[str, StringConstraints(min_length=1, max_length=400)]]]):
    """One text by language, for instance `{fr: Pause, en: Break}`; `fr-familiar` is what French says to a group that
    wants the familiar form, where it differs (`script.spoken_to`). A cue reads well under 140 characters."""

    model_config = ConfigDict(
        frozen=True,
        json_schema_extra={"minProperties": 1, "propertyNames": {"pattern": f"^{_KEY.pattern}$"}},
    )

    @field_validator("root")
    @classmethod
    def _by_language(cls, texts: dict[str, str]) -> dict[str, str]:
        if not texts:
            raise ValueError("needs a text in one language at least, for instance {fr: Pause}")
        refuse(((key,), _NO_TAG) for key in texts if not _KEY.fullmatch(key))
        refuse(
            ((key,), f"needs a text in {key.removesuffix(FAMILIAR)} beside it")
            for key in texts
            if key.removesuffix(FAMILIAR) not in texts
        )
        return texts

    def in_(self, language: Language) -> str:
        """What somebody reads who reads this language."""
        return in_language(self.root, language)

    def beginning_with(self, language: Language) -> Text:
        """The same text with this language first, if it has it."""
        first = {language: self.root[language]} if language in self.root else {}
        return Text.model_construct(root={**first, **self.root})


_NO_TAG = f"is no tag of a language: fr, pt-BR, or fr{FAMILIAR} for what a group reads that wants the familiar form"


def in_language(texts: Mapping[str, str], language: Language) -> str:
    """The text in this language; where it lacks, the first one, which is that of the language in which the script was
    written (`Script`)."""
    return texts.get(language) or next(iter(texts.values()))


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
    turn_max_s: int | None = Field(default=None, ge=3, le=1800)
    """A round's turns grow to this where fewer people are there than planned; left out, they stay at `turn_s`."""
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

    @field_validator("turn_max_s")
    @classmethod
    def _grows(cls, seconds: int | None, info: ValidationInfo) -> int | None:
        if seconds is not None and info.data.get("floor", FloorMode.ROUND) is not FloorMode.ROUND:
            raise ValueError("is for a round only")
        if seconds is not None and seconds < (info.data.get("turn_s") or 0):
            raise ValueError("turn_max_s is shorter than turn_s")
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


#: What nobody reaches who writes what is said: in the longest `questions` (38 min) a scribe notes about forty.
CEILING = 60


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
    at_most: int | None = Field(default=None, ge=2, le=100)
    """Of several, so many by one author in one phase; `CEILING` if left out."""
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

    @property
    def ceiling(self) -> int | None:
        """How many of it one author writes in one phase at most; None for what there is one of."""
        return self.at_most or (CEILING if self.many else None)

    @property
    def of_client(self) -> bool:
        """It belongs to the client for whom it was written: it was written to help, or by the client alone."""
        return self.for_client or self.by == (Who.CLIENT,)

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
