"""The one table from errors to the wire."""

from __future__ import annotations

from typing import get_args

import pytest

from cosession.core.refusal import Refused
from cosession.core.vocabulary import RefusalCode
from cosession.room.errors import error_message, expected
from cosession.room.ports import OfferRefused, Unavailable
from cosession.wire.messages import ErrorCode, ErrorMessage, RefusedMessage


def test_a_refusal_names_the_field() -> None:
    refusal = Refused(RefusalCode.TOO_LONG, "at most 140 characters", "line")
    assert str(refusal) == "too_long: line: at most 140 characters"
    assert error_message("note-0001", refusal) == RefusedMessage(
        id="note-0001", code=RefusalCode.TOO_LONG, field="line", detail="at most 140 characters"
    )


def test_an_offer_is_refused_with_its_place() -> None:
    answer = error_message("offer-001", OfferRefused("codec_missing", "m-line 2: offer Opus"))
    assert isinstance(answer, ErrorMessage)
    assert (answer.code, answer.place, answer.retry) == ("offer_refused", "sdp (codec_missing)", False)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("store_busy", "store_busy"),
        ("store_full", "store_full"),
        ("store_unwritable", "store_full"),
        ("store_gone", "store_full"),
        ("store_damaged", "store_damaged"),
        ("media_down", "media_down"),
    ],
)
def test_what_cannot_be_served_now_may_be_sent_again(code: str, told: str) -> None:
    answer = error_message("command-1", Unavailable(code, "why"))
    assert isinstance(answer, ErrorMessage)
    assert (answer.code, answer.retry) == (told, True)
    assert answer.code in get_args(ErrorCode)


@pytest.mark.parametrize("error", [ValueError("secret words"), Unavailable("store_newer", "event 7")])
def test_anything_else_is_internal_and_says_nothing_of_its_text(error: Exception) -> None:
    answer = error_message("command-1", error)
    assert isinstance(answer, ErrorMessage)
    assert (answer.code, answer.retry) == ("internal", False)
    assert str(error) not in answer.model_dump_json()


def test_only_the_named_families_are_expected() -> None:
    assert all(map(expected, (Refused(RefusalCode.CLOSED), OfferRefused("not_sdp", ""), Unavailable("store_busy"))))
    assert not expected(ValueError())
