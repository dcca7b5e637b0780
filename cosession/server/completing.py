"""What may still be written after the close, as a plain form: the rest of the client's action plan, and everybody's own
word on the session.

What is open, for whom and until when is core's (`captures.writable`); here it becomes inputs, and comes back as
commands. An input is called `capture.entry.field`, its block carries the version that was seen as `capture.entry`; the
entry of a new text is `new`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cosession.core.captures import writable
from cosession.core.commands import SubmitCapture
from cosession.core.refusal import Refused
from cosession.core.script import CaptureField, CaptureSpec
from cosession.core.state import SessionState
from cosession.core.vocabulary import RefusalCode
from cosession.i18n.words import Words
from cosession.room.actor import Room
from cosession.server.keepsake import option_in_words

NEW = "new"
HOUR_MS = 3_600_000
#: What the page has words for, as `after.wrong.<code>`; anything else is `not_now`.
EXPLAINED = (RefusalCode.BAD_FIELD, RefusalCode.TOO_LONG, RefusalCode.STALE, RefusalCode.TOO_LATE)


@dataclass(frozen=True, slots=True)
class Input:
    name: str
    kind: str
    title: str
    value: str
    required: bool
    limit: int
    options: Sequence[tuple[str, str]]
    """Of a choice: each option and its words."""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One text: a capture of which there is one, one of several, or the next of several."""

    name: str
    title: str
    version: int
    new: bool
    inputs: Sequence[Input]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Blocks that are sent together. `until_ms`: session time of the deadline."""

    blocks: Sequence[Block]
    until_ms: int
    answered: bool
    """Something of it was written before."""
    wrong: bool


@dataclass(frozen=True, slots=True)
class Open:
    """`plan` belongs to phases of the session, `afterwards` is asked about it; None: nothing is open."""

    plan: Sheet | None
    afterwards: Sheet | None


@dataclass(slots=True)
class Flaws:
    """What was wrong with what somebody sent: the text as it was typed, and why, by block and by input."""

    typed: Mapping[str, str] = field(default_factory=dict)
    blocks: dict[str, str] = field(default_factory=dict)
    inputs: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.blocks or self.inputs)


def open_for(state: SessionState, seat: str, now_ms: int, words: Words, flaws: Flaws | None = None) -> Open:
    """What this seat may still write, as the page shows it. Nothing of a session that was stopped."""
    if state.stopped or state.closed_at_ms is None:
        return Open(None, None)
    flaws = flaws or Flaws()
    found = writable(state, seat, now_ms)
    return Open(
        _sheet(state, seat, [one for one in found if one[0] is not None], words, flaws),
        _sheet(state, seat, [one for one in found if one[0] is None], words, flaws),
    )


async def complete(room: Room, seat: str, form: Mapping[str, Any], words: Words) -> Flaws:
    """Write what has changed; what is wrong with the rest. May be repeated: what stands already is left alone. Raises
    `Unavailable`."""
    typed = {name: value for name, value in form.items() if isinstance(value, str)}
    flaws = Flaws(typed)
    specs = {spec.id: spec for _, spec in writable(room.state, seat, room.now_ms())}
    for name, version in typed.items():
        capture, _, entry = name.partition(".")
        if not entry or "." in entry:
            continue
        known = room.state.spec(capture)
        if known is None:
            continue
        fields = {one.id: typed.get(f"{name}.{one.id}", "") for one in known.fields}
        if _stands(room.state, seat, known, entry, fields):
            continue
        command = SubmitCapture.model_construct(
            capture=capture,
            fields=fields,
            version=int(version) if version.isdecimal() and len(version) < 9 else 0,
            entry=int(entry) if entry.isdecimal() and len(entry) < 9 and known.many else None,
        )
        try:
            await room.ask(command, seat)
        except Refused as refusal:
            _explain(flaws, name, specs.get(capture, known), refusal, words)
    return flaws


def _stands(state: SessionState, seat: str, spec: CaptureSpec, entry: str, fields: Mapping[str, str]) -> bool:
    """Nothing was typed that this seat has not written already: a form sent twice writes once."""
    wanted = {name: text.replace("\r\n", "\n").strip() for name, text in fields.items() if text.strip()}
    mine = [one for one in state.captures if one.seat == seat and one.capture == spec.id]
    if entry == NEW:
        return not wanted or any(one.fields == wanted for one in mine)
    return any(str(one.entry) == entry and one.fields == wanted for one in mine)


def _explain(flaws: Flaws, block: str, spec: CaptureSpec, refusal: Refused, words: Words) -> None:
    code = refusal.code if refusal.code in EXPLAINED else RefusalCode.NOT_NOW
    wrong = next((one for one in spec.fields if f"{spec.id}.{one.id}" == refusal.field), None)
    limit = 0 if wrong is None else wrong.max_length
    said_so = words(f"after.wrong.{code.value}", limit=limit)
    if wrong is None:
        flaws.blocks[block] = said_so
    else:
        flaws.inputs[f"{block}.{wrong.id}"] = said_so


def _sheet(
    state: SessionState, seat: str, open_now: Sequence[tuple[str | None, CaptureSpec]], words: Words, flaws: Flaws
) -> Sheet | None:
    if not open_now or state.closed_at_ms is None:
        return None
    blocks = [block for key, spec in open_now for block in _blocks(state, seat, key, spec, words, flaws)]
    return Sheet(
        blocks,
        state.closed_at_ms + min(spec.open_h for _, spec in open_now) * HOUR_MS,
        answered=any(not block.new for block in blocks),
        wrong=any(block.wrong or any(one.wrong for one in block.inputs) for block in blocks),
    )


def _blocks(
    state: SessionState, seat: str, key: str | None, spec: CaptureSpec, words: Words, flaws: Flaws
) -> Iterator[Block]:
    mine = [one for one in state.captures if (one.seat, one.capture, one.phase) == (seat, spec.id, key)]
    known = [(str(one.entry), one.version, one.fields) for one in mine]
    if spec.many or not known:
        known.append((NEW, 0, {}))
    for entry, version, fields in known:
        name = f"{spec.id}.{entry}"
        yield Block(
            name,
            words.said(spec.title),
            version,
            entry == NEW,
            [_input(spec, one, name, fields.get(one.id, ""), words, flaws) for one in spec.fields],
            flaws.blocks.get(name, ""),
        )


def _input(spec: CaptureSpec, one: CaptureField, block: str, value: str, words: Words, flaws: Flaws) -> Input:
    name = f"{block}.{one.id}"
    return Input(
        name,
        one.kind,
        words.said(one.title),
        flaws.typed.get(name, value),
        one.required,
        one.max_length,
        [(option, option_in_words(spec, option, words)) for option in one.options],
        flaws.inputs.get(name, ""),
    )
