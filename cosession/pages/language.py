"""Which of the languages that there are a page speaks: what the reader chose, else the session's, else what the browser
asks for, else `DEFAULT`."""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import HTTPConnection

from cosession.core.script import Language
from cosession.i18n.words import DEFAULT

#: Remembers `?lang=`; holds nothing but the tag of a language.
COOKIE = "cosession_language"


def language_of(connection: HTTPConnection, languages: Collection[Language], session: str | None = None) -> Language:
    """`session` is the language of the session that the page belongs to, if any. By `?lang=` now, or earlier."""
    for choice in (connection.query_params.get("lang"), connection.cookies.get(COOKIE), session):
        if choice is not None and choice in languages:
            return choice
    return accepted(connection.headers.get("accept-language", ""), languages) or DEFAULT


def accepted(header: str, languages: Collection[Language]) -> Language | None:
    """The first of `languages` in an Accept-Language header, by weight (RFC 9110 section 12.5.4); whoever asks for
    `de-AT` is answered in `de` (RFC 4647 section 3.4)."""
    ours = {language.lower(): language for language in languages}
    wanted: list[tuple[float, str]] = []
    for part in header[:400].split(","):
        tag, _, parameters = part.strip().partition(";")
        name, _, weight = parameters.strip().partition("=")
        try:
            quality = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            continue
        wanted.append((quality, tag.strip().lower()))
    for quality, tag in sorted(wanted, key=lambda pair: -pair[0]):
        parts = tag.split("-")
        for end in range(len(parts), 0, -1):
            found = ours.get("-".join(parts[:end]))
            if quality > 0 and found is not None:
                return found
    return None
