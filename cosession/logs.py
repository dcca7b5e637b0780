"""Logs: one line an event, on stderr; for people on a terminal, JSON elsewhere.

Names, texts, SDP and tokens never reach a log (architecture.md). What holds that here: keys that could carry them are
withheld, and a traceback is written without the exception's message, which may quote what somebody typed, unless it
is an error whose texts are our own or the system's. Other libraries' logs go the same way, from warnings on.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

from cosession.room.ports import Conflict, Unavailable

#: Keys that could carry what must not be logged. `event` is the log's own text and is written by us.
FORBIDDEN = frozenset(
    {"body", "captures", "content", "cookie", "draft", "drafts", "fields", "headers", "link", "links", "message", "msg"}
    | {"name", "names", "offer", "password", "query", "sdp", "secret", "text", "texts", "title", "token", "tokens"}
    | {"topic", "url", "words", "credential", "credentials", "ice_servers", "username"}
)

#: Errors whose messages never quote people.
PLAIN_SPOKEN: tuple[type[BaseException], ...] = (Conflict, Unavailable, OSError, NotImplementedError, AssertionError)


class PrivateInLog(Exception):
    """A log call carried a forbidden key (raised in tests only; elsewhere the key is withheld)."""


def configure(
    level: str = "info",
    form: Literal["auto", "console", "json"] = "auto",
    stream: TextIO | None = None,
    *,
    strict: bool = False,
) -> None:
    """Set logging up for the whole process. May be repeated; the last call counts. With `strict` a forbidden key
    raises `PrivateInLog`."""
    stream = stream or sys.stderr
    as_json = form == "json" or (form == "auto" and not stream.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Withhold(strict),
        _plain_traceback,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    renderer: Any = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=True)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[*shared],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("aioice", "aiortc", "alembic", "asyncio", "sqlalchemy", "uvicorn", "websockets"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
        logging.getLogger(chatty).handlers.clear()
        logging.getLogger(chatty).propagate = True


class _Withhold:
    """Takes forbidden keys out and says which they were."""

    def __init__(self, strict: bool) -> None:
        self._strict = strict

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        found = sorted(FORBIDDEN & event.keys())
        if found and self._strict:
            raise PrivateInLog(f"{event.get('event')}: {', '.join(found)}")
        for key in found:
            del event[key]
        if found:
            event["withheld"] = found
        return event


def _plain_traceback(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """`exc_info` becomes `error` (the type, and the message if it is plain-spoken) and `at` (the frames, innermost
    last)."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if not isinstance(error, BaseException):
        return event
    event["error"] = f"{type(error).__name__}: {error}" if isinstance(error, PLAIN_SPOKEN) else type(error).__name__
    event["at"] = _frames(error.__traceback__)
    if error.__cause__ is not None:
        event["cause"] = type(error.__cause__).__name__
    return event


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-8:]
    return [f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
