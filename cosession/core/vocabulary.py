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
    EXPERTS = "experts"  #: consultants who are flagged as experts of today's topic
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


#: A seat without a sign of life, or without the media it should send, is weak after so much real time, and absent after
#: so much (method.md, "When somebody drops").
WEAK_AFTER_MS = 3_000
ABSENT_AFTER_MS = 6_000


class Presence(StrEnum):
    """How a seat's signs of life look: here, weak (`WEAK_AFTER_MS`), absent (`ABSENT_AFTER_MS`)."""

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
    CARE = "care"  #: a care pause: client and lead stay audible, what is written is hidden
    SUSPENDED = "suspended"  #: to be resumed within 7 days
    CLIENT_ABSENT = "client_absent"
    CONSULTANTS_ABSENT = "consultants_absent"
    LEAD_ABSENT = "lead_absent"
    MEDIA = "media"  #: nobody's sound or picture arrives
    OUTAGE = "outage"


class DropPolicy(StrEnum):
    """What a phase does while nobody of a role is present (method.md, "When somebody drops")."""

    RUN = "run"  #: the clock runs; a turn moves to the end of the round
    HOLD = "hold"  #: the clock holds
    CONSENT = "consent"  #: the clock holds; the lead may go on if the client agreed to that in the lobby
    LATER = "later"  #: the clock holds for 30 s, then the phase comes after the next one


class Overtime(StrEnum):
    """What a phase does when its time is over."""

    SOFT = "soft"  #: it waits for the lead
    GRACE = "grace"  #: it ends by itself after its grace
    HARD = "hard"  #: it ends by itself


class Bell(StrEnum):
    """When a phase rings softly."""

    START = "start"
    WARNING = "warning"
    END = "end"


class Guidance(StrEnum):
    """How much the group is told (method.md, "Guidance")."""

    GUIDED = "guided"  #: all cues
    ACCOMPANIED = "accompanied"  #: cues for the lead and the client alone
    FREE = "free"  #: no lint, cues, labels, turn countdowns; an open floor in questions


class Formality(StrEnum):
    """How the group is spoken to in a language that has two forms for it: *vous* or *tu*, *Sie* or *du*."""

    FORMAL = "formal"
    FAMILIAR = "familiar"


class TurnOrder(StrEnum):
    """How the order of a round is found (method.md, "Rotation")."""

    ROTATING = "rotating"  #: one place further from session to session
    DRAWN = "drawn"  #: by lot
    QUIETEST = "quietest"  #: who has spoken least comes first


class LeadCause(StrEnum):
    """Why the lead changed hands."""

    HANDED_OVER = "handed_over"
    ABSENCE = "absence"
    TAKEN_BACK = "taken_back"
    RETURN = "return"  #: nobody led, and the first of facilitator and deputy is back


class Visibility(StrEnum):
    """Who sees a capture before it is revealed; afterwards everyone does."""

    EVERYONE = "everyone"
    AUTHOR = "author"  #: never revealed
    REVEAL = "reveal"  #: the author only, until the reveal
    NOT_CLIENT = "not_client"  #: everyone but the client, until the reveal
    LEAD_COUNT = "lead_count"  #: the author; the lead sees only how many
    LEAD_IF_AWAY = "lead_if_away"  #: the author; the lead while the author is absent


class Reveal(StrEnum):
    """When a hidden capture becomes visible to everyone."""

    NEVER = "never"
    STEP_END = "step_end"
    PHASE_END = "phase_end"
    CLIENT_STEP = "client_step"  #: when the client's own step of the phase begins: the client reads it


class Loss(StrEnum):
    """What a protected phase loses that ends too soon."""

    MINIMUM = "minimum"  #: it had less than its minimum
    EMPTY = "empty"  #: what the client alone writes in it was not written, and cannot be later


class RefusalCode(StrEnum):
    """Why a command was refused. The list is closed; every code has plain words in every language."""

    NOT_YOUR_SEAT = "not_your_seat"  #: this gesture belongs to another role
    NOT_NOW = "not_now"  #: not in this phase or step
    STALE = "stale"  #: the subject moved meanwhile
    UNKNOWN_SEAT = "unknown_seat"
    UNKNOWN_CAPTURE = "unknown_capture"
    BAD_FIELD = "bad_field"  #: a field of a capture is missing, unknown or of the wrong form
    TOO_LONG = "too_long"
    PROTECTED = "protected"  #: this phase cannot be skipped
    UNCONFIRMED = "unconfirmed"  #: something would be lost that the command does not name
    ROLE_CLOSED = "role_closed"  #: this role is silent in this step
    SEAT_ABSENT = "seat_absent"
    NO_DEPUTY = "no_deputy"
    NOT_QUALIFIED = "not_qualified"  #: a deputy who is not qualified keeps the frame, no more
    NO_CONSENT = "no_consent"  #: the client did not agree to that
    TOO_LATE = "too_late"  #: there is not enough time left for it, or its time is over
    OUT_OF_RANGE = "out_of_range"  #: the number is not possible here
    ALREADY = "already"  #: it is so already
    CLOSED = "closed"  #: the session is over
    BAD_SETUP = "bad_setup"  #: the session cannot be made like this
