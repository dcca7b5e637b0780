"""Reads what a browser posts: bounded, and one form for both encodings. No file uploads anywhere."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException
from starlette.requests import Request

BODY_BYTES = 64 * 1024
FIELDS = 200


async def read(request: Request) -> bytes:
    """Raises HTTPException 413 as soon as more than `BODY_BYTES` have come."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES:
            raise HTTPException(413)
    return bytes(body)


async def form_or_json(request: Request) -> dict[str, Any]:
    """A JSON object as it is, or a form's fields: a list for a name that ends in `[]`, else the last value. Raises
    HTTPException 400, 413 or 415."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read(request)
    try:
        match kind:
            case "application/json":
                found = json.loads(body)
                if not isinstance(found, dict):
                    raise HTTPException(400)
                return found
            case "application/x-www-form-urlencoded" | "":
                return _form(body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise HTTPException(400) from None
    raise HTTPException(415)


def _form(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS, errors="strict"):
        if name.endswith("[]"):
            fields.setdefault(name[:-2], []).append(value)
        else:
            fields[name] = value
    return fields
