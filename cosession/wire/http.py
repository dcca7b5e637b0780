"""The shapes that pages hand to the browser app over HTTP: what the room page starts from, and the personal links.

Their prose is `protocols/wire.md`. The messages of the socket are in `messages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ConfigDict

from cosession.core.script import Language
from cosession.core.vocabulary import Role

#: What a refusal's HTTP status says of a page that opens a connection, as a socket's close code (protocols/wire.md).
CLOSE_CODES: Final[Mapping[int, int]] = {403: 4401, 404: 4404, 410: 4410, 429: 4429, 503: 1012}


class Page(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Boot(Page):
    """What the room page embeds as JSON. The addresses are paths on the same origin; `words` maps a msgid to its
    text."""

    session: str
    seat: str
    language: Language
    socket: str
    sound: str
    """Frames of sound, where no media get through."""
    events: str
    """The wire without a WebSocket."""
    writings: str
    withdrawn: str
    after: str
    rehearsal: bool
    backup_line: str
    """Where the group can talk while no sound gets through; empty if there is no such place."""
    build: str
    """Of this page: a welcome that brings another one comes from a newer server."""
    words: dict[str, str]


class CheckBoot(Page):
    """What the page of the check embeds as JSON: as `Boot`, with the words that it needs."""

    language: Language
    backup_line: str
    words: dict[str, str]


class LinkView(Page):
    """A seat's personal link. `link` is empty once it was revoked, until it is renewed. `present`: somebody is there
    now. `opened`: somebody has opened lobby or room since the server started, or was in the room before."""

    seat: str
    name: str
    role: Role
    link: str
    present: bool
    opened: bool
