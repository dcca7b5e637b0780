"""The pages of signing in, the same on both listeners: a link's own page, and the list of who is signed in.

To look at a link changes nothing: mail scanners and chat previews look. Only the button on its page signs in.
"""

from __future__ import annotations

from typing import get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cosession.pages.headers import base_url, is_https
from cosession.pages.login import Kind, Outcome, SignIn
from cosession.pages.problems import Problem
from cosession.pages.render import Pages

#: Shows that the browser takes cookies, before a link is used up; holds nothing.
TRIAL = "cosession_trial"
TRIAL_S = 600


class SignInPages:
    """`elsewhere` is where the pages of the other kind begin, without a slash at the end; empty if nobody knows."""

    def __init__(self, sign_in: SignIn, pages: Pages, elsewhere: str) -> None:
        self._sign_in = sign_in
        self._logins = sign_in.logins
        self._pages = pages
        self._elsewhere = elsewhere

    def routes(self) -> list[Route]:
        return [
            Route("/in/{token}", self.look),
            Route("/in/{token}", self.bind, methods=["POST"]),
            Route("/sign-ins", self.list),
            Route("/sign-ins/new/{kind}", self.new, methods=["POST"]),
            Route("/sign-ins/others/end", self.end_others, methods=["POST"]),
            Route("/sign-ins/{login}/end", self.end, methods=["POST"]),
        ]

    async def look(self, request: Request) -> Response:
        """GET /in/{token}: what the link is, and a button. Changes nothing. Raises `Problem`: 404 for an unknown link,
        403 for one that belongs to another browser, 410 for one that has ended."""
        token, kind = request.path_params["token"], self._sign_in.kind
        outcome = await self._logins.look_at_login_link(token, kind, self._sign_in.secret(request))
        if outcome == "yours":
            return RedirectResponse("/", 303)
        if outcome != "open":
            return self._refused(request, outcome)
        if await self._sign_in.signed_in(request):
            return self._page(request, "here")
        response = self._page(request, "open")
        secure = is_https(request, self._sign_in.public_url)
        response.set_cookie(TRIAL, "yes", max_age=TRIAL_S, path="/in/", httponly=True, samesite="lax", secure=secure)
        return response

    async def bind(self, request: Request) -> Response:
        """POST /in/{token}: sign in. From our own page (`?by=page`) only with a browser that takes cookies: another one
        would use the link up and not be signed in. Raises as `look`."""
        if request.query_params.get("by") == "page" and TRIAL not in request.cookies:
            return self._page(request, "no_cookies", 400)
        kind, secret = self._sign_in.kind, self._sign_in.secret(request)
        result = await self._logins.bind_login(request.path_params["token"], secret, kind)
        if result.secret is None:
            return self._refused(request, result.outcome)
        response = RedirectResponse("/", 303)
        self._sign_in.remember(request, response, result.secret)
        response.delete_cookie(TRIAL, path="/in/")
        return response

    def _refused(self, request: Request, outcome: Outcome) -> Response:
        match outcome:
            case "link_used":
                raise Problem(403, "login_used")
            case "link_ended":
                raise Problem(410, "login_ended")
            case "link_elsewhere":
                return self._page(request, "elsewhere", 404)
            case _:
                raise Problem(404, "login_unknown")

    def _page(self, request: Request, state: str, status: int = 200) -> Response:
        token = request.path_params["token"]
        elsewhere = f"{self._elsewhere}/in/{token}" if self._elsewhere else ""
        return self._pages.html(
            request, "sign_in_link.html", status, state=state, kind=self._sign_in.kind, token=token, elsewhere=elsewhere
        )

    # -- who is signed in ----------------------------------------------------------------------------------------

    async def list(self, request: Request) -> Response:
        """GET /sign-ins."""
        return await self._list(request, None, "")

    async def new(self, request: Request) -> Response:
        """POST /sign-ins/new/{kind}: a link, shown once. Operators may make one for facilitators too."""
        await self._sign_in.required(request)
        kind = request.path_params["kind"]
        if kind not in get_args(Kind) or (self._sign_in.kind == "facilitator" and kind != "facilitator"):
            raise Problem(404, "not_found")
        own = kind == self._sign_in.kind
        base = base_url(request, self._sign_in.public_url) if own else self._elsewhere
        return await self._list(request, kind, f"{base}/in/{await self._logins.new_login_link(kind)}")

    async def _list(self, request: Request, made: Kind | None, link: str) -> Response:
        me = await self._sign_in.required(request)
        known = await self._logins.sign_ins(self._sign_in.kind)
        return self._pages.html(
            request, "sign_ins.html", kind=self._sign_in.kind, me=me.login, known=known, made=made, link=link
        )

    async def end(self, request: Request) -> Response:
        """POST /sign-ins/{login}/end: sign one browser out, or end a link."""
        me = await self._sign_in.required(request)
        login = request.path_params["login"]
        await self._logins.end_login(login, self._sign_in.kind)
        response = RedirectResponse("/" if login == me.login else "/sign-ins", 303)
        if login == me.login:
            response.delete_cookie(self._sign_in.cookie, path="/")
        return response

    async def end_others(self, request: Request) -> Response:
        """POST /sign-ins/others/end: sign out every other browser, and end the links that wait."""
        me = await self._sign_in.required(request)
        await self._logins.end_other_logins(me.login, self._sign_in.kind)
        return RedirectResponse("/sign-ins", 303)
