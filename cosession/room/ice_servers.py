"""The TURN servers that a browser may go by, with a credential for its seat alone.

A credential is made, never stored: the name says until when it is good, the password is an HMAC over the name with the
secret that the TURN server knows, too (draft-uberti-behave-turn-rest-00, section 2.2; coturn: `use-auth-secret`). It
opens the relay, which lets through to the media server and nothing else; whether a seat has media is decided there. An
allocation that lives goes on when its credential has ended (coturn 4.6.1), so a link that is revoked ends on our side.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cosession.wire.messages import IceServer

#: A credential outlives its session's length by so much, and the next one comes so long before its end.
GRACE_MS = 15 * 60_000
RENEW_BEFORE_MS = 10 * 60_000


class IceServers:
    """`urls` as RFC 7065 writes them; none: no relay here."""

    def __init__(self, urls: Sequence[str] = (), secret: bytes = b"") -> None:
        self._urls = tuple(urls)
        self._secret = secret

    def __bool__(self) -> bool:
        return bool(self._urls)

    def of(self, session: str, seat: str, until_wall_ms: int) -> list[IceServer]:
        """What a seat's browser is told. Good until `until_wall_ms`, milliseconds since 1970."""
        if not self._urls:
            return []
        # ASCII: coturn 4.6.1 refuses some names with accents. The quota of a user counts what stands behind the colon.
        name = f"{until_wall_ms // 1000}:{session}.{seat}"
        digest = hmac.new(self._secret, name.encode("ascii"), hashlib.sha1).digest()
        return [IceServer(urls=list(self._urls), username=name, credential=base64.b64encode(digest).decode())]
