"""Pages and forms as a browser asks for them: cookies are kept, redirections followed. Only the standard library, so
that `cosession simulate` needs nothing that the server does not."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

PATIENCE_S = 15.0


class PageRefused(Exception):
    """The server answered with an error; `status` is 0 if it did not answer at all."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Browser:
    """One person's browser. Never raises anything but `PageRefused`; every request may be repeated if its page allows
    it."""

    def __init__(self) -> None:
        self._cookies = CookieJar()
        # No proxy of the surroundings: what is watched is the server itself.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )

    async def open(self, url: str) -> str:
        """The address at which following `url` ends."""
        return (await asyncio.to_thread(self._fetch, urllib.request.Request(url)))[0]  # noqa: S310 - _fetch looks at the scheme

    async def sign_in(self, link: str) -> str:
        """Use a sign-in link, as the button on its page does; the address at which that ends."""
        pressed = urllib.request.Request(link, data=b"", headers={"Origin": origin(link)})  # noqa: S310 - as above
        return (await asyncio.to_thread(self._fetch, pressed))[0]

    async def get_json(self, url: str) -> Any:
        return json.loads((await asyncio.to_thread(self._fetch, _json_request(url, None)))[1])

    async def post_json(self, url: str, body: Any) -> Any:
        return json.loads((await asyncio.to_thread(self._fetch, _json_request(url, json.dumps(body).encode())))[1])

    def cookies(self, url: str) -> str:
        """The Cookie header for `url`; empty if there is none."""
        request = urllib.request.Request(url)  # noqa: S310 - nothing is fetched
        self._cookies.add_cookie_header(request)
        return request.get_header("Cookie") or ""

    def _fetch(self, request: urllib.request.Request) -> tuple[str, bytes]:
        if not request.full_url.startswith(("http://", "https://")):
            raise PageRefused(0, f"{request.full_url.partition(':')[0]} is no web address")
        try:
            with self._opener.open(request, timeout=PATIENCE_S) as answer:
                return answer.url, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                detail = error.read(400).decode(errors="replace")
            raise PageRefused(error.code, f"{error.code} at {_path(request.full_url)}: {detail}") from None
        except (OSError, ValueError) as error:
            raise PageRefused(0, f"no answer at {_path(request.full_url)}: {error}") from None


def _json_request(url: str, body: bytes | None) -> urllib.request.Request:
    headers = {"Accept": "application/json", "Origin": origin(url)}
    if body is not None:
        headers["Content-Type"] = "application/json"
    return urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - _fetch looks at the scheme


def origin(url: str) -> str:
    """Scheme, host and port of an address."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _path(url: str) -> str:
    """The first part of an address' path: the rest may be a secret."""
    return "/" + urllib.parse.urlsplit(url).path.strip("/").partition("/")[0]
