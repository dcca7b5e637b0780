"""What a person takes along: their own writings; for the client everything that was written to help.

Names of contributors are left out: what is kept leaves the room without names (method.md, `closing`). One value,
shown as a page and as Markdown (`markdown`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cosession.core.captures import Kept, agreed, keepsake
from cosession.core.room_view import CaptureView
from cosession.core.script import CaptureField, CaptureSpec
from cosession.core.state import SessionState
from cosession.core.vocabulary import Family
from cosession.i18n.words import Words


@dataclass(frozen=True, slots=True)
class Line:
    """One field of something written. `label` is empty where the section's title says it all. `voice`: people's own
    words, set larger."""

    label: str
    text: str
    voice: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Group:
    """`title` is the kind that its items share, or empty."""

    title: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Section:
    capture: str
    title: str
    family: Family
    groups: Sequence[Group]


@dataclass(frozen=True, slots=True)
class Keepsake:
    """`first` is what matters most, `rest` what may be folded away."""

    first: Sequence[Section]
    rest: Sequence[Section]


#: What opens the page, in this order; everything else follows in the order of the script.
FIRST = ("request", "contribution", "retained", "action", "learning")


def keep(state: SessionState, seat: str, words: Words) -> Keepsake:
    """What is this seat's, in the reader's language. Any state will do; pages show it once the session is closed."""
    sections = [_section(state, kept, words) for kept in [*agreed(state, seat), *keepsake(state, seat)]]
    first = [section for capture in FIRST for section in sections if section.capture == capture]
    return Keepsake(first, [section for section in sections if section not in first])


def _section(state: SessionState, kept: Kept, words: Words) -> Section:
    spec = kept.spec
    phase = next((phase for phase in state.script.phases if spec in phase.captures), None)
    kind = next((field for field in spec.fields if field.kind == "choice"), None) if spec.many else None
    groups: dict[str, list[Item]] = {option: [] for option in kind.options} if kind else {}
    for view in kept.views:
        option = view.fields.get(kind.id, "") if kind else ""
        groups.setdefault(option, []).append(_item(spec, view, kind, words))
    # The script's title is written for who writes; some captures have words for who takes them along.
    own = words.texts.get(f"kept.{'client' if kept.as_client else 'others'}.{spec.id}")
    return Section(
        spec.id,
        own or words.said(spec.title),
        Family.OPEN if phase is None else phase.family,
        [Group(option_in_words(spec, option, words), items) for option, items in groups.items() if items],
    )


def _item(spec: CaptureSpec, view: CaptureView, grouped_by: CaptureField | None, words: Words) -> Item:
    if view.erased:
        return Item([Line("", words("after.erased"))])
    shown = [field for field in spec.fields if field is not grouped_by and view.fields.get(field.id)]
    return Item(
        [_line(spec, field, view.fields[field.id], words, first=not place) for place, field in enumerate(shown)]
    )


def _line(spec: CaptureSpec, field: CaptureField, text: str, words: Words, *, first: bool) -> Line:
    title = words.said(field.title)
    # The first text speaks for itself, unless its title begins the sentence that it goes on with: « J'apprends que… »
    voice = first and field.kind in ("text", "line")
    label = title if not voice or title.endswith("…") else ""
    return Line(label, _plain(spec, field, text, words), voice)


def _plain(spec: CaptureSpec, field: CaptureField, text: str, words: Words) -> str:
    """What people read: choices in words, dates as they are said."""
    match field.kind:
        case "choice":
            return option_in_words(spec, text, words)
        case "date":
            return words.day(date.fromisoformat(text), year=True)
        case _:
            return text


def option_in_words(spec: CaptureSpec, option: str, words: Words) -> str:
    """A choice as people read it. An option of a script that brings words of its own kind is shown as it is spelled."""
    return words.texts.get(f"option.{spec.id}.{option}") or words.texts.get(f"option.{option}", option)
