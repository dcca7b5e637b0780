"""Signing in with a link that the server prints: it belongs to the first browser that opens it.

The cookie holds a secret of which only a hash is stored (`store.registry`). Facilitators and operators have links,
cookies and listeners of their own.
"""

from __future__ import annotations

from typing import Literal, Protocol

from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from cosession.pages.headers import is_https
from cosession.pages.problems import Problem

Kind = Literal["facilitator", "ops"]

#: Browsers forget the sign-in after so long.
LOGIN_S = 180 * 24 * 3600


class Login(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> Kind: ...


class LoginResult(Protocol):
    @property
    def outcome(self) -> Literal["bound", "link_used", "link_unknown"]: ...

    @property
    def login(self) -> Login | None: ...

    @property
    def secret(self) -> str | None: ...


class Logins(Protocol):
    """The part of `store.registry.Registry` that knows sign-ins."""

    async def new_login_link(self, kind: Kind) -> str: ...

    async def bind_login(self, token: str, cookie_secret: str | None = None) -> LoginResult: ...

    async def login(self, cookie_secret: str) -> Login | None: ...


class SignIn:
    """The sign-in of one listener."""

    def __init__(self, logins: Logins, kind: Kind, public_url: str | None = None) -> None:
        self._logins = logins
        self._kind = kind
        self._public_url = public_url
        # Cookies do not tell ports apart: each listener has a name of its own.
        self.cookie = "cosession_login" if kind == "facilitator" else "cosession_ops"

    async def open_link(self, request: Request) -> Response:
        """GET /in/{token}. Raises `Problem`: 404 for an unknown link, 403 for one that belongs to another browser."""
        result = await self._logins.bind_login(request.path_params["token"], request.cookies.get(self.cookie))
        if result.outcome == "link_used":
            raise Problem(403, "login_used")
        if result.login is None or result.secret is None or result.login.kind != self._kind:
            raise Problem(404, "login_unknown")
        response = RedirectResponse("/", 303)
        response.set_cookie(
            self.cookie,
            result.secret,
            max_age=LOGIN_S,
            path="/",
            httponly=True,
            samesite="lax",
            secure=is_https(request, self._public_url),
        )
        return response

    async def signed_in(self, connection: HTTPConnection) -> bool:
        secret = connection.cookies.get(self.cookie)
        login = await self._logins.login(secret) if secret else None
        return login is not None and login.kind == self._kind

    async def required(self, connection: HTTPConnection) -> None:
        """Raises `Problem(403)` for anybody else."""
        if not await self.signed_in(connection):
            raise Problem(403, "sign_in")
