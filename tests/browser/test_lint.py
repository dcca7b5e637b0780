"""Advice in disguise, as its author meets it: a quiet word under the question before it goes, never a block."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.house import NARROW, House

pytestmark = pytest.mark.browser


async def test_a_question_that_sounds_like_advice_is_said_to_and_goes_through_all_the_same(house: House) -> None:
    made = await house.make(2)
    (facilitator,) = await house.enter(made, "f")
    person = await house.guest(made, "p2", viewport=NARROW)
    await person.enter()
    await facilitator.go_to("questions")
    form = person.form("question")
    hint = form.locator("[role=status].lint")

    await person.type("question", text="Qu’as-tu déjà essayé avec lui ?")
    await expect(form).to_contain_text("Brouillon enregistré")
    await expect(hint).to_have_text("")
    await person.type("question", text="😀 As-tu essayé de lui parler ?")
    await expect(hint).to_contain_text("«\u00a0As-tu essayé de lui\u00a0»\u00a0: cela ressemble à un conseil")
    await person.type("question", text="😀 Comment as-tu essayé de lui parler ?")
    await expect(hint).to_have_text("")
    await person.type("question", text="As-tu essayé de lui parler ?")
    await hint.get_by_role("button", name="Garder ma phrase").click()
    await expect(hint).to_have_text("")
    await expect(form.locator("textarea")).to_be_focused()

    await person.type("question", text="Et si tu lui parlais ?")
    await expect(hint).to_contain_text("cela ressemble à un conseil")
    await person.write("question", text="Et si tu lui parlais ?")
    await expect(hint).to_have_text("")
    await expect(facilitator.page.get_by_text("Et si tu lui parlais ?").first).to_be_visible()
