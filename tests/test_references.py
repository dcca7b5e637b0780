"""Every reference resolves: decisions by number, documents and their headings, links, paths and tests.

What counts as a reference, and how to fix one, is told in CONTRIBUTING.md, "Rules". Each kind of check is tried on
a text with a fault of that kind: it could not pass by looking at nothing.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DECISIONS = ROOT / "docs" / "decisions"

#: Where a document that is cited by its bare name lies.
SHELVES = ("docs", "protocols", "deploy", "deploy/reports", ".")
#: Names that look like documents and are addresses or files of a test.
NO_DOCUMENTS = frozenset({"after.md", "cosession/_assets/protocols/wire.md"})
#: Paths that are made here and not kept.
MADE_HERE = frozenset({"web/dist", "web/node_modules"})

TEXTS = {".c", ".css", ".h", ".html", ".md", ".py", ".service", ".sh", ".toml", ".ts", ".yaml", ".yml"}


def files() -> list[str]:
    """The texts of this checkout, also those that are not committed yet; this one holds faults on purpose."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    texts = [name for name in names if Path(name).suffix in TEXTS or "." not in Path(name).name]
    return sorted(name for name in texts if name != "tests/test_references.py" and (ROOT / name).is_file())


@cache
def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def flat(text: str) -> str:
    """Comments that go over several lines, as one: without the signs at the beginning of each line."""
    return re.sub(r"\n[ \t]*(?:#:?|//|\*|--)?[ \t]*", " ", text)


def without_code(markdown: str) -> str:
    return re.sub(r"```.*?```", lambda found: "\n" * found.group().count("\n"), markdown, flags=re.DOTALL)


# -- decisions ------------------------------------------------------------------------------------------------------


@cache
def pages() -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = {}
    for path in DECISIONS.glob("*.md"):
        if path.name != "README.md":
            found.setdefault(int(path.name.partition("-")[0]), []).append(path.name)
    return found


def decisions(name: str, text: str) -> Iterator[str]:
    for found in re.finditer(r"\b[Dd]ecisions? (\d+(?:(?:, | and | to )\d+)*)", flat(text)):
        unknown = {int(number) for number in re.findall(r"\d+", found.group(1))} - set(pages())
        yield from (f"decision {number}: no page of it in docs/decisions" for number in sorted(unknown))
    yield from ("decisions.md: name the number alone, `decision 12`" for _ in re.finditer(r"\bdecisions\.md\b", text))
    if "deploy/decisions" in text:
        yield "deploy/decisions: they are in docs/decisions, from 35 on"


# -- documents and headings -----------------------------------------------------------------------------------------


def resolved(name: str, beside: str) -> Path | None:
    """The document that a text in the file `beside` means by `name`."""
    places = [ROOT / Path(beside).parent, *(ROOT / shelf for shelf in SHELVES)]
    return next((place / name for place in places if (place / name).is_file()), None)


@cache
def headings(path: Path) -> tuple[str, ...]:
    return tuple(re.findall(r"^#+ (.+?)\s*$", without_code(path.read_text("utf-8")), re.MULTILINE))


@cache
def places(path: Path) -> frozenset[str]:
    """What can be cited of a document: headings, first cells of tables, bold phrases."""
    text = without_code(path.read_text("utf-8"))
    cells = re.findall(r"^\| (.+?) \|", text, re.MULTILINE)
    bold = re.findall(r"\*\*(.+?)\*\*", text, re.DOTALL)
    return frozenset(one.replace("`", "").strip().rstrip(".:") for one in (*headings(path), *cells, *bold))


def has_item(path: Path, heading: str, number: str) -> bool:
    section = re.split(rf"^#+ {re.escape(heading)}\s*$", path.read_text("utf-8"), maxsplit=1, flags=re.MULTILINE)[-1]
    return re.search(rf"^{number}\. ", section.partition("\n## ")[0], re.MULTILINE) is not None


#: A document, the headings that are cited of it, a number below the last one.
_CITED = re.compile(
    r"""(?<![\w/{.-])((?:[\w-]+/)*[\w-]+\.md)\b(?:,?\s("[^"\n]{2,80}"(?:(?:,|\sand)\s"[^"\n]{2,80}")*)(?:\s(\d+))?)?"""
)


def documents(name: str, text: str) -> Iterator[str]:
    for found in re.finditer(r'\bissue:? (?:point|#?\d|").{0,20}', flat(text)):
        yield f"{found.group()}: say here what it says, a reader of the repository cannot look there"
    for found in _CITED.finditer(flat(text)):
        cited, quoted, number = found.groups()
        if cited in NO_DOCUMENTS:
            continue
        path = resolved(cited, name)
        if path is None:
            yield f"{cited}: there is no such document"
            continue
        if quoted is None:
            continue
        for heading in re.findall(r'"([^"]+)"', quoted):
            known = heading.replace("`", "").rstrip(".:")
            if known not in places(path):
                yield f'{cited}, "{heading}": no heading, first cell or bold phrase there is called so'
            elif number is not None and not has_item(path, heading, number):
                yield f'{cited}, "{heading}" {number}: no such item'


# -- links ----------------------------------------------------------------------------------------------------------


@cache
def anchors(path: Path) -> frozenset[str]:
    """The fragments of a Markdown page, as the usual viewers make them."""
    found: list[str] = []
    for heading in headings(path):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        again = sum(1 for one in found if one == slug or re.fullmatch(rf"{re.escape(slug)}-\d+", one))
        found.append(f"{slug}-{again}" if again else slug)
    return frozenset(found)


def links(name: str, text: str) -> Iterator[str]:
    if not name.endswith(".md"):
        return
    here = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        there = (here.parent / path).resolve() if path else here
        if not there.exists():
            yield f"({target}): there is no such file"
        elif fragment and fragment not in anchors(there):
            yield f"({target}): no heading there has that anchor"


# -- paths and tests ------------------------------------------------------------------------------------------------


@cache
def folders() -> frozenset[str]:
    return frozenset(name.partition("/")[0] for name in files() if "/" in name)


@cache
def names() -> frozenset[str]:
    return frozenset(Path(name).name for name in files())


def paths(name: str, text: str) -> Iterator[str]:
    """Of Markdown: `folder/path`, `folder/path::name`, `folder/path` (`name`), `file.py`."""
    if not name.endswith(".md") or name == "CHANGELOG.md":
        return
    for one in re.findall(r"`(\w+\.(?:py|ts|c|yaml|html|css))`", without_code(text)):
        if one not in names():
            yield f"`{one}`: no file is called so"
    for path, inside in re.findall(r"`([\w./-]+/[\w.-]+)` \((`\w+`(?:, `\w+`)*)\)", without_code(text)):
        for one in re.findall(r"\w+", inside):
            if (ROOT / path).is_file() and re.search(rf"\b{one}\b", text_of(path)) is None:
                yield f"`{path}` (`{one}`): it knows no {one}"
    for quoted in re.findall(r"`([^`\s]+/[^`\s]*)`", without_code(text)):
        path, _, inside = quoted.partition("::")
        path = path.rstrip("/")
        if path.partition("/")[0] not in folders() or path in MADE_HERE or "…" in path:
            continue
        if "{" in path:
            several = re.fullmatch(r"(.*)\{(.*)\}(.*)", path)
            assert several is not None, f"{name}: {path}"
            each = [f"{several[1]}{one}{several[3]}" for one in several[2].split(",")]
        else:
            each = [path]
        for one in each:
            if not (ROOT / one).exists():
                yield f"`{quoted}`: there is no {one}"
            elif inside and re.search(rf"\b{re.escape(inside)}\b", text_of(one)) is None:
                yield f"`{quoted}`: {one} knows no {inside}"


CHECKS: tuple[Callable[[str, str], Iterator[str]], ...] = (decisions, documents, links, paths)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_reference_resolves(check: Callable[[str, str], Iterator[str]]) -> None:
    faults = [f"{name}: {fault}" for name in files() for fault in check(name, text_of(name))]
    assert not faults, "\n".join(["", *faults])


def test_there_is_one_numbering_and_its_index_lists_every_page() -> None:
    assert [names for names in pages().values() if len(names) > 1] == [], "two pages of one number"
    numbers = sorted(pages())
    assert numbers[0] == 1
    assert [after for before, after in pairwise(numbers) if after != before + 1] == [], "a number is missing before"
    index = (DECISIONS / "README.md").read_text("utf-8")
    for number, (page,) in pages().items():
        title = headings(DECISIONS / page)[0]
        assert title.startswith(f"{number}. "), page
        assert f"| {number} | [{title.partition('. ')[2]}]({page}) |" in index, page


def test_the_code_cites_decisions_and_documents() -> None:
    """The patterns find what there is: without that the checks above would say nothing."""
    code = [text_of(name) for name in files() if name.startswith(("cosession/", "tests/", "web/src/"))]
    assert sum(len(re.findall(r"\bdecisions? \d", flat(text))) for text in code) > 70
    assert sum(1 for text in code for found in _CITED.finditer(flat(text)) if found.group(2)) > 40


@pytest.mark.parametrize(
    ("check", "name", "text", "fault"),
    [
        (decisions, "cosession/x.py", '"""Kept apart (decision 999).', "decision 999"),
        (decisions, "cosession/x.py", "# (decisions 3 and\n    # 998)", "decision 998"),
        (decisions, "web/src/x.ts", "/** As said\n * (decisions 1, 2 and 997). */", "decision 997"),
        (decisions, "protocols/x.yaml", "# see decisions.md 16", "decisions.md"),
        (documents, "cosession/x.py", '"""Source: mehtod.md."""', "mehtod.md"),
        (documents, "cosession/x.py", '#: (method.md, "When somebody\n#: dorps").', "When somebody dorps"),
        (documents, "cosession/x.py", '"""(media.md, "The design" 77)."""', "77"),
        (documents, "cosession/x.py", '"""method.md, "Words" and "Swords"."""', "Swords"),
        (documents, "docs/x.md", "See network.md.", "network.md"),
        (documents, "cosession/x.py", '# Sources: RFC 8866, wire.md "Medea".', "Medea"),
        (documents, "tests/x.py", '"""Nothing is lost (issue 4, point 1)."""', "issue 4"),
        (links, "docs/x.md", "[the wire](../protocols/wier.md)", "wier.md"),
        (links, "docs/x.md", "[the wire](../protocols/wire.md#medea)", "medea"),
        (links, "docs/method.md", "[below](#wurds)", "wurds"),
        (paths, "docs/x.md", "`cosession/core/flor.py` says so", "flor.py"),
        (paths, "docs/x.md", "`cosession/core/floor.py::may_sing`", "may_sing"),
        (paths, "docs/x.md", "`tests/core/test_floor.py::test_nothing`", "test_nothing"),
        (paths, "docs/x.md", "`web/locales/{fr,de}`", "web/locales/de"),
        (paths, "docs/x.md", "in `flor.py`", "flor.py"),
        (paths, "docs/x.md", "`cosession/core/vocabulary.py` (`WEAK_AFTER_MS`, `GONE_AFTER_MS`)", "GONE_AFTER_MS"),
    ],
)
def test_a_fault_of_each_kind_is_found(
    check: Callable[[str, str], Iterator[str]], name: str, text: str, fault: str
) -> None:
    (found,) = check(name, text)
    assert fault in found


@pytest.mark.parametrize(
    ("check", "name", "text"),
    [
        (decisions, "cosession/x.py", "# decisions 3, 12 and 34; 81 decisions of 900, a decision in 3 steps"),
        (documents, "cosession/x.py", 'Route("/s/{session}/{seat}/after.md"), f"codev-{room}.md"'),
        (documents, "cosession/x.py", '"""method.md, "client in `learnings`"; media.md, "The design" 3 and 4."""'),
        (links, "docs/x.md", "[a](https://example.org/x.md) [b](../protocols/wire.md#media)"),
        (paths, "docs/x.md", "`web/dist`, `web/locales/{fr,en}`, `a/b`, `cosession/core/floor.py::may_speak`"),
    ],
)
def test_what_is_right_or_no_reference_passes(check: Callable[[str, str], Iterator[str]], name: str, text: str) -> None:
    assert list(check(name, text)) == []
