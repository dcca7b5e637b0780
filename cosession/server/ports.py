"""What the pages need from the live rooms and from the registry, and nothing more.

`room.directory.Directory` and `store.registry.Registry` are these; tests put others in their place through `main`.
"""

from __future__ import annotations

from typing import Protocol

from cosession.pages.login import Logins


class SessionRow(Protocol):
    @property
    def session(self) -> str: ...

    @property
    def starts_wall_ms(self) -> int: ...

    @property
    def owner(self) -> str:
        """The principal that it belongs to (`pages.login.Principal.id`)."""


class SeatLink(Protocol):
    @property
    def generation(self) -> int: ...

    @property
    def revoked(self) -> bool: ...


class Registry(Logins, Protocol):
    async def add_session(self, session: str, created_wall_ms: int, starts_wall_ms: int, owner: str) -> None: ...

    async def session(self, session: str) -> SessionRow | None: ...

    async def seat_link(self, session: str, seat: str) -> SeatLink: ...

    async def renew(self, session: str, seat: str) -> int: ...

    async def revoke(self, session: str, seat: str) -> None: ...
