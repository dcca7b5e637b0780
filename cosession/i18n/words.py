"""The words of the pages, from `web/locales/{fr,en}/LC_MESSAGES/*.po`. Ids are symbolic (`sessions.new`), no English
in code.

The files are read once, as they are: no compiled catalogs to forget. A test holds both languages complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from babel.messages.pofile import read_po

from cosession.core.script import LANGUAGES, Language


class Words:
    """One language. Calling gives a text with its `{placeholders}` filled in; an unknown id raises KeyError."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self.texts = texts

    def __call__(self, msgid: str, **values: object) -> str:
        text = self.texts[msgid]
        return text.format(**values) if values else text

    def count(self, msgid: str, count: int, **values: object) -> str:
        """`msgid.one` or `msgid.other`: French counts nought as one."""
        one = count in (0, 1) if self.language == "fr" else count == 1
        return self(f"{msgid}.{'one' if one else 'other'}", count=count, **values)


def read_words(locales: Path, domain: str) -> dict[Language, Words]:
    """The words of one domain (`pages`, `cosession`) in all languages. Raises OSError."""
    return {
        language: Words(language, _texts(locales / language / "LC_MESSAGES" / f"{domain}.po")) for language in LANGUAGES
    }


def _texts(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}
