"""What comes off a socket is a message, or an error that names the place and the fix, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cosession.room.reading import BadMessage, read
from cosession.wire.messages import MESSAGE_BYTES, OFFER_BYTES, Ask, ErrorMessage, MediaOffer, Pong


def refused(data: str | bytes) -> ErrorMessage:
    with pytest.raises(BadMessage) as caught:
        read(data)
    return caught.value.error


def text(**message: Any) -> str:
    return json.dumps(message)


def test_a_message_is_read_from_text_and_from_bytes() -> None:
    assert read('{"type":"pong","n":3}') == read(b'{"type":"pong","n":3}') == Pong(n=3)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        b"\xff\xfe",
        '{"type":"pong","n":NaN}',
        '{"type":"clock_ping","sent_ms":Infinity}',
        '{"type":"clock_ping","sent_ms":-Infinity}',
        '{"type":"clock_ping","sent_ms":1e999}',
        '{"type":"pong","n":1,"n":2}',
        '{"type":"pong","n":' + "9" * 5000 + "}",
        '{"type":"draft","id":"draft-0001","capture":"request","fields":{"text":"\\ud800"}}',
        '{"type":"draft","id":"draft-0001","capture":"request","fields":{"\\udfff":"x"}}',
        "[" * 21 + "]" * 21,
        "[" * 16000,
        '{"a":' * 21 + "1" + "}" * 21,
        "\ud800",
    ],
)
def test_lax_json_is_no_json(data: str | bytes) -> None:
    error = refused(data)
    assert error.code == "not_json"
    assert error.fix


def test_nesting_up_to_the_limit_is_json() -> None:
    assert refused("[" * 20 + "]" * 20).code == "bad_message"


def test_sizes_are_bytes_of_utf_8() -> None:
    def ask(size: int, character: str) -> str:
        frame = '{"type":"draft","id":"draft-0001","capture":"request","fields":{"text":""}}'
        return frame.replace('""', f'"{character * ((size - len(frame)) // len(character.encode()))}"')

    read(ask(MESSAGE_BYTES, "e"))
    assert refused(ask(MESSAGE_BYTES + 1, "e")).code == "too_large"
    assert refused(ask(MESSAGE_BYTES + 4, "é")).code == "too_large"
    offer = text(type="media_offer", id="offer-0001", connection="media-one", sdp="v" * 40_000)
    assert isinstance(read(offer), MediaOffer)
    assert refused(offer.ljust(OFFER_BYTES + 1)).code == "too_large"


@pytest.mark.parametrize(
    ("message", "code", "place"),
    [
        ({"n": 1}, "unknown_type", "type"),
        ({"type": "shout"}, "unknown_type", "type"),
        ({"type": "pong"}, "bad_message", "n"),
        ({"type": "pong", "n": 1, "loud": True}, "bad_message", "loud"),
        ({"type": "command", "id": "c-0000001", "command": {"type": "shout"}}, "bad_message", "command.type"),
        (
            {"type": "command", "id": "c-0000001", "command": {"type": "extend_phase", "phase": "x#1", "by_s": 9999}},
            "bad_message",
            "command.by_s",
        ),
        ({"type": "command", "id": "c-0000001", "command": {"type": "tick"}}, "bad_message", "command.type"),
        ({"type": "draft", "id": "short", "capture": "request", "fields": {}}, "bad_message", "id"),
        (
            {"type": "draft", "id": "draft-0001", "capture": "request", "fields": {"text": 1}},
            "bad_message",
            "fields.text",
        ),
    ],
)
def test_an_error_names_its_place(message: dict[str, Any], code: str, place: str) -> None:
    error = refused(json.dumps(message))
    assert (error.code, error.place) == (code, place)
    assert error.fix
    assert error.id == (message.get("id") if message.get("id") != "short" else None)


def test_an_error_never_quotes_what_came() -> None:
    secret = "une chose très privée"
    for broken in (
        text(type=secret),
        text(type="draft", id="draft-0001", capture=secret, fields={}),
        text(type="draft", id=secret, capture="request", fields={}),
        text(type="command", id="c-0000001", command={"type": "raise_hand", "kind": secret}),
    ):
        assert secret not in refused(broken).model_dump_json()


def test_who_asks_is_never_taken_from_the_message() -> None:
    message = read(text(type="command", id="c-0000001", command={"type": "raise_hand"}))
    assert isinstance(message, Ask)
    assert refused(text(type="command", id="c-0000001", seat="f", command={"type": "raise_hand"})).place == "seat"


words = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(max_size=200) | st.text(max_size=200) | words.map(json.dumps))
@example(b"\x00")
@example('{"type":["pong"]}')
@example('{"type":"command","id":"c-0000001","command":[]}')
def test_only_bad_message_escapes(data: str | bytes) -> None:
    error = None
    try:
        read(data)
    except BadMessage as bad:
        error = bad.error
    assert error is None or ErrorMessage.model_validate_json(error.model_dump_json()) == error
