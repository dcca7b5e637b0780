"""How what earlier builds stored is read: each step lifts a record, or a stored script, from one format to the next.

A record names its format (`events.FORMAT` when it was written), the script in a session's first event its own
(`script.FORMAT`). To change what an event holds: run `tests.golden.make` on the build before, raise the format, add a
step to the table here. A step may look at the state in which the event happened, because an old record may lack what a
rule decided; the rules of that time are then kept with the step, and never change again.

The log itself is never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cosession.core import events, script
from cosession.core.state import SessionState
from cosession.room.upcasters import format_1, script_1

Fields = dict[str, Any]
Step = Callable[[Fields, SessionState | None, int], Fields]
"""From an event's fields (with its `type`), the state in which it happened and its session time, to the next format."""

RECORDS: Mapping[int, Step] = {1: format_1.lift}
"""By the format that a step lifts."""

SCRIPTS: Mapping[int, Callable[[Fields], Fields]] = {1: script_1.lift}
"""By the format of the script's data that a step lifts: from the fields of `session_created` with its `script`, and how
that speaks, to the same in the next format."""


class Newer(Exception):
    """A newer version of cosession wrote this; it is as good as it ever was."""

    def __init__(self, what: str, found: int, known: int) -> None:
        super().__init__(
            f"{what} was written by a newer version of cosession (format {found}, this one reads up to {known}): "
            "install that version"
        )


def require_known(found: int) -> None:
    """Raises `Newer` for a record that this build cannot read."""
    if found > events.FORMAT:
        raise Newer("it", found, events.FORMAT)


def lift(fields: Fields, found: int, state: SessionState | None, at_ms: int) -> Fields:
    """The fields in today's format. Raises `Newer`, or `ValueError` for what is no event of that format."""
    for number in range(found, events.FORMAT):
        try:
            fields = RECORDS[number](fields, state, at_ms)
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise ValueError(f"no {fields.get('type')} of format {number}") from error
    if fields.get("type") == "session_created":
        fields = _with_script(fields)
    return fields


def _with_script(fields: Fields) -> Fields:
    """With the session's script in today's form."""
    found = fields.get("script_format")
    if not isinstance(found, int) or not isinstance(fields.get("script"), dict):
        raise ValueError("a session without a script")
    if found > script.FORMAT:
        raise Newer("its script", found, script.FORMAT)
    for number in range(found, script.FORMAT):
        fields = SCRIPTS[number](fields)
    return {**fields, "script_format": script.FORMAT}
