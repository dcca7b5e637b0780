"""Signing in with a link that the server prints: it belongs to the first browser in which somebody signs in with it.

The cookie holds a secret of which only a hash is stored (`store.logins`). Facilitators and operators have links,
cookies and listeners of their own. The pages are in `sign_in_pages`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cosession.pages.headers import is_https
from cosession.pages.problems import Problem

Kind = Literal["facilitator", "ops"]
Outcome = Literal["bound", "open", "yours", "link_used", "link_ended", "link_elsewhere", "link_unknown"]

#: Browsers forget the sign-in when the server does: so long after the last use.
LOGIN_S = 30 * 24 * 3600

_RENEWED = "cosession.renewed"


class Login(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def noted(self) -> bool: ...


class LoginResult(Protocol):
    @property
    def outcome(self) -> Outcome: ...

    @property
    def login(self) -> Login | None: ...

    @property
    def secret(self) -> str | None: ...


class SignedIn(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def made_wall_ms(self) -> int: ...

    @property
    def used_wall_ms(self) -> int | None: ...

    @property
    def until_wall_ms(self) -> int: ...


class Logins(Protocol):
    """The part of `store.registry.Registry` that knows sign-ins."""

    async def new_login_link(self, kind: Kind, *, printed: bool = False) -> str: ...

    async def look_at_login_link(self, token: str, kind: Kind, cookie_secret: str | None = None) -> Outcome: ...

    async def bind_login(
        self, token: str, cookie_secret: str | None = None, kind: Kind | None = None
    ) -> LoginResult: ...

    async def login(self, cookie_secret: str) -> Login | None: ...

    async def sign_ins(self, kind: Kind) -> Sequence[SignedIn]: ...

    async def end_login(self, login: str, kind: Kind) -> None: ...

    async def end_other_logins(self, login: str, kind: Kind) -> None: ...


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `id` is what sessions belong to: everybody who signs in by a link of one kind is one principal, until
    there are accounts. `login` is the sign-in of this browser."""

    id: str
    login: str


class SignIn:
    """The sign-in of one listener: who asks, and by which browser."""

    def __init__(self, logins: Logins, kind: Kind, public_url: str | None = None) -> None:
        self.logins = logins
        self.kind: Kind = kind
        self.public_url = public_url
        # Cookies do not tell ports apart: each listener has a name of its own.
        self.cookie = "cosession_login" if kind == "facilitator" else "cosession_ops"

    def secret(self, connection: HTTPConnection) -> str | None:
        """What the browser's cookie says."""
        return connection.cookies.get(self.cookie)

    async def who(self, connection: HTTPConnection) -> Principal | None:
        """Who is signed in with this browser, if the sign-in holds."""
        secret = self.secret(connection)
        login = await self.logins.login(secret) if secret else None
        if login is None or login.kind != self.kind:
            return None
        if login.noted:
            connection.scope[_RENEWED] = secret
        return Principal(self.kind, login.id)

    async def signed_in(self, connection: HTTPConnection) -> bool:
        return await self.who(connection) is not None

    async def required(self, connection: HTTPConnection) -> Principal:
        """Raises `Problem(403)` for anybody else."""
        principal = await self.who(connection)
        if principal is None:
            raise Problem(403, "sign_in")
        return principal

    def remember(self, connection: HTTPConnection, response: Response, secret: str) -> None:
        """Let the browser keep the secret."""
        secure = is_https(connection, self.public_url)
        response.set_cookie(
            self.cookie, secret, max_age=LOGIN_S, path="/", httponly=True, samesite="lax", secure=secure
        )


class RenewCookie:
    """ASGI middleware: where a use was noted, the cookie lasts as long as the sign-in does from now on."""

    def __init__(self, app: ASGIApp, sign_in: SignIn) -> None:
        self._app = app
        self._sign_in = sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_cookie(message: Message) -> None:
            secret = scope.get(_RENEWED)
            if message["type"] == "http.response.start" and secret:
                answer = Response()
                self._sign_in.remember(HTTPConnection(scope), answer, secret)
                headers = MutableHeaders(scope=message)
                if not any(cookie.startswith(f"{self._sign_in.cookie}=") for cookie in headers.getlist("set-cookie")):
                    headers.append("set-cookie", answer.headers["set-cookie"])
            await send(message)

        await self._app(scope, receive, with_cookie if scope["type"] == "http" else send)
