"""Puts the main listener together: addresses, middleware, what a browser may cache."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from cosession.pages.assets import routes
from cosession.pages.headers import SecurityHeaders
from cosession.pages.login import RenewCookie
from cosession.pages.problems import OwnPagesOnly, Problem, handlers
from cosession.pages.sign_in_pages import SignInPages
from cosession.server.admission import Admission
from cosession.server.check import Check
from cosession.server.events import Events
from cosession.server.parts import Parts
from cosession.server.seat import Seat
from cosession.server.sessions import Sessions
from cosession.server.socket import Socket
from cosession.server.sound import Sound


def build(parts: Parts) -> Starlette:
    """The application of the main listener."""
    sessions, seat, admission = Sessions(parts), Seat(parts), Admission(parts)
    socket, events, check = Socket(parts, admission), Events(parts, admission), Check(parts)
    sound = Sound(parts, admission)
    errors = handlers(parts.pages)

    return Starlette(
        routes=[
            Route("/", sessions.index, methods=["GET", "POST"]),
            Route("/sessions/new", sessions.new),
            Route("/sessions", sessions.create, methods=["POST"]),
            Route("/sessions/{session}", sessions.page),
            Route("/sessions/{session}/{seat}/renew", sessions.renew, methods=["POST"]),
            Route("/sessions/{session}/{seat}/revoke", sessions.revoke, methods=["POST"]),
            Route("/j/{token}", seat.join),
            Route("/s/{session}/{seat}", seat.room),
            Route("/s/{session}/{seat}/plan", seat.plan),
            Route("/s/{session}/{seat}/writings", seat.writings),
            Route("/s/{session}/{seat}/links", seat.links),
            Route("/s/{session}/{seat}/after", seat.after),
            Route("/s/{session}/{seat}/after", seat.complete, methods=["POST"]),
            Route("/s/{session}/{seat}/erase", seat.erase, methods=["POST"]),
            Route("/s/{session}/{seat}/withdrawn", seat.erase_withdrawn, methods=["POST"]),
            Route("/s/{session}/{seat}/after.md", seat.after_markdown),
            WebSocketRoute("/s/{session}/{seat}/socket", socket.serve),
            WebSocketRoute("/s/{session}/{seat}/sound", sound.serve),
            Route("/s/{session}/{seat}/events", events.open, methods=["GET"]),
            Route("/s/{session}/{seat}/events/{connection}", events.post, methods=["POST"]),
            *check.routes(),
            *SignInPages(parts.sign_in, parts.pages, parts.ops_url).routes(),
            *routes(parts.pages.dist),
        ],
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(OwnPagesOnly, public_url=parts.public_url, refuse=errors[Problem]),
            Middleware(RenewCookie, sign_in=parts.sign_in),
        ],
        exception_handlers=errors,
    )
