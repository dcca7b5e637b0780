"""Write an example of every shape on the wire that has none yet: `python -m tests.wire.make`.

`tests/wire/golden/DIRECTION/TYPE.json` holds one valid and complete example: every field is there, nothing is null that
can be more than that, every list has an entry. An example is made once from the shape's JSON Schema, reviewed, and
committed; one that stands is never written again. Python reads them in `test_golden`, TypeScript in
`web/tests/golden.test.ts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, TypeAdapter

from cosession.core.commands import SeatCommand
from cosession.wire.http import Boot, CheckBoot, LinkView
from cosession.wire.messages import BrowserMessage, ServerMessage

GOLDEN = Path(__file__).parent / "golden"
COMMAND = "python -m tests.wire.make"

#: What a browser sends is read here, what it gets is written here.
MODES: Mapping[str, Literal["validation", "serialization"]] = {
    "from_browser": "validation",
    "commands": "validation",
    "from_server": "serialization",
    "pages": "serialization",
}


def _union(annotated: Any) -> dict[str, type[BaseModel]]:
    """Tag -> shape of a union that is told apart by `type`."""
    return {shape.model_fields["type"].default: shape for shape in get_args(get_args(annotated)[0])}


SHAPES: Mapping[str, Mapping[str, type[BaseModel]]] = {
    "from_browser": _union(BrowserMessage),
    "commands": _union(SeatCommand),
    "from_server": _union(ServerMessage),
    "pages": {"boot": Boot, "check_boot": CheckBoot, "link_view": LinkView},
}

#: What stands in a text, by the name of its field; other fields hold their own name.
TEXTS: Mapping[str, str] = {
    "capture": "question",
    "connection": "3f0c9a71d2e4b586",
    "draft": "Qui pourrait t’aider\u00a0?",
    "en": "What would you like help with?",
    "fields": "Qui pourrait t’aider\u00a0?",
    "fr": "Sur quoi veux-tu de l’aide\u00a0?",
    "hash": "9a71d2e4b5863f0c",
    "id": "a1b2c3d4e5f60718",
    "key": "questions#1",
    "language": "fr",
    "lead": "f",
    "line": "Il reste deux minutes.",
    "lines": "Ce qui se dit ici reste ici.",
    "name": "Inès",
    "phase": "questions#1",
    "phases": "questions#1",
    "sdp": "v=0\r\n",
    "seen": "9a71d2e4b5863f0c",
    "session": "8f14e45fceea167a",
    "tab": "0718a1b2c3d4e5f6",
    "title": "Le groupe du mardi",
    "words": "Entrer",
}
#: Fields that name seats.
SEATS = {
    *(
        "client",
        "closed_cameras",
        "deputy",
        "done",
        "experts",
        "facilitator",
        "grantable",
        "hearable",
        "holder",
        "next",
    ),
    *("not_spoken", "order", "passed", "pause_wanted", "reserve", "seat", "seats", "spoken", "stage", "to"),
}
#: Which of several it is, where the first would leave something out or not be valid.
PREFERRED: Mapping[str, str] = {"kind": "choice", "command": "#/$defs/SubmitCapture"}


def example(shape: type[BaseModel], mode: Literal["validation", "serialization"]) -> BaseModel:
    """A valid and complete value of this shape."""
    schema = TypeAdapter(shape).json_schema(mode=mode)
    return shape.model_validate(_value(shape.__name__, schema, schema.get("$defs", {})))


def _value(name: str, schema: Mapping[str, Any], shapes: Mapping[str, Any]) -> Any:
    match schema:
        case {"$ref": "#/$defs/Text"}:
            return {"fr": TEXTS["fr"], "en": TEXTS["en"]}
        case {"$ref": reference}:
            return _value(name, shapes[str(reference).removeprefix("#/$defs/")], shapes)
        case {"const": value}:
            return value
        case {"enum": values}:
            return PREFERRED[name] if PREFERRED.get(name) in values else values[0]
        case {"oneOf": branches} if {"$ref": PREFERRED.get(name)} in branches:
            return _value(name, {"$ref": PREFERRED[name]}, shapes)
        case {"anyOf": [one, *_]} | {"oneOf": [one, *_]}:
            return _value(name, one, shapes)
        case {"properties": fields}:
            return {field: _value(field, inner, shapes) for field, inner in fields.items()}
        case {"type": "object", "additionalProperties": inner}:
            return {"text" if inner.get("type") == "string" else "p1": _value(name, inner, shapes)}
        case {"type": "object"}:
            return {}
        case {"type": "array", "prefixItems": items}:
            return [_value(name, item, shapes) for item in items]
        case {"type": "array", "items": item}:
            return [_value(name, item, shapes)]
        case {"type": "boolean"}:
            return True
        case {"type": "integer"}:
            return max(int(schema.get("minimum", 0)), min(7, int(schema.get("maximum", 7))))
        case {"type": "number"}:
            return 1234.5
        case {"type": "string"}:
            return "p1" if name in SEATS else TEXTS.get(name, name)
    raise NotImplementedError(f"{name}: {schema}")


def text(value: BaseModel) -> str:
    return value.model_dump_json(indent=2) + "\n"


def main() -> None:
    for direction, shapes in SHAPES.items():
        (GOLDEN / direction).mkdir(parents=True, exist_ok=True)
        for tag, shape in shapes.items():
            path = GOLDEN / direction / f"{tag}.json"
            if not path.exists():
                path.write_text(text(example(shape, MODES[direction])), "utf-8")
                print(f"{path}: read it, then commit it")


if __name__ == "__main__":
    main()
