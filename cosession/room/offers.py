"""A seat's media offers: one is being answered, one may wait, and of those that wait the newest wins.

An answer costs the media worker some milliseconds in which nobody's packets move; a page needs one at a time.
"""

from __future__ import annotations

import asyncio

from cosession.room.ports import OfferRefused

#: Peer connections of one seat: a page has one, and a second for a moment when it comes back.
SEAT_MEDIA = 4


class Turn:
    """Of one seat. `async with turn:` around the answering; raises `OfferRefused` for an offer whose place was
    taken."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: asyncio.Future[None] | None = None

    async def __aenter__(self) -> None:
        if not self._taken:
            self._taken = True
            return
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(OfferRefused("replaced", "a newer offer of this seat took its place"))
        mine = self._waiting = asyncio.get_running_loop().create_future()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()
            raise

    async def __aexit__(self, *error: object) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
        else:
            self._taken = False
