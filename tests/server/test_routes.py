"""The prose of the HTTP API names the routes that there are, and no others (protocols/http.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute

from cosession.main import Application

TEXT = (Path(__file__).parents[2] / "protocols" / "http.md").read_text("utf-8")


def told(section: str) -> list[str]:
    """What the table of a section names: `GET /path`, in its order."""
    _, found, rest = TEXT.partition(f"\n## {section}\n")
    assert found, section
    return re.findall(r"^\| `([A-Z]+ /\S*)` \|", rest.partition("\n## ")[0], re.MULTILINE)


def served(application: Starlette) -> list[str]:
    """The same of the application itself. GET includes HEAD; what is mounted has addresses of its own."""
    found = []
    for route in application.routes:
        match route:
            case WebSocketRoute():
                found.append(f"WS {route.path}")
            case Mount():
                found.append(f"GET {route.path}/…")
            case Route():
                found += [f"{method} {route.path}" for method in (route.methods or set()) - {"HEAD"}]
            case _:
                pytest.fail(f"this page has no word for {route}")
    return found


async def test_the_prose_names_every_route_of_both_listeners(application: Application) -> None:
    for section, listener in (
        ("The main listener", application.server),
        ("The operators' listener", application.ops),
    ):
        named, there = told(section), served(listener)
        assert len(named) == len(set(named)), f"{section}: a route is named twice"
        assert {"not in protocols/http.md": set(there) - set(named), "not served": set(named) - set(there)} == {
            "not in protocols/http.md": set(),
            "not served": set(),
        }, section
