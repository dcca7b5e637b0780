"""Headers that every answer carries, and who may ask for a change.

The policy has no exceptions: scripts and styles come from files of this origin, nothing inline (decision 24).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob:",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "lit-html cosession",
}
POLICY = "; ".join(f"{directive} {sources}" for directive, sources in _POLICY.items())

HEADERS = {
    "content-security-policy": POLICY,
    "permissions-policy": "camera=(self), microphone=(self), display-capture=(), geolocation=(), payment=(), usb=()",
    # Nothing leaves the site. Not no-referrer: with that, browsers send forms with `Origin: null`.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


class SecurityHeaders:
    """ASGI middleware: adds `HEADERS`, and `Cache-Control: no-store` unless the answer says otherwise."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


def same_origin(connection: HTTPConnection, public_url: str | None) -> bool:
    """Whether the page that asks is one of ours. Programs that are no browsers send no Origin and carry no one's cookie
    against their will: they pass."""
    if connection.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    origin = connection.headers.get("origin")
    return origin is None or urlsplit(origin).netloc in _own_hosts(connection.headers, public_url)


def base_url(connection: HTTPConnection, public_url: str | None) -> str:
    """What absolute links begin with, without a slash at the end."""
    return public_url or str(connection.base_url).rstrip("/")


def is_https(connection: HTTPConnection, public_url: str | None) -> bool:
    return base_url(connection, public_url).startswith("https:")


def _own_hosts(headers: Headers, public_url: str | None) -> set[str]:
    hosts = {headers.get("host", "")} - {""}
    return hosts | {urlsplit(public_url).netloc} if public_url else hosts
