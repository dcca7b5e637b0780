"""The nodes of a YAML 1.2 file, each with its place, within limits: no file costs more than a second and 50 MB.

ruamel reads the text and says what comes next (events with their line and column); what that is worth is said here:
the core schema of YAML 1.2 (section 10.3.2), merge keys (`<<`), and nothing else. So a date is a text, and there is no
tag that makes an object. What an alias repeats is counted each time, as whoever reads the nodes meets it each time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from io import StringIO
from math import isfinite
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

#: The largest script that is delivered has 2,000, and needs a depth of 8.
NODES = 5_000
DEPTH = 30
#: A list has at most so many entries, a text, a field's name and a number so many characters.
ENTRIES = 100
TEXT_CHARACTERS = 4_000
NAME_CHARACTERS = 100
NUMBER_CHARACTERS = 20

#: Line and column, from 0.
Place = tuple[int, int]
Scalar = str | int | float | bool | None

#: What no text file has: control characters, halves of pairs. In quotes they can be written as escapes.
NO_TEXT = re.compile(r"[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_CORE = "tag:yaml.org,2002:"
_TAGS: dict[str, tuple[type, ...]] = {
    f"{_CORE}null": (type(None),),
    f"{_CORE}bool": (bool,),
    f"{_CORE}int": (int,),
    f"{_CORE}float": (int, float),
}


class Slip(Exception):
    """What is wrong at a place of a text."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place = place
        self.text = text


@dataclass(frozen=True, slots=True)
class Node:
    """A value, where it begins, how many nodes it counts for and how deep it is. A mapping has the places of its
    fields' names beside their values."""

    place: Place
    content: Scalar | list[Node] | dict[str, tuple[Place, Node]]
    size: int = 1
    height: int = 0


def read(text: str) -> Node | None:
    """The root of the one document in `text`; None if there is none. Raises `Slip`."""
    unfit = NO_TEXT.search(text)
    if unfit:
        raise Slip(place_in(text[: unfit.start()]), f"a character that no text has (U+{ord(unfit[0]):04X}): delete it")
    reader = _Reader()
    try:
        with closing(YAML(typ="safe", pure=True).parse(StringIO(text))) as events:
            return reader.document(events)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Slip((mark.line, mark.column) if mark else reader.place, f"not YAML: {_plainly(error.problem)}") from None
    except (YAMLError, ValueError, OverflowError) as error:
        # Of escapes that name no character ruamel makes what Python makes of them.
        raise Slip(reader.place, f"not YAML from here on: {type(error).__name__}") from None


#: What the parser says of the slips that people make, said with the fix.
_SLIPS = {
    "found character '\\t'": "a tab: indent with spaces",
    "mapping values are not allowed": "a second `:` in one value, or a line further in than the one before: put a text "
    "with `:` in quotes, or give the fields of one part the same indentation",
    "expected <block end>": "this line stands further out or in than its neighbours: give the fields of one part the "
    "same indentation",
    "expected ',' or ']'": "a list is not closed: add `]`",
    "expected ',' or '}'": "a mapping is not closed: add `}`",
    "found unexpected end of stream": "a quotation mark is not closed: add it",
    "could not find expected ':'": "a field without `:` above: write `name: value`",
}


def _plainly(problem: str | None) -> str:
    said = problem or "cannot be read"
    return next((fix for slip, fix in _SLIPS.items() if said.startswith(slip)), said)


def place_in(before: str) -> Place:
    """Where the text after `before` begins."""
    return before.count("\n"), len(before) - before.rfind("\n") - 1


class _Reader:
    """Makes nodes of events. `place` is that of the last event."""

    def __init__(self) -> None:
        self.place: Place = (0, 0)
        self._anchors: dict[str, Node | None] = {}
        """By name; None while the node that has it is being read."""
        self._count = 0

    def document(self, events: Iterator[Any]) -> Node | None:
        self._events = events
        self._next()
        if isinstance(self._next(), StreamEndEvent):
            return None
        root = self._node(self._next(), 0)
        self._next()
        if isinstance(self._next(), DocumentStartEvent):
            raise Slip(self.place, "a second document begins here; a file has one")
        return root

    def _next(self) -> Any:
        event = next(self._events)
        self.place = (event.start_mark.line, event.start_mark.column)
        return event

    def _counts(self, nodes: int) -> None:
        self._count += nodes
        if self._count > NODES:
            raise Slip(self.place, f"more than {NODES} values, those that aliases repeat counted each time: say less")

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, AliasEvent):
            return self._repeated(event.anchor, depth)
        place, before = self.place, self._count
        self._counts(1)
        self._begins(depth)
        if event.anchor:
            self._anchors[event.anchor] = None
        content: Any
        if isinstance(event, ScalarEvent):
            content, height = self._scalar(event), 0
        else:
            if event.tag not in (None, "!", f"{_CORE}map", f"{_CORE}seq"):
                raise _unknown_tag(place, event.tag)
            whole = self._list(depth) if isinstance(event, SequenceStartEvent) else self._mapping(depth)
            content = whole
            inner = whole if isinstance(whole, list) else [node for _, node in whole.values()]
            height = max((node.height + 1 for node in inner), default=0)
        node = Node(place, content, self._count - before, height)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _begins(self, depth: int) -> None:
        if depth > DEPTH:
            raise Slip(self.place, f"more than {DEPTH} levels, one inside the other: nothing is so deep")

    def _repeated(self, anchor: str, depth: int) -> Node:
        if anchor not in self._anchors:
            raise Slip(self.place, f"there is no &{anchor[:NAME_CHARACTERS]} before this")
        node = self._anchors[anchor]
        if node is None:
            raise Slip(self.place, f"*{anchor[:NAME_CHARACTERS]} stands inside what it repeats")
        self._counts(node.size)
        self._begins(depth + node.height)
        return node

    def _list(self, depth: int) -> list[Node]:
        entries: list[Node] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            if len(entries) == ENTRIES:
                raise Slip(self.place, f"more than {ENTRIES} entries in one list: say less")
            entries.append(self._node(event, depth + 1))
        return entries

    def _mapping(self, depth: int) -> dict[str, tuple[Place, Node]]:
        fields: dict[str, tuple[Place, Node]] = {}
        merged: dict[str, tuple[Place, Node]] | None = None
        while not isinstance(event := self._next(), MappingEndEvent):
            place, name = self.place, self._name(event, depth)
            if name in fields:
                raise Slip(place, f"{name} stands twice, in line {fields[name][0][0] + 1} too: delete one")
            value = self._node(self._next(), depth + 1)
            fields[name] = place, value
            if name == "<<" and event.implicit[0]:
                merged = _merged(place, value)
        if merged is None:
            return fields
        del fields["<<"]
        return {**merged, **fields}

    def _name(self, event: Any, depth: int) -> str:
        if not isinstance(event, ScalarEvent) or not event.value or "\n" in event.value:
            raise Slip(self.place, "a field's name is a word: write one")
        if len(event.value) > NAME_CHARACTERS:
            raise Slip(self.place, f"a field's name of more than {NAME_CHARACTERS} characters: shorten it")
        self._node(event, depth)
        return str(event.value)

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        tag: str | None = event.tag
        if tag is None:
            return self._plain(text) if event.implicit[0] else self._text(text)
        if tag in ("!", f"{_CORE}str"):
            return self._text(text)
        if tag not in _TAGS:
            raise _unknown_tag(self.place, tag)
        value = self._plain(text)
        if type(value) not in _TAGS[tag]:
            raise Slip(self.place, f"{text[:NAME_CHARACTERS]!r} is no {tag.removeprefix(_CORE)}: correct it")
        return value

    def _text(self, text: str) -> str:
        if len(text) > TEXT_CHARACTERS:
            raise Slip(self.place, f"a text of more than {TEXT_CHARACTERS} characters: shorten it")
        unfit = NO_TEXT.search(text)
        if unfit:
            raise Slip(self.place, f"a text with a character that none has (U+{ord(unfit[0]):04X}): leave it out")
        return text

    def _plain(self, text: str) -> Scalar:
        """What stands without quotes."""
        if text in _WORDS:
            return _WORDS[text]
        number = _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text)
        if number is None:
            return self._text(text)
        if len(text) > NUMBER_CHARACTERS:
            raise Slip(self.place, f"a number of more than {NUMBER_CHARACTERS} characters: shorten it")
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        value = float("inf") if text[-1] in "fFnN" else float(text)
        if not isfinite(value):
            raise Slip(self.place, "no number to count with: write a finite one")
        return value


def _merged(place: Place, value: Node) -> dict[str, tuple[Place, Node]]:
    """The fields that `<<` brings: those of a mapping, or of several, of which the first counts."""
    result: dict[str, tuple[Place, Node]] = {}
    for source in reversed(value.content) if isinstance(value.content, list) else (value,):
        if not isinstance(source.content, dict):
            raise Slip(place, "<< brings the fields of a mapping, or of a list of mappings")
        result |= source.content
    return result


def _unknown_tag(place: Place, tag: str) -> Slip:
    said = f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag
    return Slip(place, f"{said[:NAME_CHARACTERS]} means nothing here: leave it out")
