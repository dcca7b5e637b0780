"""What only the lead sees, as shapes; `console` fills them."""

from __future__ import annotations

from enum import StrEnum

from cosession.core.prompt_view import View
from cosession.core.room_view import Countdown, Preview
from cosession.core.vocabulary import Job


class Option(StrEnum):
    """What the lead can do while the client is away; each is a gesture, or to wait."""

    WAIT = "wait"
    PHONE = "phone"  #: the client left a number for this
    GO_ON = "go_on"
    CHANGE_CLIENT = "change_client"
    SUSPEND = "suspend_session"


class ClientAway(View):
    """The clock waits for the client. `reserve` are the seats that could be client instead, `phone` is what the client
    left for this case."""

    seat: str
    since_ms: int
    options: list[Option]
    reserve: list[str]
    phone: str | None


class Remedy(View):
    """Something that helps the end to hold: a gesture that is offered, and what it gains."""

    gesture: str
    """`move_end`, `skip_phase`, `extend_phase` (with a negative number)."""
    phase: str | None
    by_s: int
    gains_ms: int


class Console(View):
    previews: list[Preview]
    grantable: list[str]
    """Seats to which the lead could give the floor now (`grant_floor`)."""
    not_spoken: list[str]
    """Of those to whom a round or a queue belongs: who has not had the floor in this phase."""
    drift_ms: int
    """Spent beyond the plan so far: positive is late."""
    elastic_ms: int
    """What the rest can still yield."""
    lateness_ms: int
    paused_ms: int
    held_ms: int
    outage_ms: int
    counts: dict[str, int]
    """Of captures that the lead sees only as a number (« je peux aider »)."""
    questions: dict[str, int]
    """Questions asked, by seat."""
    passes: Countdown | None
    pause_wanted: list[str]
    """Seats that asked for a pause: for the lead alone."""
    client_away: ClientAway | None
    remedies: list[Remedy]
    """What can be done while the end cannot hold."""
    experts: list[str]
    unqualified: bool
    """I keep the frame, no more."""
    talk: dict[str, int]
    """Milliseconds spoken by consultants in `questions`-like phases, in seat order: a balance, not a ranking."""
    open_jobs: list[Job]
    """Jobs whose seat is absent: they may be offered to somebody else."""
