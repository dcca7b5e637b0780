"""How an event becomes bytes, and how events are chained (decision 9). Pure: no database, no keys.

`hash = SHA-256(frame(previous hash, seq, type, at_ms, meta, owner, generation, ciphertext))`, where `previous` of the
first event is the hash of the stream's name, so that no stream passes for another. Every field of the row is in it.

`frame` writes each part as one byte of kind (`n` nothing, `i` integer, `s` text, `b` bytes), its length in eight bytes,
big-endian, and its bytes; integers in decimal, text in UTF-8. Different parts therefore never give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any


def frame(*parts: str | int | bytes | None) -> bytes:
    """The parts, one after the other, in the form described above."""
    framed = bytearray()
    for part in parts:
        if part is None:
            kind, data = b"n", b""
        elif isinstance(part, str):
            kind, data = b"s", part.encode()
        elif isinstance(part, bytes):
            kind, data = b"b", part
        else:
            kind, data = b"i", b"%d" % part
        framed += kind
        framed += len(data).to_bytes(8, "big")
        framed += data
    return bytes(framed)


def first_link(session: str) -> bytes:
    """What stands before the first event of a stream. 32 bytes."""
    return sha256(frame("cosession stream", 1, session)).digest()


def link(
    previous: bytes,
    seq: int,
    type: str,
    at_ms: int,
    meta: str,
    owner: str | None,
    generation: int | None,
    ciphertext: bytes | None,
) -> bytes:
    """The hash of one event after `previous`. 32 bytes."""
    return sha256(frame(previous, seq, type, at_ms, meta, owner, generation, ciphertext)).digest()


def to_json(value: Mapping[str, Any]) -> str:
    """Compact JSON with sorted keys. Raises `ValueError` or `TypeError` for what JSON or UTF-8 cannot carry (NaN, lone
    surrogates, other types)."""
    text = json.dumps(dict(value), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    text.encode()
    return text


def from_json(text: str | bytes) -> dict[str, Any]:
    """What `to_json` was given."""
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value
