"""Personal links: made from a key, not stored (decision 13).

A token is HMAC-SHA256 over session, seat and generation. Only the generation is kept, so a link can be shown again, and
renewing or revoking raises it. The same code, in a cookie for the seat's own path, lets the browser in.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

#: 144 bits: far beyond guessing, and short enough to read in a mail.
MAC_BYTES = 18
#: A link of a generation that far back is treated as unknown.
_LOOK_BACK = 200

_TOKEN = re.compile(r"([a-z0-9_-]{1,40})\.([a-z][a-z0-9]{0,7})\.([A-Za-z0-9_-]{24})", re.ASCII)


class Verdict(Enum):
    """What a code is worth."""

    HOLDS = "holds"
    ENDED = "ended"  #: it was good once: renewed or revoked since
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Token:
    session: str
    seat: str
    mac: str

    @classmethod
    def parse(cls, text: str) -> Token | None:
        match = _TOKEN.fullmatch(text)
        return cls(*match.groups()) if match else None

    def __str__(self) -> str:
        return f"{self.session}.{self.seat}.{self.mac}"


class Invitations:
    def __init__(self, master_key: bytes) -> None:
        """`master_key`: 32 bytes; the key used here is derived from it and good for nothing else."""
        self._key = HKDF(SHA256(), 32, salt=None, info=b"cosession invitations 1").derive(master_key)

    def token(self, session: str, seat: str, generation: int) -> Token:
        message = b"\0".join(part.encode() for part in (session, seat, str(generation)))
        mac = hmac.new(self._key, message, sha256).digest()[:MAC_BYTES]
        return Token(session, seat, urlsafe_b64encode(mac).decode())

    def judge(self, token: Token, generation: int, revoked: bool) -> Verdict:
        """`generation` and `revoked` are what the registry knows of the seat. Compares in constant time."""
        if self._is(token, generation):
            return Verdict.ENDED if revoked else Verdict.HOLDS
        earlier = range(generation - 1, max(-1, generation - 1 - _LOOK_BACK), -1)
        return Verdict.ENDED if any(self._is(token, old) for old in earlier) else Verdict.UNKNOWN

    def _is(self, token: Token, generation: int) -> bool:
        return hmac.compare_digest(self.token(token.session, token.seat, generation).mac, token.mac)
