"""What a person reads when something is wrong: what happened, and what to do now.

One table from errors to pages. Programs that ask for JSON get the same in JSON.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from cosession.pages.headers import same_origin
from cosession.pages.render import Pages
from cosession.room.ports import Conflict, Unavailable

log = structlog.get_logger("cosession.pages")

SAFE = ("GET", "HEAD", "OPTIONS")

Handler = Callable[[Request, Exception], Awaitable[Response]]


class Problem(Exception):
    """Show the page `problem.{name}` (title, what happened, what to do) with this status."""

    def __init__(self, status: int, name: str) -> None:
        super().__init__(name)
        self.status = status
        self.name = name


#: Plain statuses that Starlette raises by itself.
_BY_STATUS = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method",
    413: "too_large",
    415: "media_type",
}


def handlers(pages: Pages, link_command: str = "cosession link") -> dict[type[Exception] | int, Handler]:
    """Exception handlers for a Starlette application. `link_command` prints a new sign-in link for it."""

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return answer(request, error.status, error.name)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        name = _BY_STATUS.get(error.status_code, "bad_request" if error.status_code < 500 else "internal")
        response = answer(request, error.status_code, name)
        response.headers.update(error.headers or {})
        return response

    async def unavailable(request: Request, error: Exception) -> Response:
        code = error.code if isinstance(error, Unavailable) else "conflict"
        log.warning("page.unavailable", code=code)
        if code == "store_newer":  # waiting does not help
            return answer(request, 503, "newer")
        response = answer(request, 503, "unavailable")
        response.headers["retry-after"] = "2"
        return response

    async def internal(request: Request, error: Exception) -> Response:
        log.error("page.failed", route=_route(request), exc_info=error)
        return answer(request, 500, "internal")

    def answer(request: Request, status: int, name: str) -> Response:
        if wants_json(request):
            return JSONResponse({"error": name}, status)
        return pages.html(request, "problem.html", status, name=name, code=status, link_command=link_command)

    return {
        Problem: problem,
        HTTPException: http,
        Unavailable: unavailable,
        Conflict: unavailable,
        Exception: internal,
    }


class OwnPagesOnly:
    """ASGI middleware: changes are asked for by our own pages only, the second lock beside SameSite cookies."""

    def __init__(self, app: ASGIApp, public_url: str | None, refuse: Handler) -> None:
        self._app = app
        self._public_url = public_url
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE:
            request = Request(scope)
            if not same_origin(request, self._public_url):
                refusal = await self._refuse(request, Problem(403, "other_site"))
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    if "application/json" in accept:
        return "text/html" not in accept
    return request.headers.get("content-type", "").startswith("application/json")


def _route(request: Request) -> str:
    """The pattern of the path, never the path: it holds tokens."""
    return getattr(request.scope.get("route"), "path", "")
