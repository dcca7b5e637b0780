"""What people typed is text in the Markdown page, whatever they typed: read back through a CommonMark parser.

Source: found in use, "Text is not markup": `![x](http://…)`, `*a*`, `&copy;`, `1.` at a line's start.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cosession.server.keepsake import Item, Line
from cosession.server.markdown import _bullet, inline

PARSERS = [MarkdownIt("commonmark"), MarkdownIt("gfm-like", {"linkify": False})]
#: Made of what means something, and of what looks as if it did.
PIECES = [
    *"\\`*_{}[]()<>#+-.!|~&=:;\"'$@/ \t\n",
    *(
        "![x](http://example.org/x.png)",
        "[a](b)",
        "&copy;",
        "&#35;",
        "<b>",
        "<!-- ",
        "https://a.org",
        "www.a.org",
        "1.",
    ),
    *(
        "12) ",
        "- ",
        "* ",
        "> ",
        "# ",
        "---",
        "***",
        "===",
        "~~~",
        "```",
        "    ",
        "\u00a0",
        "a",
        "é",
        "\u2028",
        "\r\n",
        "\x0b",
    ),
]
TYPED = st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30
)
SAMPLES = [
    "![x](http://x.org/a.png)",
    "*a* and **b**",
    "&copy; &#42;",
    "1. one",
    "    code",
    "a\n===",
    "# a #",
    "a  \nb",
]


def everything(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from everything(token.children or [])


def read(source: str, parser: MarkdownIt) -> tuple[list[str], str]:
    """The kinds of element in a source, and its text."""
    found = list(everything(parser.parse(source)))
    kinds = [token.type for token in found if token.nesting >= 0 and token.type not in ("text", "inline")]
    text = "".join(
        token.content if token.type in ("text", "text_special") else "\n" if token.type == "hardbreak" else ""
        for paragraph in found
        if paragraph.type == "inline"
        for token in [*(paragraph.children or []), Token("hardbreak", "", 0)]
    )
    return kinds, text[:-1]


def lines_of(text: str) -> list[str]:
    """What was typed, without empty lines: they part paragraphs."""
    return [line for line in map(seen, re.split(r"\r\n|\r|\n", text)) if line.strip()]


def seen(text: str) -> str:
    """Without control characters, which nobody reads."""
    return "".join(one for one in text if one == "\t" or unicodedata.category(one) != "Cc")


def held(text: str) -> None:
    for parser in PARSERS:
        kinds, read_back = read("\n".join(_bullet(Item([Line("", text)]))), parser)
        assert set(kinds) <= {"bullet_list_open", "list_item_open", "paragraph_open", "hardbreak"}
        assert kinds.count("list_item_open") == (1 if lines_of(text) else 0)
        assert [line for line in read_back.split("\n") if line] == lines_of(text)


@pytest.mark.parametrize("text", SAMPLES)
def test_the_samples_are_text(text: str) -> None:
    held(text)


@given(TYPED)
@example("a\n\n\n- b\n\n    c\n```\nd")
def test_whatever_is_typed_is_text(text: str) -> None:
    held(text)


@given(TYPED)
@example("title #")
def test_a_title_is_text_too(text: str) -> None:
    typed = seen(re.sub(r"\r\n|\r|\n", " ", text))
    for parser in PARSERS:
        kinds, read_back = read(f"# {inline(text)}\n\nafter", parser)
        assert kinds == ["heading_open", "paragraph_open"]
        assert read_back == f"{typed if typed.strip() else ''}\nafter"


@given(TYPED, TYPED)
def test_two_texts_stay_apart_and_a_label_is_the_only_emphasis(one: str, two: str) -> None:
    for parser in PARSERS:
        source = "\n".join(_bullet(Item([Line("Qui\u00a0:", f"x{one}"), Line("", f"y{two}")])))
        kinds, read_back = read(source, parser)
        assert kinds.count("strong_open") == 1
        assert kinds.count("bullet_list_open") == 1
        assert [line for line in read_back.split("\n") if line] == [
            f"Qui\u00a0: {lines_of(f'x{one}')[0]}",
            *lines_of(f"x{one}")[1:],
            *lines_of(f"y{two}"),
        ]
