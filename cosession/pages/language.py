"""Which language a page speaks: what the reader chose, else the session's, else what the browser asks for, else
French."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from cosession.core.script import LANGUAGES, Language

#: Remembers `?lang=`; holds nothing but `fr` or `en`.
COOKIE = "cosession_language"


def chosen(connection: HTTPConnection) -> Language | None:
    """By `?lang=` now, or earlier."""
    for choice in (connection.query_params.get("lang"), connection.cookies.get(COOKIE)):
        if choice in LANGUAGES:
            return choice
    return None


def language_of(connection: HTTPConnection, session: Language | None = None) -> Language:
    """`session` is the language of the session that the page belongs to, if any."""
    return chosen(connection) or session or accepted(connection.headers.get("accept-language", "")) or "fr"


def accepted(header: str) -> Language | None:
    """The first of our languages in an Accept-Language header, by weight (RFC 9110 section 12.5.4)."""
    wanted: list[tuple[float, str]] = []
    for part in header[:400].split(","):
        tag, _, parameters = part.strip().partition(";")
        name, _, weight = parameters.strip().partition("=")
        try:
            quality = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        wanted.append((quality, tag.strip().lower().partition("-")[0]))
    for quality, tag in sorted(wanted, key=lambda pair: -pair[0]):
        if quality > 0 and tag in LANGUAGES:
            return tag
    return None
