"""uvicorn's HTTP with deadlines: it has none for a head or a body that never ends, nor for an answer that nobody reads.

Where no proxy stands between, requests on one connection have a budget too.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cosession.doors.visits import ANSWER_S, BODY_S, HEAD_S, SCOPE, Visit, Visits
from cosession.room.pace import REQUEST, Bucket


class PatientHTTP(H11Protocol):
    """`visits` is the listener's; the rest is uvicorn's."""

    def __init__(self, visits: Visits, **given: Any) -> None:
        super().__init__(**given)
        self._visits = visits
        self._visit: Visit | None = None
        self._requests = Bucket(REQUEST)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._visit, wait_s = self._visits.came(transport, self.client[0] if self.client else "")
        if wait_s > 0 and not transport.is_closing():
            self.flow.pause_reading()
            self.loop.call_later(wait_s, self.flow.resume_reading)

    def connection_lost(self, exc: Exception | None) -> None:
        self._visits.went(self.transport)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Goes on to the next request, after a rest if there were too many."""
        rest_ms = 0.0
        if self._visit is not None and self._visit.address is not None:
            rest_ms = self._requests.take(1000 * self.loop.time())
        if rest_ms > 0 and not self.transport.is_closing():
            self.flow.pause_reading()
            self.loop.call_later(rest_ms / 1000, self._go_on)
        else:
            self._go_on()

    def _go_on(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._visit is not None:
            self._visit.waits("answer", ANSWER_S)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._visit is not None:
            self._visit.busy()
        self._look()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        if self._visit is not None:
            self._visit.busy()
        super().handle_websocket_upgrade(event)

    def _look(self) -> None:
        """Whose move is it?"""
        visit = self._visit
        if self.scope is not None:
            self.scope[SCOPE] = visit  # type: ignore[literal-required]
        if visit is None or visit.why == "answer" or self.transport.get_protocol() is not self:
            return
        their_state = self.conn.their_state
        if their_state is h11.IDLE:
            # Between two requests uvicorn's own timer runs; a head has so long from its first byte.
            if visit.why not in ("head", "idle") or self.conn.trailing_data[0]:
                begun = bool(self.conn.trailing_data[0])
                visit.waits("head" if begun else "idle", HEAD_S)
        elif their_state is h11.SEND_BODY:
            visit.waits("body", BODY_S)
        else:
            visit.busy()
