"""The words of each language, from the files in its folder: `web/locales/<tag>/LC_MESSAGES/*.po`. Ids are symbolic
(`sessions.new`), no English in code.

A language exists because its folder does, named by its tag (`fr`, `pt-BR`). `pages` and `cosession` are the words of
pages and room, `authoring` those of drawings; `language` is what is its own: how it writes a time and a quotation, its
spaces, and its forms of address. The files are read once, as they are: no compiled catalogs to forget. A folder that is
not complete is refused, with what is missing. Names of languages and the rules of plurals come from CLDR, by Babel here
and by `Intl` in the browser.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from string import Formatter

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.messages.pofile import PoFileError, read_po
from pydantic import TypeAdapter, ValidationError

from cosession.assets import AssetsMissing
from cosession.core.script import Language, Text, in_language
from cosession.core.vocabulary import Formality

#: The language of whoever asks for none, and the one whose ids the others must have.
DEFAULT = "fr"
#: What each language has a form for: a text with a count is `id.<form>`. `zero` is ours, for « none » said otherwise.
PLURALS = ("zero", "one", "two", "few", "many", "other")
_OWN = "language"
#: Behind the id of a text: how it is said to a group that wants the familiar form.
_FAMILIAR_ID = f".{Formality.FAMILIAR}"
_TAG: TypeAdapter[str] = TypeAdapter(Language)
_SHOWN = 5


class Words:
    """One language. Calling gives a text with its `{placeholders}` filled in; an unknown id raises KeyError."""

    def __init__(self, language: Language, texts: Mapping[str, str]) -> None:
        self.language = language
        self.texts = texts
        self.locale = Locale.parse(language, sep="-")

    def __call__(self, msgid: str, **values: object) -> str:
        text = self.texts[msgid]
        return self._elided(text, values).format(**values) if values else text

    @cached_property
    def _elision(self) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
        """Which words give way, with the placeholder behind them, and before what."""
        words, before = self.texts.get("elision"), self.texts.get("elision.before")
        if not words or not before:
            return None
        return re.compile(rf"\b({words}) \{{(\w+)\}}", re.IGNORECASE), re.compile(before, re.IGNORECASE)

    def _elided(self, text: str, values: Mapping[str, object]) -> str:
        """« lien de {name} » is « lien d’{name} » for Inès, where the language says so; `web/src/words.ts` does the
        same by the same rule."""
        if self._elision is None:
            return text
        words, before = self._elision

        def joined(found: re.Match[str]) -> str:
            value = unicodedata.normalize("NFC", str(values.get(found[2], "")))
            return f"{found[1][:-1]}{self._apostrophe}{{{found[2]}}}" if before.match(value) else found[0]

        return words.sub(joined, text)

    @property
    def _apostrophe(self) -> str:
        return self.texts.get("apostrophe", "'")

    def day(self, day: date, *, year: bool = False) -> str:
        """A day as one says it: « mardi 1er décembre », or with its year, « 1er décembre 2026 »."""
        pattern = str(self.locale.date_formats["long"]) if year else self("date")
        first = self.texts.get("date.first")
        if first and day.day == 1:
            pattern = re.sub(r"\bd\b", f"'{first}'", pattern)
        return str(format_date(day, pattern, locale=self.locale))

    def count(self, msgid: str, count: int, **values: object) -> str:
        """`msgid.one`, or the form that the language has for this number; `msgid.other` where it says no such form."""
        form = f"{msgid}.{self.locale.plural_form(count)}"
        return self(form if form in self.texts else f"{msgid}.other", count=count, **values)

    def name(self, language: Language | None = None) -> str:
        """What a language is called in this one; without one, what this one calls itself, as a heading."""
        own = str(Locale.parse(language or self.language, sep="-").get_display_name(self.locale))
        return own if language else own[:1].upper() + own[1:]

    @property
    def forms(self) -> dict[str, str]:
        """The forms of address (`Formality`) and what they are called: *vous*, *tu*. Empty if there is one only."""
        return {form.value: self.texts[f"formality.{form}"] for form in Formality if f"formality.{form}" in self.texts}

    def said(self, text: Text | Mapping[str, str] | None) -> str:
        """A text of a script in this language, set as the language is set."""
        if text is None:
            return ""
        return self.typeset(in_language(text.root if isinstance(text, Text) else text, self.language))

    def typeset(self, plain: str) -> str:
        """With the apostrophe of the language, and spaces that do not break where it has some."""
        after = self.texts.get("space.after", "")
        plain = re.sub(r"(\w)'", rf"\1{self._apostrophe}", plain)
        for msgid, space in (("space.narrow_before", "\u202f"), ("space.before", "\u00a0")):
            signs = self.texts.get(msgid, "")
            plain = re.sub(f" ([{re.escape(signs)}])", rf"{space}\1", plain) if signs else plain
        return re.sub(f"([{re.escape(after)}]) ", "\\1\u00a0", plain) if after else plain


def read_words(locales: Path, *domains: str) -> dict[Language, Words]:
    """The words of `domains` (`pages`, `cosession`, `authoring`) together, by language, `DEFAULT` first. Raises
    `AssetsMissing`, with what is wrong, where, and the fix."""
    tags = sorted((path.parent.name for path in locales.glob("*/LC_MESSAGES")), key=lambda tag: (tag != DEFAULT, tag))
    if DEFAULT not in tags:
        raise AssetsMissing(f"{locales} has no words in {DEFAULT}, the language of whoever asks for none")
    read = {tag: {domain: _texts(locales, tag, domain) for domain in (_OWN, *domains)} for tag in tags}
    words = {}
    for tag, texts in read.items():
        for domain, found in texts.items():
            wrong = list(_flaws(domain, found, read[DEFAULT][domain]))
            if wrong:
                more = f", and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
                raise AssetsMissing(f"{_file(locales, tag, domain)}: {'; '.join(wrong[:_SHOWN])}{more}")
        words[tag] = Words(tag, {msgid: text for found in texts.values() for msgid, text in found.items()})
    return words


def stem(msgid: str, texts: Mapping[str, str]) -> str:
    """The id without the form of a number and of address, which languages have in different numbers."""
    bare = msgid.removesuffix(_FAMILIAR_ID)
    base, _, form = bare.rpartition(".")
    return base if form in PLURALS and f"{base}.other" in texts else bare


def _flaws(domain: str, found: Mapping[str, str], known: Mapping[str, str]) -> Iterator[str]:
    """What a catalog lacks or has otherwise than that of `DEFAULT`."""
    if domain == _OWN:
        # The rest of this file is what not every language has.
        yield from (f"{msgid} is missing" for msgid in ("date", "time", "quote") if not found.get(msgid))
        if len([form for form in Formality if f"formality.{form}" in found]) == 1:
            yield "formality.formal and formality.familiar: a language has both or none"
    else:
        stems = {stem(msgid, found) for msgid, text in found.items() if text.strip()}
        yield from (f"{msgid} is missing" for msgid in sorted({stem(msgid, known) for msgid in known} - stems))
    fields: dict[str, set[str]] = {}
    for msgid, text in known.items():
        fields.setdefault(stem(msgid, known), set()).update(_placeholders(text))
    for msgid, text in found.items():
        wanted = fields.get(stem(msgid, found), set())
        try:
            if not _placeholders(text) <= wanted:
                known_fields = ", ".join(f"{{{name}}}" for name in sorted(wanted))
                yield f"{msgid}: can be filled in with {known_fields or 'nothing'} only"
        except ValueError as error:
            yield f"{msgid}: {error}"


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _file(locales: Path, tag: str, domain: str) -> Path:
    return locales / tag / "LC_MESSAGES" / f"{domain}.po"


def _texts(locales: Path, tag: str, domain: str) -> dict[str, str]:
    path = _file(locales, tag, domain)
    try:
        Locale.parse(_TAG.validate_python(tag), sep="-")
        with path.open("rb") as file:
            found = read_po(file, abort_invalid=True)
    except (ValidationError, UnknownLocaleError):
        raise AssetsMissing(f"{path.parents[1]}: no language is called {tag}: fr, de or pt-BR are names") from None
    except (OSError, UnicodeDecodeError, PoFileError) as error:
        raise AssetsMissing(f"{path}: cannot be read: {error}") from None
    return {str(message.id): str(message.string) for message in found if message.id}
