"""The JSON Schema of script files, for editors: completion, hints and red lines while somebody writes YAML.

It is made from the model (`core.script`), from what `scripts` allows besides (`extends`, `omit`, `minutes`, parts of
phases), and from the tables of `protocols/README.md`, whose words appear as hints: one place says what a field means.
What only the reader of scripts can tell (does that phase exist?) is not in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cosession.core.script import Script

Schema = dict[str, Any]

#: Tables of README.md and the model that each of them describes.
TABLES = {
    "The script": "Script",
    "A phase": "Phase",
    "A step": "Step",
    "A capture": "CaptureSpec",
    "field of a field": "CaptureField",
    "Extending a script": "Extension",
}
_ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| (.+) \|$")
_ID = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,39}$"}


def schema(readme: str) -> str:
    """The text of `script.schema.json`. `readme`: the text of protocols/README.md."""
    whole: Schema = Script.model_json_schema()
    definitions: dict[str, Schema] = whole.pop("$defs")
    _untitled(whole)
    for definition in definitions.values():
        _untitled(definition)
    hints = hints_of(readme)
    for name, definition in [("Script", whole), *definitions.items()]:
        for field, hint in hints.get(name, {}).items():
            definition["properties"][field]["description"] = hint
    definitions["PartOfPhase"] = _part(definitions["Phase"], hints["Extension"]["phases"])
    extending: dict[str, Schema] = {
        "extends": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,39}$"},
        "omit": {"type": "array", "items": _ID},
        "minutes": {
            "type": "object",
            "propertyNames": _ID,
            "additionalProperties": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
        },
    }
    for field, said in extending.items():
        said["description"] = hints["Extension"][field]
    part = {"properties": {"phases": {"items": {"$ref": "#/$defs/PartOfPhase"}}}, "required": ["extends", "id"]}
    full = {
        "properties": {"phases": whole["properties"]["phases"], **dict.fromkeys(("omit", "minutes"), False)},
        # Left out, it is the first of `title`.
        "required": [field for field in whole["required"] if field != "language"],
    }
    phases = {"type": "array", "description": whole["properties"]["phases"]["description"]}
    document = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A script of a session",
        "description": "Written by `cosession script schema`: do not edit.",
        "type": "object",
        "properties": {**extending, **whole["properties"], "phases": phases},
        "additionalProperties": False,
        "if": {"required": ["extends"]},
        "then": part,
        "else": full,
        "$defs": dict(sorted(definitions.items())),
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def hints_of(readme: str) -> dict[str, dict[str, str]]:
    """What the tables of README.md say of each field, by model."""
    found: dict[str, dict[str, str]] = {}
    heading, model = "", None
    lines = readme.splitlines()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif following.startswith("|---"):
            first = line.split(" | ")[0].removeprefix("| ")
            model = TABLES.get(heading if first == "field" else first)
        row = _ROW.match(line)
        if row and model:
            for name in re.findall(r"`(\w+)`", row[1]):
                found.setdefault(model, {})[name] = row[2]
    return found


def _part(phase: Mapping[str, Any], description: str) -> Schema:
    """A phase of which only what differs is said."""
    after = {**_ID, "description": "The phase stands after this one: a known one moves, a new one is inserted."}
    properties = {**phase["properties"], "after": after}
    return {**phase, "description": description, "properties": properties, "required": ["id"]}


def _untitled(node: Any) -> None:
    """Without the titles that pydantic derives from names: the names stand beside them."""
    if isinstance(node, dict):
        if isinstance(node.get("title"), str):
            del node["title"]
        for child in node.values():
            _untitled(child)
    elif isinstance(node, list):
        for child in node:
            _untitled(child)
