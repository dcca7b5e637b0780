"""Form 1 of a session's script, of the builds before 2026-12: texts in French and English alone.

A text was `{fr, en, tu}`, where `tu` was the French for a group that says *tu*. A session said so by its `address`.
"""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]


def lift(fields: Fields) -> Fields:
    """The fields of `session_created` in which `script` and `formality` have form 2: texts by language."""
    familiar = fields.get("address") == "tu"
    kept = {name: value for name, value in fields.items() if name != "address"}
    script = {**_by_language(fields["script"]), "language": "fr"}
    return {**kept, "script": script, "formality": "familiar" if familiar else "formal"}


def _by_language(value: Any) -> Any:
    match value:
        case {"fr": str(french), "en": str(english), **rest} if rest.keys() <= {"tu"}:
            tu = {} if rest.get("tu") is None else {"fr-familiar": rest["tu"]}
            return {"fr": french, **tu, "en": english}
        case dict():
            return {name: _by_language(inner) for name, inner in value.items()}
        case list():
            return [_by_language(inner) for inner in value]
    return value
