"""What a person takes along as Markdown (CommonMark 0.31), for any editor.

What people typed is text: through a parser it reads as it was typed, without an image, a link, emphasis, a list, a rule
or HTML of its own. The extensions of GitHub (tables, strikethrough, bare addresses) find nothing either.
"""

from __future__ import annotations

import re

from cosession.core.state import SessionState
from cosession.i18n.words import Words
from cosession.server.keepsake import Item, Keepsake

#: What can mean something anywhere in a line (CommonMark 2.4: each may be escaped with a backslash).
_ANYWHERE = re.compile(r"[\\`*_\[\]<>#|~@]|&(?=#|\w)|:(?=//)|(?<=www)\.", re.IGNORECASE)
#: What begins a list, a rule or an underline at the start of a line, and is not escaped anyway.
_AT_START = re.compile(r"^(\d*)([-+=.)])")
_LINE = re.compile(r"\r\n|\r|\n")
#: Control characters are nothing that one reads; parsers replace some of them.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def markdown(kept: Keepsake, state: SessionState, when: str, words: Words) -> str:
    """The page as Markdown, UTF-8."""
    script = words.said(state.script.title)
    out = [f"# {inline(state.title)}", "", " · ".join(inline(part) for part in (when, script) if part), ""]
    for section in [*kept.first, *kept.rest]:
        out += [f"## {inline(section.title)}", ""]
        for group in section.groups:
            if group.title:
                out += [f"### {inline(group.title)}", ""]
            for item in group.items:
                out += _bullet(item)
            out.append("")
    if not kept.first and not kept.rest:
        out += [inline(words("after.nothing")), ""]
    out += ["---", "", inline(words("after.without_names")), ""]
    return "\n".join(out)


def _bullet(item: Item) -> list[str]:
    """A list entry; what was written on several lines stays on several lines, with its empty lines as paragraphs."""
    lines: list[str] = []
    for each in item.lines:
        label = f"**{inline(each.label)}** " if each.label else ""
        rows = block(each.text) or [""]
        lines += ["", label + rows[0], *rows[1:]]
    lines = lines[1:]
    return [f"- {lines[0]}", *(f"  {row}" if row else "" for row in lines[1:])] if any(lines) else []


def block(text: str) -> list[str]:
    """The lines of a paragraph or more; a line that another follows ends with a backslash, which breaks it."""
    typed = [line if line.strip() else "" for line in map(_seen, _LINE.split(text))]
    while typed and not typed[0]:
        del typed[0]
    while typed and not typed[-1]:
        del typed[-1]
    rows = [_escaped(line) for line in typed]
    return [f"{row}\\" if row and any(rows[place + 1 : place + 2]) else row for place, row in enumerate(rows)]


def inline(text: str) -> str:
    """One line, for a heading or within one."""
    return _escaped(_seen(_LINE.sub(" ", text)))


def _seen(line: str) -> str:
    return _CONTROL.sub("", line)


def _escaped(line: str) -> str:
    """A line of text. Spaces at its ends would be taken off, or make it code: the outermost become references."""
    inner = line.strip()
    if not inner:
        return ""
    before, after = line[: line.index(inner)], line[line.index(inner) + len(inner) :]
    inner = _AT_START.sub(r"\1\\\2", _ANYWHERE.sub(lambda found: f"\\{found[0]}", inner))
    if before:
        before = f"&#{ord(before[0])};{before[1:]}"
    if after:
        after = f"{after[:-1]}&#{ord(after[-1])};"
    return before + inner + after
