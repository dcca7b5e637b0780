"""Every word that the room page asks for stands in every language; every closed list of the server has its words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from cosession import assets
from cosession.core.lint import LintKind
from cosession.core.notes import NotePreset
from cosession.core.prompt_view import MicReason, PromptKey
from cosession.core.vocabulary import (
    FloorMode,
    HandKind,
    HoldCause,
    Job,
    Presence,
    RefusalCode,
    Role,
    TurnKind,
    Visibility,
)
from cosession.i18n.words import read_words, stem
from cosession.wire.messages import ErrorCode
from tests.delivered import SCRIPTS

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = sorted(read_words(assets.locales()))
#: A call with a plain id, or the longest plain beginning of a composed one: t("a.b"), t(`a.${x}`).
ASKED = re.compile(r"""\bt\(\s*(?:"([a-z_]+(?:\.[a-zA-Z_]+)*)"|`([a-z_.]+)\$\{)""")
#: Ids that stand apart from their call: chosen by a condition, or handed to an element (`.words=${"turn.left"}`).
APART = re.compile(r"""["'`]([a-z_]+\.[a-z_]+(?:\.[a-z_]+)*)["'`]""")
FAMILIAR = ".familiar"
#: Words that speak to somebody as *vous*: the pronouns, and the verbs that end in -ez; « l’un de vous » are several.
FORMAL = re.compile(r"\b(?:(?<!un de )vous|votre|vos|vôtres?)\b|\b(?!chez\b|assez\b|rendez\b)\w+ez\b", re.IGNORECASE)
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def texts(language: str) -> dict[str, str]:
    """As the page gets them, without what is the language's own."""
    own = read_words(assets.locales())[language].texts
    return {id_: text for id_, text in handed_over(language).items() if id_ not in own}


def handed_over(language: str) -> dict[str, str]:
    return dict(read_words(assets.locales(), "cosession")[language].texts)


def sources() -> str:
    folder = ROOT / "web" / "src"
    files = [path for path in sorted(folder.rglob("*.ts")) if "pages" not in path.parts and path.stem != "pages"]
    return "\n".join(path.read_text() for path in files if path.name != "wire.gen.ts")


def there(words: dict[str, str], identifier: str) -> bool:
    return identifier in words or f"{identifier}.other" in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_id_in_the_sources_has_words(language: str) -> None:
    words = handed_over(language)
    groups = {identifier.split(".")[0] for identifier in words}
    code = sources()
    plain = {found for found, _ in ASKED.findall(code) if found}
    begun = {found for _, found in ASKED.findall(code) if found}
    apart = {found for found in APART.findall(code) if found.split(".")[0] in groups}
    assert len(plain) > 100, "the expression no longer finds the calls"
    assert sorted(one for one in plain | apart if not there(words, one)) == []
    assert sorted(one for one in begun if not any(identifier.startswith(one) for identifier in words)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_closed_list_has_words(language: str) -> None:
    words = texts(language)
    wanted = [f"do.{key}" for key in PromptKey] + [f"mic.{reason}" for reason in MicReason]
    wanted += [f"refused.{code}" for code in (*RefusalCode, *get_args(ErrorCode))]
    wanted += [f"floor.{mode}" for mode in FloorMode] + [f"role.{role}" for role in Role]
    wanted += [f"job.{job}" for job in Job] + [f"hold.{cause}" for cause in HoldCause]
    wanted += [f"hand.{kind}" for kind in HandKind] + [f"turn.{kind}" for kind in TurnKind]
    wanted += [f"turn.{kind}.you" for kind in TurnKind] + [f"today.{role}" for role in Role]
    wanted += [f"seen.{visibility}" for visibility in Visibility]
    wanted += [f"lint.{kind}" for kind in LintKind] + [f"note.{preset}" for preset in NotePreset]
    wanted += [f"watch.{presence}" for presence in Presence if presence is not Presence.HERE]
    assert [one for one in wanted if not there(words, one)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_script_lets_people_write_has_words(language: str) -> None:
    words = texts(language)
    captures = [
        one
        for script in SCRIPTS.values()
        for one in (*script.lobby, *(spec for phase in script.phases for spec in phase.captures))
    ]
    options = {option for one in captures for field in one.fields for option in field.options}
    wanted = {f"capture.{one.id}" for one in captures} | {f"option.{option}" for option in options}
    assert len(wanted) > 20, "the scripts have captures"
    assert sorted(one for one in wanted if not there(words, one)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things(language: str) -> None:
    french, words = texts("fr"), texts(language)
    assert {stem(one, words) for one in words} == {stem(one, french) for one in french}
    assert [one for one, text in words.items() if not text.strip()] == []
    differing = []
    for one, text in words.items():
        model = french.get(one.removesuffix(FAMILIAR)) or french[f"{stem(one, words)}.other"]
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(model)):
            differing.append(one)
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_said_otherwise_in_the_familiar_form_has_a_formal_one(language: str) -> None:
    words = texts(language)
    familiar = {one for one in words if one.endswith(FAMILIAR)}
    assert sorted(one for one in familiar if words[one] == words[one.removesuffix(FAMILIAR)]) == []
    assert bool(familiar) is bool(read_words(assets.locales())[language].forms), "the form offers what there is"


def test_a_group_that_says_tu_is_never_addressed_otherwise() -> None:
    """Every French text that speaks to its reader has its *tu*; those who have no seat yet are no group."""
    words = texts("fr")
    formal = {one for one, text in words.items() if FORMAL.search(text) and not one.endswith(FAMILIAR)}
    strangers = {one for one in formal if one.split(".")[0] in ("revoked", "unknown", "signed_out")}
    assert sorted(one for one in formal - strangers if one + FAMILIAR not in words) == []
    assert sorted(one for one, text in words.items() if one.endswith(FAMILIAR) and FORMAL.search(text)) == []


def test_french_high_punctuation_does_not_break_from_its_word() -> None:
    loose = [one for one, text in texts("fr").items() if re.search(r" [?!;:»]|« ", text)]
    assert loose == []
    straight = [one for one, text in texts("fr").items() if "'" in text]
    assert straight == []


def test_nobody_is_lost_without_a_use() -> None:
    """Words that no source and no closed list asks for are words that nobody will keep right."""
    code = sources()
    composed = {found for _, found in ASKED.findall(code) if found} | {"do.", "option.", "device.", "today.", "seen."}
    unused = []
    for identifier in texts("en"):
        bare = identifier.removesuffix(".one").removesuffix(".other").removesuffix(".zero")
        if not (f'"{bare}"' in code or any(bare.startswith(begun) for begun in composed)):
            unused.append(identifier)
    allowed = {f"floor.{mode}" for mode in FloorMode}
    assert sorted(set(unused) - allowed) == []
