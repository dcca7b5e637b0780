"""The words of the method, each with one spelling, from the script file to the button (method.md, "Words").

Only closed lists live here. A word that people may see has its translation in `web/locales`, under the same spelling.
"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a seat is in a session. Every seat has exactly one of these; jobs come on top."""

    CLIENT = "client"
    CONSULTANT = "consultant"
    FACILITATOR = "facilitator"
    OBSERVER = "observer"


class Job(StrEnum):
    """Delegated jobs that rotate; a seat may hold several."""

    DEPUTY = "deputy"
    TIMEKEEPER = "timekeeper"
    SCRIBE = "scribe"


class Who(StrEnum):
    """Whom a step or a capture of a script addresses."""

    CLIENT = "client"
    CONSULTANTS = "consultants"
    FACILITATOR = "facilitator"
    PREVIOUS_CLIENT = "previous_client"
    SCRIBE = "scribe"
    MEMBERS = "members"  #: the client and the consultants
    ALL = "all"  #: everyone but observers


class FloorMode(StrEnum):
    """Who holds the floor in a step."""

    SINGLE = "single"
    QUEUE = "queue"
    ROUND = "round"
    OPEN = "open"
    SILENT_WRITING = "silent_writing"
    FACILITATOR = "facilitator"


class Family(StrEnum):
    """The thread of colour of a phase in the ribbon."""

    OPEN = "open"
    EXPLORE = "explore"
    AGREE = "agree"
    HELP = "help"
    ACT = "act"


class Status(StrEnum):
    """Where a session stands."""

    LOBBY = "lobby"
    RUNNING = "running"
    CLOSED = "closed"


class PhaseStatus(StrEnum):
    COMING = "coming"
    NOW = "now"
    DONE = "done"
    SKIPPED = "skipped"


class Presence(StrEnum):
    """How a seat's signs of life look: weak after 3 s without one, absent after 6 s."""

    HERE = "here"
    WEAK = "weak"
    ABSENT = "absent"


class Microphone(StrEnum):
    """`armed`: opens by itself when the seat's turn comes, because its owner armed it."""

    OPEN = "open"
    ARMED = "armed"
    CLOSED = "closed"


class HandKind(StrEnum):
    QUESTION = "question"
    FOLLOW_UP = "follow_up"


class TurnKind(StrEnum):
    """What the holder of the floor is doing."""

    SPEAK = "speak"
    ASK = "ask"
    ANSWER = "answer"
    GRANTED = "granted"


class HoldCause(StrEnum):
    """Why the phase clock stands still. Each is booked apart (decision 3)."""

    PAUSE = "pause"
    CLIENT_ABSENT = "client_absent"
    LEAD_ABSENT = "lead_absent"
    OUTAGE = "outage"


class LeadCause(StrEnum):
    """Why the lead changed hands."""

    HANDED_OVER = "handed_over"
    ABSENCE = "absence"
    TAKEN_BACK = "taken_back"


class Visibility(StrEnum):
    """Who sees a capture before it is revealed; afterwards everyone does."""

    EVERYONE = "everyone"
    AUTHOR = "author"  #: never revealed
    REVEAL = "reveal"  #: the author only, until the reveal
    NOT_CLIENT = "not_client"  #: everyone but the client, until the reveal
    LEAD_COUNT = "lead_count"  #: the author; the lead sees only how many


class Reveal(StrEnum):
    """When a hidden capture becomes visible to everyone."""

    NEVER = "never"
    STEP_END = "step_end"
    PHASE_END = "phase_end"
    CLIENT_STEP = "client_step"  #: when the client's own step of the phase begins: the client reads it


class RefusalCode(StrEnum):
    """Why a command was refused. The list is closed; every code has plain words in both languages."""

    NOT_YOUR_SEAT = "not_your_seat"  #: this gesture belongs to another role
    NOT_NOW = "not_now"  #: not in this phase or step
    STALE = "stale"  #: the subject moved meanwhile
    UNKNOWN_SEAT = "unknown_seat"
    UNKNOWN_CAPTURE = "unknown_capture"
    BAD_FIELD = "bad_field"  #: a field of a capture is missing, unknown or of the wrong form
    TOO_LONG = "too_long"
    PROTECTED = "protected"  #: this phase cannot be skipped
    ROLE_CLOSED = "role_closed"  #: this role is silent in this step
    SEAT_ABSENT = "seat_absent"
    NO_DEPUTY = "no_deputy"
    ALREADY = "already"  #: it is so already
    CLOSED = "closed"  #: the session is over
    BAD_SETUP = "bad_setup"  #: the session cannot be made like this
