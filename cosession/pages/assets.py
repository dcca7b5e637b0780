"""Serves the built front end under /assets. Its names carry a hash of the content, so a browser may keep them for
ever."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope


class _Immutable(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def built_files(dist: Path) -> StaticFiles:
    """The application to mount at /assets."""
    return _Immutable(directory=dist / "assets", check_dir=False)
