"""Who may open a connection to a room, whichever way it comes (`socket`, `events`).

Budgets are for each seat and for each address where one is known (`doors.visits`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection

from cosession.doors.visits import Visit, address_of, visit_of
from cosession.pages.headers import same_origin
from cosession.pages.problems import Problem
from cosession.room.actor import Room
from cosession.room.audience import COME_BACK
from cosession.room.pace import ADDRESS_CONNECTION, SEAT_SOCKET, TOO_FAST, Buckets
from cosession.room.ports import Unavailable
from cosession.server.parts import Parts
from cosession.wire.http import CLOSE_CODES

NOT_SIGNED_IN = CLOSE_CODES[403]


class NotAdmitted(Exception):
    """`code` is the close code that says why (protocols/wire.md)."""

    def __init__(self, code: int) -> None:
        super().__init__(str(code))
        self.code = code


@dataclass(frozen=True, slots=True)
class Admitted:
    """`entitled` asks anew whether the browser may still have the seat. `visit` is None without a listener of ours."""

    room: Room
    seat: str
    entitled: Callable[[], Awaitable[bool]]
    visit: Visit | None


class Admission:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._of_seats = Buckets(SEAT_SOCKET)
        self._of_addresses = Buckets(ADDRESS_CONNECTION)

    async def admit(self, browser: HTTPConnection) -> Admitted:
        """The seat that `browser` asks for, by the path and the cookie. Raises `NotAdmitted`."""
        parts = self._parts
        if not same_origin(browser, parts.public_url):
            raise NotAdmitted(NOT_SIGNED_IN)
        now_ms, address = parts.clock.monotonic_ms(), address_of(browser)
        if address is not None and self._of_addresses.take(address, now_ms):
            raise NotAdmitted(TOO_FAST)
        try:
            room, seat = await parts.seat(browser)
        except Problem as problem:
            raise NotAdmitted(CLOSE_CODES.get(problem.status, NOT_SIGNED_IN)) from None
        except Unavailable:
            raise NotAdmitted(COME_BACK) from None
        visit = visit_of(browser)
        too_often = self._of_seats.take((room.session, seat.id), now_ms)
        if too_often or (visit is not None and not visit.settle(address)):
            raise NotAdmitted(TOO_FAST)

        async def entitled() -> bool:
            try:
                await parts.seat(browser)
            except Problem:
                return False
            return True

        return Admitted(room, seat.id, entitled, visit)
