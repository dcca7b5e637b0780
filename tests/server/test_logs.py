"""Logs: one line an event, and nothing in it that belongs to people."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from pydantic import BaseModel, ValidationError

from cosession import logs


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    found = io.StringIO()
    logs.configure("info", "json", found)
    yield found
    logs.configure()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_forbidden_keys_are_withheld_and_said(stream: io.StringIO) -> None:
    structlog.get_logger().info("seat.joined", seat="p1", name="Nadia", sdp="v=0")
    (line,) = lines(stream)
    assert line["seat"] == "p1"
    assert line["withheld"] == ["name", "sdp"]
    assert "Nadia" not in stream.getvalue()


def test_in_tests_a_forbidden_key_is_an_error() -> None:
    logs.configure("info", "json", io.StringIO(), strict=True)
    with pytest.raises(logs.PrivateInLog, match="token"):
        structlog.get_logger().info("login", token="t")
    logs.configure()


def test_a_traceback_tells_where_and_not_what_somebody_typed(stream: io.StringIO) -> None:
    class Form(BaseModel):
        age: int

    try:
        Form.model_validate({"age": "Nadia"})
    except ValidationError:
        structlog.get_logger().exception("form.broke")
    try:
        raise OSError(28, "No space left on device")
    except OSError:
        logging.getLogger("uvicorn.error").exception("went wrong")
    first, second = lines(stream)
    assert first["error"] == "ValidationError"
    assert "test_logs.py" in str(first["at"])
    assert "Nadia" not in stream.getvalue()
    assert second["error"] == "OSError: [Errno 28] No space left on device"


def test_levels_and_forms(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    logs.configure("warning", "console", stream)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud", seat="p1")
    logging.getLogger("aioice").info("chatter")
    assert "loud" in stream.getvalue()
    assert "quiet" not in stream.getvalue()
    assert "chatter" not in stream.getvalue()
    logs.configure()
    assert capsys.readouterr().out == "", "logs are no result: never on stdout"
