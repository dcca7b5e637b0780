"""What one seat sees of its session: the whole of it, as one value (decision 16).

Only shapes live here; `view` fills them. `Common` is the same for all and serialised once, `Own` is one seat's; the
lead's `Console` is in `console_view`, the sentences are in `prompt_view`. All times are session time in milliseconds
of script time; the message that carries the view says how session time and the server's clock relate, so that a
browser can count without being told each second.
"""

from __future__ import annotations

from enum import StrEnum

from cosession.core.prompt_view import MicReason, Prompt, View
from cosession.core.script import CaptureSpec, Language, Text
from cosession.core.vocabulary import (
    Bell,
    Family,
    FloorMode,
    Formality,
    Guidance,
    HandKind,
    HoldCause,
    Job,
    Loss,
    Microphone,
    PhaseStatus,
    Presence,
    Role,
    Status,
    TurnKind,
)


class Countdown(View):
    """`left_ms` was left at session time `at_ms` and shrinks while `running`; below zero the time is over."""

    left_ms: int
    at_ms: int
    running: bool
    total_ms: int


class PhaseView(View):
    key: str
    """The instance, for instance `questions#1`: the subject of commands."""
    id: str
    title: Text
    purpose: Text
    family: Family
    status: PhaseStatus
    planned_ms: int
    allotted_ms: int
    """What it has by today's schedule: its plan, less what it yields to the locked end."""
    spent_ms: int
    minimum_ms: int
    protected: bool
    optional: bool
    client: str | None
    """Who is client in it, where the role rotates; otherwise None."""


class NowView(View):
    """Where we are."""

    phase: str
    index: int
    """Place of the phase among all, from 0."""
    step: int
    steps: int
    step_title: Text | None
    floor: FloorMode
    closed_roles: list[Role]
    countdown: Countdown
    """Of the phase."""
    step_countdown: Countdown | None
    """Of the step, where it has a time of its own (writing, the client's word)."""
    holds: list[HoldCause]
    warn_ms: int
    """The countdown is worth noticing from here on."""
    dropped: list[Text]
    """Rounds of this phase that are left out because they no longer fit."""
    resting: bool
    """Everything in this phase has had its turn: the lead moves on when it suits."""
    ends_in: Countdown | None
    """Until the phase ends by itself; None where it waits for the lead."""
    bells: list[Bell]
    questions_only: bool
    silence: bool
    """Everybody has spoken, and the silence is kept to the end of the step."""
    closed_cameras: list[str]
    """Seats whose picture is closed in this step."""


class Overrun(StrEnum):
    NONE = "none"
    CONCLUDE = "conclude"  #: the time is over, the sentence may be finished
    PASS = "pass"  #: the lead may pass with one click; it passes by itself at `passes_at`


class TurnView(View):
    number: int
    seat: str
    kind: TurnKind
    countdown: Countdown
    overrun: Overrun
    passes_in: Countdown | None
    """Until the turn passes by itself; None where it never does (the client's own steps)."""
    thanked: bool
    """The client has what they need: the sentence is finished, then the floor passes."""
    silence: bool
    """The lead lets the silence be."""
    text: str | None
    """What a typed turn says, to be read aloud."""


class HandView(View):
    seat: str
    kind: HandKind


class FloorView(View):
    holder: str | None
    hearable: list[str]
    turn: TurnView | None
    order: list[str]
    """Seats still to come, the next one first: of the round, or of the queue."""
    next: str | None
    """Who of them comes next if nothing else happens; None if nobody who could speak waits."""
    spoken: list[str]
    passed: list[str]
    hands: list[HandView]
    """The queue in the order in which it will be served."""
    round: int
    rounds: int
    """Of this phase's rounds, which one runs (from 1); 0 where there is none."""
    done: list[str]
    """Who has said « J'ai fini » in silent writing."""


class SeatView(View):
    id: str
    name: str
    role: Role
    jobs: list[Job]
    presence: Presence
    joined: bool
    """Has been in the room at least once."""
    microphone: Microphone
    since_ms: int
    """Since when the presence is as it is."""
    media_lost: bool
    """Is here, and its sound or picture stopped arriving."""
    typed: bool
    """Takes its turns in writing."""
    phone: bool
    """Takes part over the telephone."""
    leaves_at_ms: int | None


class CaptureView(View):
    entry: int
    capture: str
    phase: str | None
    seat: str
    version: int
    fields: dict[str, str]
    erased: bool = False


class EndProposalView(View):
    """A later end that is not refused yet. `until`: the time to refuse."""

    by_ms: int
    until: Countdown


class CharterVoteView(View):
    """A wording on which the group decides by consent. Who has answered is not told, only how many."""

    version: int
    lines: list[str]
    consents: int
    objections: int
    waiting: int


class Change(View):
    phase: str
    from_ms: int
    to_ms: int


class Preview(View):
    """What a gesture would do to the rest, computed by doing it (decision 37)."""

    gesture: str
    """`extend_phase`, `next_phase`, `skip_phase`, `move_end`, `close_session`."""
    phase: str | None
    by_s: int
    """Of `extend_phase` and `move_end`: the number that goes with it, otherwise 0."""
    changes: list[Change]
    ends_at_ms: int
    late_ms: int
    losses: list[Loss]
    """What `next_phase` or `close_session` would lose of the running phase, if it is protected; the command names each
    in `losing`."""
    missing_ms: int
    """What the phase lacks of its protected minimum."""
    empty: list[Text]
    """Titles of what the client alone writes in it and has not written."""


class Common(View):
    session: str
    title: str
    language: Language
    script: str
    script_title: Text
    number: int
    speed: int
    status: Status
    starts_at_ms: int
    ends_at_ms: int
    """The locked end."""
    late_ms: int
    """By how much the end cannot hold; 0 while it does."""
    phases: list[PhaseView]
    now: NowView | None
    floor: FloorView
    seats: list[SeatView]
    lead: str | None
    facilitator: str | None
    client: str | None
    deputy: str | None
    stage: list[str]
    """Who is on stage: one or two seats, the speaker first."""
    captures: list[CaptureView]
    """What everybody may read of the phase that runs now, and from earlier ones what stays in sight (topic,
    request)."""
    written: dict[str, int]
    """How many have written each hidden capture of this phase."""
    live: CaptureView | None
    """What the client is writing right now where all may watch (the request)."""
    charter: list[Text]
    charter_vote: CharterVoteView | None
    conducted: bool
    """A facilitator conducts; otherwise every member holds the keys."""
    vacant: bool
    """Nobody leads at the moment, and that has been said."""
    guidance: Guidance
    formality: Formality
    end_proposal: EndProposalView | None
    end_refused: bool
    stopped: bool
    previews: list[Preview]
    """Where nobody conducts: what every member's gestures would do. A lead's are in `Console`."""


class Writable(View):
    """A capture this seat may write now. `version` is the one it has (0: none yet)."""

    spec: CaptureSpec
    version: int
    fields: dict[str, str]
    """The last submitted text, to go on from."""
    draft: dict[str, str]
    submitted: bool
    left: int | None
    """Of several: how many more, told once they are few; after the last one it is no longer writable."""
    closes: Countdown | None
    """Its time is over, and it is still open for so long; then it is handed in as it stands."""


class CatchUp(View):
    """What went on while the seat was away. `phases`: instances that have run since, the one of leaving first."""

    away_ms: int
    phases: list[str]
    written: int
    """Texts that it may read and that are new."""


class Own(View):
    seat: str
    role: Role
    jobs: list[Job]
    leads: bool
    may: list[str]
    """Commands (wire tags) that would be accepted now: only these have a button. A follow-up hand is
    `raise_hand_follow_up`; for `grant_floor` see `Console.grantable`."""
    prompt: Prompt
    cues: list[Text]
    my_turn: bool
    turns_until_mine: int | None
    """0: it is mine; 1: I am next; None: none is coming."""
    may_be_heard: bool
    mic_reason: MicReason
    writable: list[Writable]
    captures: list[CaptureView]
    """Own captures that not everybody sees, and others' that I may read before the reveal."""
    lead_away: bool
    """For the deputy: the lead has been away long enough to know."""
    holds_keys: bool
    """The frame is in my hands: next, pause."""
    undo: Countdown | None
    """« Annuler »: while it counts I may go back to the phase before."""
    recalled: bool
    """The client asks to come back to the request, and it is on me to say it."""
    catch_up: CatchUp | None
    withdrawn: int
    """So many texts of mine as a client who withdrew can still be erased."""
    offers: list[Job]
    """Jobs that are offered to me."""
    pause_asked: bool
    expert: bool
    typed: bool
    goes_on: bool
    """I agreed that the advice goes on if I drop as a client."""
    talk_ms: int
    """How long I have spoken, in real time. Nobody sees a ranking."""
