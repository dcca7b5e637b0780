"""A language is added by a folder and no code: a copy of the English one, done over as CONTRIBUTING.md tells it, is
German for whoever asks for it."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect
from typer.testing import CliRunner

from cosession import assets
from cosession.assets import AssetsMissing
from cosession.cli import app
from cosession.core.vocabulary import Formality
from cosession.i18n.words import read_words
from cosession.main import Application
from cosession.room.actor import Room
from cosession.settings import Settings
from tests.server.conftest import PEOPLE, QuietMedia, link_of, setup, visitor
from tests.server.playing import play
from tests.server.test_in_a_browser import serving, sign_in

#: What English says otherwise, or not at all.
OWN = {
    "date": "EEEE, d. MMMM",
    "quote": "„{text}“",
    "formality.formal": "Sie",
    "formality.familiar": "du",
}
ROOM = {
    "seat.you": "Sie",
    "seat.you.familiar": "Du",
    "lobby.enter": "Eintreten",
    "lobby.enter.familiar": "Tritt ein",
}
PAGES = {"sessions.title": "Sitzungen", "new.title": "Neue Sitzung", "new.formality": "Auf {language} sagt die Gruppe"}


def translate(file: Path, texts: dict[str, str]) -> None:
    """Gives ids their German, known ones and new ones."""
    text = file.read_text(encoding="utf-8")
    for msgid, said in texts.items():
        entry = f'msgid "{msgid}"\nmsgstr "{said}"\n'
        text, known = re.subn(rf'^msgid "{re.escape(msgid)}"\nmsgstr ".*"\n', entry, text, flags=re.MULTILINE)
        text += "" if known else f"\n{entry}"
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of languages: French, English, and German."""
    locales = tmp_path / "locales"
    for source, tag in (("fr", "fr"), ("en", "en"), ("en", "de")):
        shutil.copytree(assets.locales() / source, locales / tag)
    folder = locales / "de" / "LC_MESSAGES"
    for name, texts in (("language", OWN), ("cosession", ROOM), ("pages", PAGES)):
        translate(folder / f"{name}.po", texts)
    monkeypatch.setattr(assets, "locales", lambda: locales)
    return locales


@pytest.fixture
async def application(german: Path, settings: Settings, media: QuietMedia, journal: Any) -> AsyncIterator[Application]:
    async with Application(settings, media=media).running() as running:
        yield running


async def room_of(application: Application, made: dict[str, Any]) -> Room:
    room = await application.rooms.get(made["session"])
    assert room is not None
    return room


async def test_pages_form_and_session_are_german_for_whoever_asks_for_it(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    async with visitor(application, "de-AT,en;q=0.5") as reader:
        await reader.post(f"/in/{await application.registry.new_login_link('facilitator')}")
        page = await reader.get("/")
        assert page.headers["content-language"] == "de"
        assert "Sitzungen</h1>" in page.text
        form = html.unescape((await reader.get("/sessions/new")).text)
    assert re.findall(r'name="language" value="(\w+)"( checked)?> (\w+)<', form) == [
        ("fr", "", "Französisch"),
        ("de", " checked", "Deutsch"),
        ("en", "", "Englisch"),
    ]
    forms = re.findall(r'name="formality\.(\w+)" value="(\w+)"[^>]*> <span(?: lang="fr")?>(\w+)<', form)
    assert forms == [
        ("fr", "formal", "vous"),
        ("fr", "familiar", "tu"),
        ("de", "formal", "Sie"),
        ("de", "familiar", "du"),
    ]
    assert "Auf Französisch sagt die Gruppe" in form

    fields = {
        "title": "Gruppe Nord",
        "facilitator": "Claire",
        "script": "codev-75",
        "language": "de",
        "when": "now",
        "first": "yes",
        "participant[]": PEOPLE,
        "client": "0",
        "formality.fr": "formal",
    }
    answer = await facilitator.post("/sessions", data={**fields, "formality.de": "familiar"})
    room = await application.rooms.get(answer.url.path.rpartition("/")[2])
    assert room is not None
    assert (room.state.language, room.state.formality) == ("de", Formality.FAMILIAR)
    refused = (await facilitator.post("/sessions", json=setup(language="it"))).json()["errors"]
    assert refused == [{"field": "language", "message": "Choisissez parmi : fr, de, en.".replace(" :", "\u00a0:")}]


async def test_a_german_session_is_played_and_its_script_is_read_in_the_language_in_which_it_was_written(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    made = (await facilitator.post("/sessions", json=setup(language="de", formality="familiar"))).json()
    room = await room_of(application, made)
    async with visitor(application, "it") as nadia:
        page = html.unescape((await nadia.get(link_of(made, "p1"))).text)
        boot = json.loads(page.partition('type="application/json" id="boot">')[2].partition("</script>")[0])
        assert boot["language"] == "de"
        assert (boot["words"]["seat.you.familiar"], boot["words"]["quote"]) == ("Du", "„{text}“")
        common = json.loads(room.view_text("p1", None))["common"]
        assert (common["language"], common["formality"]) == ("de", "familiar")
        title = common["script_title"]
        assert list(title) == ["fr", "en"]
        await play(room)
        after = await nadia.get(f"/s/{room.session}/p1/after")
    assert after.headers["content-language"] == "de"
    assert title["fr"] in html.unescape(after.text), "nothing in the script is German yet"
    assert (await room.verify())["replay_equal"]


@pytest.mark.browser
async def test_the_room_is_german_in_a_browser_and_asks_for_sie_or_du(
    application: Application, browser: Browser
) -> None:
    async with serving(application) as address:
        context = await browser.new_context(locale="de-DE")
        page = await context.new_page()
        complaints = await sign_in(application, address, page)
        await page.goto(f"{address}/sessions/new")
        await page.locator("summary", has=page.locator("h2")).click()
        forms = page.get_by_role("radio", name=re.compile("^(vous|tu|Sie|du)$"))
        assert await page.get_by_role("radio", name="Deutsch").is_checked()
        await expect(forms).to_have_count(2)
        await page.get_by_role("radio", name="du", exact=True).check()
        await page.get_by_role("radio", name="Englisch").check()
        await expect(forms).to_have_count(0)
        made = await (
            await page.request.post(f"{address}/sessions", data=setup(language="de", formality="familiar"))
        ).json()
        await page.goto(link_of(made, "p1").replace("http://codev.test", address))
        await expect(page.get_by_role("button", name="Tritt ein").first).to_be_visible()
        assert await page.evaluate("document.documentElement.lang") == "de"
        assert complaints == []
        await context.close()


def test_plurals_names_and_times_are_those_of_the_language(german: Path) -> None:
    polish = german / "pl"
    shutil.copytree(german / "en", polish)
    translate(polish / "LC_MESSAGES" / "pages.po", {"sessions.people.few": "{count} osoby"})
    words = read_words(german, "pages")
    assert list(words) == ["fr", "de", "en", "pl"]
    assert [words["pl"].count("sessions.people", count) for count in (1, 3, 5)] == [
        words["en"].count("sessions.people", 1),
        "3 osoby",
        words["en"].count("sessions.people", 5),
    ]
    assert words["fr"].count("sessions.people", 0) == words["fr"]("sessions.people.one", count=0)
    assert words["de"].count("sessions.people", 0) == words["de"]("sessions.people.other", count=0)
    assert [one.name() for one in words.values()] == ["Français", "Deutsch", "English", "Polski"]
    assert (words["fr"].name("de"), words["de"].forms, words["en"].forms) == (
        "allemand",
        {"formal": "Sie", "familiar": "du"},
        {},
    )


@pytest.mark.parametrize(
    ("file", "texts", "said"),
    [
        ("pages", {"new.title": ""}, "pages.po: new.title is missing"),
        ("pages", {"new.formality": "Auf {sprache}"}, "pages.po: new.formality: can be filled in with {language} only"),
        ("language", {"quote": ""}, "language.po: quote is missing"),
        ("language", {"time": "{hour"}, "language.po: time: expected '}' before end of string"),
        ("cosession", {"lobby.hello": ""}, "cosession.po: lobby.hello is missing"),
    ],
)
def test_a_folder_that_is_not_complete_is_refused_with_what_is_missing(
    german: Path, file: str, texts: dict[str, str], said: str
) -> None:
    translate(german / "de" / "LC_MESSAGES" / f"{file}.po", texts)
    with pytest.raises(AssetsMissing, match=re.escape(f"de/LC_MESSAGES/{said}")):
        read_words(german, "pages", "cosession")


@pytest.mark.parametrize(("name", "said"), [("deutsch", "no language is called deutsch"), ("xx", "is called xx")])
def test_a_folder_is_named_by_the_tag_of_its_language(german: Path, name: str, said: str) -> None:
    (german / "de").rename(german / name)
    with pytest.raises(AssetsMissing, match=said):
        read_words(german, "pages")


def test_the_check_of_scripts_says_what_is_not_german_yet_and_what_no_one_could_read(
    german: Path, tmp_path: Path
) -> None:
    script = (assets.protocols() / "troika-30.yaml").read_text(encoding="utf-8")
    file = tmp_path / "troika-30.yaml"
    file.write_text(script, encoding="utf-8")
    done = CliRunner().invoke(app, ["script", "check", str(file)])
    assert done.exit_code == 0
    # Somebody's own file, in which nobody writes a contract or a learning: that is said too, after the language.
    line, *_ = done.stderr.splitlines()
    assert line.startswith(f"troika-30.yaml:{line_of(script, 'title:')}:1: title: warning: no text is in de")
    file.write_text(script.replace("title: {fr:", "title: {de: Dreier, fr:", 1), encoding="utf-8")
    lines = CliRunner().invoke(app, ["script", "check", str(file)]).stderr.splitlines()
    missing = [line for line in lines if line.endswith("de is missing, so people who read de will read fr")]
    assert len(missing) > 20
    assert len(lines) - len(missing) == len(done.stderr.splitlines()) - 1, "and nothing else is new"
    file.write_text(script.replace("title: {fr:", "title: {it: Trio, fr:", 1), encoding="utf-8")
    done = CliRunner().invoke(app, ["script", "check", str(file)])
    assert done.exit_code == 1
    assert "title.it: there is no such language here; there are: fr, de, en" in done.stderr
    drawn = CliRunner().invoke(app, ["script", "show", str(file), "--language", "de"])
    assert drawn.exit_code == 0, drawn.stderr
    for verb in (["script", "show", str(file)], ["simulate"], ["rotation", "plan", "none.yaml"]):
        unknown = CliRunner().invoke(app, [*verb, "--language", "it"])
        assert unknown.exit_code == 1
        assert re.fullmatch(r"cosession: --language( it)?: one of fr, de, en\n", unknown.stderr)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1
