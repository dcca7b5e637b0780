"""The wire as TypeScript: `web/src/wire.gen.ts`, written from the JSON Schema of the pydantic messages.

The output depends on nothing but the models and is sorted, so that a drift can be told by comparing text. What a
browser sends is described as it is read (fields with a default may be left out), what the server sends as it is
written (all fields are there). A shape that goes both ways must be the same both ways, otherwise generation fails.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from pydantic import TypeAdapter

from cosession.core.commands import SeatCommand
from cosession.wire.http import Boot, CheckBoot, LinkView
from cosession.wire.messages import (
    BAD_IN_A_ROW,
    BROWSER_MESSAGE,
    MESSAGE_BYTES,
    OFFER_BYTES,
    SERVER_MESSAGE,
    CheckRung,
    ErrorCode,
    Quality,
    Rung,
)

Schema = Mapping[str, Any]
Mode = Literal["validation", "serialization"]

HEADER = """\
// The wire between browser and server, as types. Written by `cosession schema` from cosession/wire: do not edit,
// change the pydantic messages and run `cosession schema`.
"""

#: Closed lists that are not enums in Python, so that JSON Schema does not name them.
_LISTS: Mapping[str, tuple[str, ...]] = {
    "CheckRung": get_args(CheckRung),
    "ErrorCode": get_args(ErrorCode),
    "Quality": get_args(Quality),
    "Rung": get_args(Rung),
}
_NAME_OF_LIST = {values: name for name, values in _LISTS.items()}
_SEAT_COMMANDS = set(TypeAdapter(SeatCommand).json_schema()["discriminator"]["mapping"])


class Inexpressible(Exception):
    """A model uses something that has no TypeScript counterpart here; the text names the place."""


def typescript() -> str:
    """The whole text of `wire.gen.ts`. Raises `Inexpressible`."""
    types: dict[str, str] = {name: _words(name, values) for name, values in _LISTS.items()}
    roots: list[tuple[str, TypeAdapter[Any], Mode]] = [
        ("BrowserMessage", BROWSER_MESSAGE, "validation"),
        ("SeatCommand", TypeAdapter(SeatCommand), "validation"),
        ("ServerMessage", SERVER_MESSAGE, "serialization"),
        ("Boot", TypeAdapter(Boot), "serialization"),
        ("CheckBoot", TypeAdapter(CheckBoot), "serialization"),
        ("LinkView", TypeAdapter(LinkView), "serialization"),
    ]
    for root, adapter, mode in roots:
        schema = adapter.json_schema(mode=mode)
        definitions = dict(schema.pop("$defs", {}))
        for name, definition in [*definitions.items(), (root, schema)]:
            text = _declaration(name, definition, mode)
            if types.setdefault(name, text) != text:
                raise Inexpressible(f"{name} goes both ways and differs: give each way a type of its own")
    limits = {"MESSAGE_BYTES": MESSAGE_BYTES, "OFFER_BYTES": OFFER_BYTES, "BAD_IN_A_ROW": BAD_IN_A_ROW}
    constants = "".join(f"export const {name} = {value};\n" for name, value in limits.items())
    return "\n".join([HEADER, constants, *(types[name] for name in sorted(types))])


def _declaration(name: str, schema: Schema, mode: Mode) -> str:
    comment = _comment(schema.get("description"))
    if "enum" in schema:
        return comment + _words(name, schema["enum"])
    if schema.get("type") == "object" and "properties" not in schema and "additionalProperties" in schema:
        return f"{comment}export type {name} = {_type(name, schema)};\n"
    if schema.get("type") == "object":
        return f"{comment}export interface {name} {{\n{_fields(name, schema, mode)}}}\n"
    branches = [_type(name, branch) for branch in schema.get("oneOf", ())]
    if not branches:
        raise Inexpressible(f"{name}: neither a list of words, an object nor a union")
    return comment + _union(name, sorted(branches))


def _fields(name: str, schema: Schema, mode: Mode) -> str:
    required = set(schema.get("required", ()))
    lines = []
    for field, value in schema.get("properties", {}).items():
        # A tag has a default in Python, yet it is what tells the messages apart: never optional.
        always = mode == "serialization" or field in required or "const" in value
        lines.append(f"  {field}{'' if always else '?'}: {_type(f'{name}.{field}', value)};\n")
    return "".join(lines)


def _type(place: str, schema: Schema) -> str:
    match schema:
        case {"$ref": reference}:
            return str(reference).removeprefix("#/$defs/")
        case {"const": value}:
            return json.dumps(value)
        case {"enum": values}:
            return _NAME_OF_LIST.get(tuple(values)) or " | ".join(json.dumps(value) for value in values)
        case {"discriminator": {"mapping": tags}} if set(tags) == _SEAT_COMMANDS:
            return "SeatCommand"
        case {"anyOf": branches} | {"oneOf": branches}:
            return " | ".join(_type(place, branch) for branch in branches)
        case {"type": "array", "prefixItems": items}:
            return f"[{', '.join(_type(place, item) for item in items)}]"
        case {"type": "array", "items": items}:
            inner = _type(place, items)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case {"type": "object", "additionalProperties": dict() as values}:
            return f"Record<string, {_type(place, values)}>"
        case {"type": "string" | "boolean" | "null" as plain}:
            return str(plain)
        case {"type": "integer" | "number"}:
            return "number"
    raise Inexpressible(f"{place}: {json.dumps(schema)}")


def _words(name: str, values: Iterable[str]) -> str:
    return _union(name, (json.dumps(value) for value in values))


def _union(name: str, branches: Iterable[str]) -> str:
    return f"export type {name} =\n" + "\n".join(f"  | {branch}" for branch in branches) + ";\n"


def _comment(text: str | None) -> str:
    if not text:
        return ""
    lines = textwrap.wrap(" ".join(text.split()), 110)
    if len(lines) == 1:
        return f"/** {lines[0]} */\n"
    return "/**\n" + "".join(f" * {line}\n" for line in lines) + " */\n"
