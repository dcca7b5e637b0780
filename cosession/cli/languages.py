"""The language in which a verb speaks: `--language`, one of those that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from cosession.cli.output import fail

if TYPE_CHECKING:
    from cosession.i18n.words import Words

Tag = Annotated[str, typer.Option(help="By its tag: fr, en, or another for which there are words.")]


def installed(*domains: str) -> dict[str, Words]:
    """The words of `domains` by language. Says what is wrong with them and leaves with status 1."""
    from cosession import assets
    from cosession.i18n.words import read_words

    try:
        return read_words(assets.locales(), *domains)
    except assets.AssetsMissing as error:
        fail(str(error))


def words_in(language: str, *domains: str) -> Words:
    """The words of one language. Says which there are, where it is none of them, and leaves with status 1."""
    known = installed(*domains)
    if language not in known:
        fail(f"--language {language}: one of {', '.join(known)}")
    return known[language]
