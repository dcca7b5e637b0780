"""Turns templates into answers: Jinja with every value escaped, words, and the hashed files that Vite made.

A template gets `t` (words), `lang`, `path` and `others` (for the language switch), and what its page passes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, Response

from cosession import __version__
from cosession.assets import AssetsMissing
from cosession.core.script import Language
from cosession.i18n.words import Words
from cosession.pages.language import COOKIE, language_of

#: What the templates load.
ENTRIES = ("check", "pages", "room")


class Pages:
    """`dist` is the built front end, `words` the words of all languages. Times of day are shown in `zone`. Raises
    `AssetsMissing` if the front end is not finished."""

    def __init__(
        self, templates: Path, dist: Path, words: Mapping[Language, Words], zone: tzinfo | None = None
    ) -> None:
        self.words = words
        self.dist = dist
        self._zone = zone
        self._jinja = Environment(
            loader=FileSystemLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters.update(minutes=_minutes, drift=_drift)
        manifest = dist / "manifest.json"
        read = manifest.read_bytes() if manifest.is_file() else b"{}"
        self._manifest: dict[str, Any] = json.loads(read)
        self.build = hashlib.sha256(__version__.encode() + read).hexdigest()[:12]
        """Of the package and its front end: a page that says another one was made by another."""
        if not {f"src/entries/{name}.ts" for name in ENTRIES} <= self._manifest.keys():
            raise AssetsMissing(f"the front end in {dist} is not finished: build it with `make web`")

    def html(
        self,
        connection: HTTPConnection,
        template: str,
        status: int = 200,
        language: Language | None = None,
        **values: object,
    ) -> Response:
        """A page. `language` is the session's, if the page belongs to one."""
        words = self.words_for(connection, language)
        lang = words.language
        response = HTMLResponse(self.text(connection, template, words, **values), status)
        if connection.query_params.get("lang") == lang:
            response.set_cookie(COOKIE, lang, max_age=31_536_000, path="/", samesite="lax")
        response.headers["content-language"] = lang
        response.headers["vary"] = "Accept-Language, Cookie"
        return response

    def words_for(self, connection: HTTPConnection, language: str | None = None) -> Words:
        """The words of the reader's language. `language` is the session's, if the page belongs to one."""
        return self.words[language_of(connection, self.words, language)]

    def text(self, connection: HTTPConnection, template: str, words: Words, /, **values: object) -> str:
        return self._jinja.get_template(template).render(
            t=words,
            lang=words.language,
            path=connection.url.path,
            others=[other for other in self.words.values() if other is not words],
            entry=self.entry,
            said=words.said,
            when=lambda wall_ms: self.when(wall_ms, words),
            when_zoned=lambda wall_ms: self.when_zoned(wall_ms, words),
            hour=lambda wall_ms: self.hour(wall_ms, words),
            iso=lambda wall_ms: _at(wall_ms, UTC).isoformat(timespec="minutes"),
            **values,
        )

    def entry(self, name: str) -> Markup:
        """The tags that load the Vite entry `src/entries/{name}.ts`. Raises KeyError if it was not built."""
        styles: list[str] = []
        self._styles(f"src/entries/{name}.ts", styles, set())
        tags = [f'<link rel="stylesheet" href="/{file}">' for file in styles]
        script = self._manifest[f"src/entries/{name}.ts"]["file"]
        tags.append(f'<script type="module" src="/{script}"></script>')
        return Markup("\n".join(tags))  # noqa: S704 - the names of our own files

    def _styles(self, key: str, into: list[str], seen: set[str]) -> None:
        if key in seen:
            return
        seen.add(key)
        chunk = self._manifest[key]
        for imported in chunk.get("imports", ()):
            self._styles(imported, into, seen)
        # What several entries share comes first, so that a page's own styles have the last word.
        own = f"assets/{chunk.get('name', '')}-"
        styles = sorted(chunk.get("css", ()), key=lambda file: file.startswith(own))
        into += [file for file in styles if file not in into]

    def when(self, wall_ms: int, words: Words) -> str:
        """A day and time, for instance « samedi 21 novembre, 10 h 00 »."""
        day = words.day(self._local(wall_ms).date())
        return f"{day}, {self.hour(wall_ms, words)}"

    def when_zoned(self, wall_ms: int, words: Words) -> str:
        """The same with its zone, for what leaves the server as text: « …, 10 h 00 (UTC+1) », in summer UTC+2."""
        return f"{self.when(wall_ms, words)} ({_zone(self._local(wall_ms))})"

    def hour(self, wall_ms: int, words: Words) -> str:
        """A time of day as one says it."""
        at = self._local(wall_ms)
        return words("time", hour=at.hour, minute=f"{at:%M}")

    def _local(self, wall_ms: int) -> datetime:
        return _at(wall_ms, UTC).astimezone(self._zone)


def _at(wall_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(wall_ms / 1000, zone)


def _zone(at: datetime) -> str:
    """How far its clock is from UTC at that moment: UTC+1, UTC−3:30, UTC."""
    minutes = round((at.utcoffset() or timedelta()).total_seconds() / 60)
    hours, rest = divmod(abs(minutes), 60)
    sign = "" if minutes == 0 else "+" if minutes > 0 else "−"
    return f"UTC{sign}{hours if minutes else ''}{f':{rest:02}' if rest else ''}"


def _minutes(ms: int) -> str:
    """1:05 for a minute and five seconds."""
    seconds = round(abs(ms) / 1000)
    return f"{'−' if ms < 0 and seconds else ''}{seconds // 60}:{seconds % 60:02}"


def _drift(ms: int) -> str:
    return _minutes(ms) if round(ms / 1000) <= 0 else f"+{_minutes(ms)}"
