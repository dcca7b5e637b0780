"""Puts the main listener together: addresses, middleware, what a browser may cache."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from cosession.pages.assets import routes
from cosession.pages.headers import SecurityHeaders, same_origin
from cosession.pages.problems import Handler, Problem, handlers
from cosession.server.parts import Parts
from cosession.server.seat import Seat
from cosession.server.sessions import Sessions
from cosession.server.socket import Socket

SAFE = ("GET", "HEAD", "OPTIONS")


def build(parts: Parts) -> Starlette:
    """The application of the main listener."""
    sessions, seat, socket = Sessions(parts), Seat(parts), Socket(parts)
    errors = handlers(parts.pages)

    async def sign_in(request: Request) -> Response:
        return await parts.sign_in.open_link(request)

    return Starlette(
        routes=[
            Route("/", sessions.index),
            Route("/in/{token}", sign_in),
            Route("/sessions/new", sessions.new),
            Route("/sessions", sessions.create, methods=["POST"]),
            Route("/sessions/{session}", sessions.page),
            Route("/sessions/{session}/{seat}/renew", sessions.renew, methods=["POST"]),
            Route("/sessions/{session}/{seat}/revoke", sessions.revoke, methods=["POST"]),
            Route("/j/{token}", seat.join),
            Route("/s/{session}/{seat}", seat.room),
            Route("/s/{session}/{seat}/writings", seat.writings),
            Route("/s/{session}/{seat}/links", seat.links),
            Route("/s/{session}/{seat}/after", seat.after),
            Route("/s/{session}/{seat}/after", seat.complete, methods=["POST"]),
            Route("/s/{session}/{seat}/erase", seat.erase, methods=["POST"]),
            Route("/s/{session}/{seat}/withdrawn", seat.erase_withdrawn, methods=["POST"]),
            Route("/s/{session}/{seat}/after.md", seat.after_markdown),
            WebSocketRoute("/s/{session}/{seat}/socket", socket.serve),
            *routes(parts.pages.dist),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(_OwnPagesOnly, public_url=parts.public_url, refuse=errors[Problem]),
        ],
        exception_handlers=errors,
    )


class _OwnPagesOnly:
    """Changes are asked for by our own pages only: the second lock beside SameSite cookies."""

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
