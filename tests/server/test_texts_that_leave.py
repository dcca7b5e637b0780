"""What leaves the server as text: one message for each person, times with their zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from cosession.main import Application
from cosession.pages.render import Pages
from tests.server.conftest import link_of


async def test_each_person_has_a_message_of_their_own(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    """Before: one text with everybody's secret links, the facilitator's too."""
    page = (await facilitator.get(made["page"])).text
    texts = re.findall(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    seats = [each for each in made["links"] if each["seat"] != "f"]
    assert len(texts) == len(seats)
    for each, text in zip(seats, texts, strict=True):
        assert each["name"] in text
        assert [other["seat"] for other in made["links"] if other["link"] in text] == [each["seat"]]
    assert not any(link_of(made, "f") in text for text in texts)
    assert all(re.search(r"\(UTC[+−:0-9]*\)", text) for text in texts)


@pytest.mark.parametrize(
    ("zone", "at", "said"),
    [
        ("Europe/Paris", datetime(2027, 3, 28, 0, 59, tzinfo=UTC), "dimanche 28 mars, 1 h 59 (UTC+1)"),
        ("Europe/Paris", datetime(2027, 3, 28, 1, 0, tzinfo=UTC), "dimanche 28 mars, 3 h 00 (UTC+2)"),
        ("Europe/Paris", datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "dimanche 31 octobre, 2 h 30 (UTC+2)"),
        ("Europe/Paris", datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "dimanche 31 octobre, 2 h 30 (UTC+1)"),
        ("America/New_York", datetime(2026, 12, 1, 9, 0, tzinfo=UTC), "mardi 1er décembre, 4 h 00 (UTC−5)"),
        ("America/St_Johns", datetime(2026, 12, 1, 9, 0, tzinfo=UTC), "mardi 1er décembre, 5 h 30 (UTC−3:30)"),
        ("UTC", datetime(2026, 12, 1, 9, 0, tzinfo=UTC), "mardi 1er décembre, 9 h 00 (UTC)"),
    ],
)
async def test_a_time_in_a_text_names_its_zone(
    application: Application, zone: str, at: datetime, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: Pages = application._ops.pages
    monkeypatch.setattr(pages, "_zone", ZoneInfo(zone))
    found = pages.when_zoned(round(at.timestamp() * 1000), pages.words["fr"])
    assert found.replace("\u00a0", " ").replace("\u202f", " ") == said
