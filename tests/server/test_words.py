"""The words of the pages: every id that is used exists in every language, none is empty, none is left over."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from cosession import assets
from cosession.core.vocabulary import Guidance, Job, RefusalCode, Role, Status, TurnOrder
from cosession.i18n.words import read_words, stem
from cosession.room.ports import DROP_REASONS
from cosession.server.completing import EXPLAINED
from tests.delivered import SCRIPTS

ROOT = Path(__file__).resolve().parents[2]
PLURAL = re.compile(r'\b(?:t|words)\.count\(\s*"([^"]+)"')
PLAIN = re.compile(r'\bt\(\s*"([^"]+)"\s*[,)]')
#: Ids that are put together: what they begin with, and how they may go on.
PREFIXED = re.compile(r'\bt\(\s*"([^"]+)"\s*~')
IN_PYTHON = re.compile(r'words\(\s*"([^"]+)"')
PROBLEMS = re.compile(r'Problem\(\d+, "([^"]+)"\)')


@pytest.fixture(scope="module")
def texts() -> dict[str, dict[str, str]]:
    own = read_words(assets.locales())
    return {
        language: {msgid: text for msgid, text in words.texts.items() if msgid not in own[language].texts}
        for language, words in read_words(assets.locales(), "pages").items()
    }


def used() -> set[str]:
    """Every id that templates and code can ask for."""
    templates = "\n".join(path.read_text() for path in sorted(assets.templates().glob("*.html")))
    python = "\n".join(
        path.read_text() for folder in ("server", "ops", "pages") for path in (ROOT / "cosession" / folder).glob("*.py")
    )
    ids = set(PLAIN.findall(templates)) | set(IN_PYTHON.findall(python))
    ids |= {f"{msgid}.{form}" for msgid in PLURAL.findall(templates + python) for form in ("one", "other")}
    problems = set(PROBLEMS.findall(python)) | set(re.findall(r'^    \d{3}: "(\w+)"', python, re.MULTILINE))
    problems |= {"unavailable", "newer", "internal", "bad_request"}
    ids |= {f"problem.{name}.{part}" for name in problems for part in ("title", "what", "do")}
    ids |= {f"wrong.{name}" for name in re.findall(r'wrong\(\s*(?:f?"[^"]*"|\w+), "(\w+)"', python)}
    ids |= {f"wrong.{name}" for name in ("starts_past", "starts_far", "setup")}
    ids |= {f"after.wrong.{code.value}" for code in (*EXPLAINED, RefusalCode.NOT_NOW)}
    families = {
        "job.": ["client", *Job, "previous_client"],
        "role.": list(Role),
        "ops.level.": ["full", "small", "stage", "sound"],
        "ops.trouble.": [*re.findall(r'return "(?:ok|warn|bad)", "(\w+)"', python), "waiting", "ok", "returning"],
        "ops.dropped.": list(DROP_REASONS),
        "ops.presence.": ["here", "weak", "absent", "waiting"],
        "ops.": list(Status),
        "sessions.those.": list(Status),
        "problem.": [],
        "new.": [
            *("guidance", "turn_order"),
            *(f"guidance.{word}" for word in Guidance),
            *(f"turn_order.{word}" for word in TurnOrder),
        ],
        "new.guidance.": [f"{word}.help" for word in Guidance],
    }
    for prefix in PREFIXED.findall(templates):
        assert prefix in families, f"{prefix}: tell this test how it goes on"
        ids |= {f"{prefix}{name}" for name in families[prefix]}
    ids |= {f"job.{name}.help" for name in families["job."]} | {f"job.{name}.long" for name in Job}
    return ids


def test_every_id_exists_in_every_language_and_none_is_empty_or_left_over(texts: dict[str, dict[str, str]]) -> None:
    kept = ("kept.", "option.")  # asked for by the ids of a script's captures
    wanted = {stem(msgid, texts["fr"]) for msgid in used()} - read_words(assets.locales())["fr"].texts.keys()
    for language, words in texts.items():
        found = {stem(msgid, words) for msgid in words}
        assert sorted(wanted - found) == [], language
        assert sorted(msgid for msgid in found - wanted if not msgid.startswith(kept)) == [], language
        assert sorted(msgid for msgid, text in words.items() if not text.strip()) == [], language


def test_placeholders_are_the_same_in_every_language(texts: dict[str, dict[str, str]]) -> None:
    for language, words in texts.items():
        for msgid, text in words.items():
            model = texts["fr"].get(msgid) or texts["fr"][f"{stem(msgid, words)}.other"]
            names = [{name for _, name, _, _ in Formatter().parse(one) if name} for one in (text, model)]
            assert names[0] == names[1], f"{language}: {msgid}"


def test_every_choice_of_every_script_has_words(texts: dict[str, dict[str, str]]) -> None:
    for script in SCRIPTS.values():
        specs = [*script.lobby, *(spec for phase in script.phases for spec in phase.captures)]
        for option in {option for spec in specs for field in spec.fields for option in field.options}:
            assert f"option.{option}" in texts["fr"], f"{script.id}: {option}"


def test_french_typography(texts: dict[str, dict[str, str]]) -> None:
    for msgid, text in texts["fr"].items():
        assert not re.search(r"[^\s\u202f][!?;](\s|$)", text), f"{msgid}: a narrow space goes before ! ? ;"
        assert " :" not in text, f"{msgid}: the space before a colon does not break"
        assert "'" not in text, msgid
