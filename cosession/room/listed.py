"""A session as lists show it, and how that is stored: names and the title sealed, the rest in clear (decision 40).

What was erased is not in a stored summary any more, and reads `erased`, as it does in events (`codec`).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from cosession.core.summary import FORMAT, SessionSummary, summarise
from cosession.core.vocabulary import Status
from cosession.room.codec import ERASED
from cosession.room.ports import Summary
from cosession.room.recovery import SessionStream

_MADE = "made_wall_ms"


@dataclass(frozen=True, slots=True)
class Listed:
    """`made_wall_ms`: the time of day, in milliseconds since 1970, at which its session time began. `erased`: its title
    and all names are gone."""

    session: str
    made_wall_ms: int
    summary: SessionSummary
    erased: bool = False

    @property
    def group(self) -> str:
        """The programme that it names, or its own id if it is the first of its group."""
        return self.summary.programme or self.session

    @property
    def starts_wall_ms(self) -> int:
        """The planned start."""
        return self.wall_ms(self.summary.starts_at_ms)

    @property
    def ends_wall_ms(self) -> int:
        """The planned end."""
        return self.wall_ms(self.summary.starts_at_ms + self.summary.planned_ms)

    @property
    def resume_until_wall_ms(self) -> int | None:
        """Until then a suspended session can be resumed."""
        until_ms = self.summary.resume_until_ms
        return None if until_ms is None else self.wall_ms(until_ms)

    @property
    def held(self) -> bool:
        """It began, and its people are still known."""
        return self.summary.held and not self.erased

    @property
    def waits(self) -> bool:
        """It has not begun and nobody is there: until its planned start nothing happens by itself."""
        return self.summary.status is Status.LOBBY and self.summary.here == 0

    def wall_ms(self, session_ms: int) -> int:
        """Session time as the time of day; right unless the clock was set anew meanwhile."""
        return self.made_wall_ms + session_ms // self.summary.speed


def listed(session: str, stream: SessionStream) -> Listed:
    return Listed(session, stream.made_wall_ms, summarise(stream.state), stream.erased)


def to_summary(shown: Listed) -> Summary:
    """As the log keeps it."""
    meta = shown.summary.model_dump(mode="json")
    content = {} if shown.erased else {"": {"title": meta["title"]}}
    del meta["title"]
    for seat in meta["seats"]:
        name = seat.pop("name")
        if name != ERASED:
            content[seat["id"]] = {"name": name}
    return Summary(
        session=shown.session,
        format=FORMAT,
        status=meta["status"],
        starts_wall_ms=shown.starts_wall_ms,
        group=shown.group,
        number=shown.summary.number,
        meta={**meta, _MADE: shown.made_wall_ms},
        content=content,
    )


def of_summary(stored: Summary) -> Listed:
    """What `to_summary` was given; without `content` no name and no title. `stored` is of today's form."""
    meta = dict(stored.meta)
    made_wall_ms, own = meta.pop(_MADE), stored.content.get("")
    meta["title"] = ERASED if own is None else own["title"]
    meta["seats"] = [{**seat, "name": stored.content.get(seat["id"], {}).get("name", ERASED)} for seat in meta["seats"]]
    return Listed(stored.session, made_wall_ms, SessionSummary.model_validate(meta), own is None)


def speaks_of(stored: Summary, words: str) -> bool:
    """Whether each of these words stands in the title or in a name, whatever its accents and capitals."""
    text = plain(" ".join(str(text) for part in stored.content.values() for text in part.values()))
    return all(word in text for word in plain(words).split())


def plain(text: str) -> str:
    """Without accents and capitals: « Inès » is found by `ines`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
