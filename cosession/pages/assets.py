"""Serves the built front end under /assets. Its names carry a hash of the content, so a browser may keep them for
ever."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class _Immutable(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


#: The leaf of the brand, as base.css draws it.
_LEAF = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path d="M3 13V8a5 5 0 1 1 5 5z" fill="#1f5a4e"/></svg>'
)


async def _icon(_request: Request) -> Response:
    return Response(_LEAF, media_type="image/svg+xml", headers={"cache-control": "public, max-age=86400"})


def routes(dist: Path) -> list[Route | Mount]:
    """What every page loads."""
    return [
        Route("/favicon.svg", _icon),
        Mount("/assets", _Immutable(directory=dist / "assets", check_dir=False)),
    ]
