"""From bytes off a socket to a message of the wire, or to the error that names the place and the fix.

Strict where JSON readers are lax: no NaN or Infinity, no key twice, no deep nesting, no lone surrogate, UTF-8 only,
sizes bounded (decision 17; faults.md: 64 KiB of JSON cost 5 ms at worst, so the size is looked at first)."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from pydantic import ValidationError

from cosession.wire.messages import BROWSER_MESSAGE, MESSAGE_BYTES, OFFER_BYTES, BrowserMessage, ErrorCode, ErrorMessage

MAX_NESTING = 20
_ID = re.compile(r"^[A-Za-z0-9_-]{8,40}\Z")


class BadMessage(Exception):
    """What came is no message. `error` is the answer; it never quotes what came."""

    def __init__(self, error: ErrorMessage) -> None:
        super().__init__(error.code)
        self.error = error


def read(data: str | bytes) -> BrowserMessage:
    """The message in `data`. Raises `BadMessage`, and nothing else whatever came."""
    size = measure(data)
    if size > OFFER_BYTES:
        raise _bad("too_large", "", f"at most {MESSAGE_BYTES} bytes, a media offer {OFFER_BYTES}")
    raw = _strict_json(data)
    if not isinstance(raw, dict):
        raise _bad("bad_message", "", "send a JSON object")
    if size > MESSAGE_BYTES and raw.get("type") != "media_offer":
        raise _bad("too_large", "", f"at most {MESSAGE_BYTES} bytes", raw)
    try:
        return BROWSER_MESSAGE.validate_python(raw)
    except ValidationError as error:
        raise _invalid(error, raw) from None


def measure(data: str | bytes) -> int:
    """Bytes of UTF-8."""
    return len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))


def _strict_json(data: str | bytes) -> Any:
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite)
        _check(value)
    except UnicodeError:
        raise _bad("not_json", "", "send UTF-8 without lone surrogates") from None
    except RecursionError:
        raise _bad("not_json", "", f"nest at most {MAX_NESTING} deep") from None
    except json.JSONDecodeError as error:
        raise _bad("not_json", f"character {error.pos}", error.msg) from None
    except ValueError as error:
        raise _bad("not_json", "", str(error)) from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return value


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _check(value: Any) -> None:
    """Refuse nesting beyond the limit and strings that cannot be written as UTF-8."""
    level, depth = [value], 0
    while level:
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                item.encode("utf-8")
            elif isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        depth += any(isinstance(item, (dict, list)) for item in level)
        if depth > MAX_NESTING:
            raise ValueError(f"nest at most {MAX_NESTING} deep")
        level = below


def _invalid(error: ValidationError, raw: dict[str, Any]) -> BadMessage:
    """The first thing that is wrong, at its place in the message as it was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    tags = {kind for kind in (raw.get("type"), _type_of(raw.get("command"))) if isinstance(kind, str)}
    # The location names the chosen member of a union by its tag; the sender knows only the path. A tag stands at the
    # beginning, or behind `command`.
    place: list[str] = []
    for index, part in enumerate(first["loc"]):
        tag = part in tags and (index == 0 or (index == 2 and place == ["command"]))
        if not tag:
            place.append(str(part)[:60])
    if first["type"] in ("union_tag_invalid", "union_tag_not_found"):
        code: ErrorCode = "bad_message" if place else "unknown_type"
        return _bad(code, ".".join([*place, "type"]), "name a type that protocols/wire.md knows", raw)
    return _bad("bad_message", ".".join(place), first["msg"][:200], raw)


def _type_of(value: Any) -> Any:
    return value.get("type") if isinstance(value, dict) else None


def _bad(code: ErrorCode, place: str, fix: str, raw: dict[str, Any] | None = None) -> BadMessage:
    message_id = (raw or {}).get("id")
    known = isinstance(message_id, str) and _ID.match(message_id) is not None
    return BadMessage(ErrorMessage(id=message_id if known else None, code=code, place=place, fix=fix))
