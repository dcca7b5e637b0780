"""What the parts of a room need of each other, so that none of them has to know `Room` or `Connection`.

A `Room` (`actor`) is the `Host` of its audience, its ears, and of whoever measures; a `Connection` is a
`SeatConnection` of the audience.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from cosession.core.commands import RoomCommand
from cosession.core.state import SessionState
from cosession.room.outbox import Outbox
from cosession.room.ports import Clock, ConnectionStats
from cosession.wire.messages import Direction


class HostMedia(Protocol):
    """What is asked of a room's media desk (`media_desk.MediaDesk`)."""

    @property
    def in_use(self) -> bool: ...

    def direction(self, seat: str) -> Direction: ...

    def forget(self, seat: str, but_tab: str | None = None) -> None: ...

    def gone(self, seat: str) -> None: ...

    def look(self) -> None: ...

    def measured(self, lead: str | None, stats: Sequence[ConnectionStats]) -> None: ...


class Host(Protocol):
    """A room, as its parts know it. See `actor.Room` for what each does."""

    session: str
    clock: Clock

    @property
    def state(self) -> SessionState: ...

    @property
    def media(self) -> HostMedia: ...

    def awake(self) -> None: ...

    def now_ms(self) -> int: ...

    def post(
        self,
        command: RoomCommand,
        undone: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None: ...

    def book_voices(self, after: Callable[[], None]) -> None: ...


class SeatConnection(Protocol):
    """A seat's connection, as the audience knows it. See `connection.Connection`."""

    seat: str
    place: str
    tab: str
    epoch: int
    heard_ms: int
    parting: bool
    outbox: Outbox

    @property
    def greeted(self) -> bool: ...

    def part(self, code: int) -> None: ...
