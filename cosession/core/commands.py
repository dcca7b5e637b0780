"""What may be asked of a session. Imperative words; the wire tag is the snake_case of the class.

A command names its subject (a phase instance, a turn, a capture version): if the subject moved meanwhile, the command
is refused as stale (decision 8). Who asks comes from the authenticated connection, never from the command.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cosession.core.script import Language
from cosession.core.vocabulary import Formality, Guidance, HandKind, Job, Loss, Microphone, Presence, Role, TurnOrder

SeatId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,7}$")]
PhaseKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}#[0-9]{1,2}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
CharterLine = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
CaptureId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# -- conducting: the lead ------------------------------------------------------------------------------------------


class StartSession(Command):
    """Leave the lobby; the first phase begins."""

    type: Literal["start_session"] = "start_session"


class NextPhase(Command):
    """End `phase` (the one that runs now) and begin the next; after the last one the session closes. What that loses of
    a protected phase is named in `losing`, or the command is refused (`Preview.losses`)."""

    type: Literal["next_phase"] = "next_phase"
    phase: PhaseKey
    losing: tuple[Loss, ...] = Field(default=(), max_length=len(Loss))


class NextStep(Command):
    """End step number `step` of `phase` and begin its next step."""

    type: Literal["next_step"] = "next_step"
    phase: PhaseKey
    step: int


class SkipPhase(Command):
    """Leave out a phase that has not begun, or the one that runs now. Protected phases refuse."""

    type: Literal["skip_phase"] = "skip_phase"
    phase: PhaseKey


class Undo(Command):
    """« Annuler »: back to the phase before `phase`, within 5 s after « next » (method.md)."""

    type: Literal["undo"] = "undo"
    phase: PhaseKey


class ExtendPhase(Command):
    """Give `phase` more minutes, or with a negative number take some; others yield or gain, the locked end stays. Of a
    phase never more than half of its minimum can be taken, of a protected one nothing of it."""

    type: Literal["extend_phase"] = "extend_phase"
    phase: PhaseKey
    by_s: int = Field(default=60, ge=-600, le=600)


class ExtendTurn(Command):
    type: Literal["extend_turn"] = "extend_turn"
    turn: int
    by_s: int = Field(default=30, ge=5, le=300)


class Pause(Command):
    type: Literal["pause"] = "pause"


class CarePause(Command):
    """A pause in which the client and the lead stay audible and what is written is hidden."""

    type: Literal["care_pause"] = "care_pause"


class Resume(Command):
    """End a pause. Out of a care pause with `smaller` the client may say the topic smaller first."""

    type: Literal["resume"] = "resume"
    smaller: bool = False


class SuspendSession(Command):
    """Go on another day, within 7 days, from exactly here."""

    type: Literal["suspend_session"] = "suspend_session"


class ResumeSession(Command):
    """Go on with a suspended session; its end moves by as long as it was suspended."""

    type: Literal["resume_session"] = "resume_session"


class StopSession(Command):
    """End out of a care pause. No reason is kept."""

    type: Literal["stop_session"] = "stop_session"


class GoOn(Command):
    """Go on without the absent client, who agreed to that in the lobby."""

    type: Literal["go_on"] = "go_on"


class ChangeClient(Command):
    """The reserve topic: `seat` is client from here on, and the session begins anew at the script's `client_from`."""

    type: Literal["change_client"] = "change_client"
    seat: SeatId


class KeepSilence(Command):
    """« Laisser le silence »: no nudge and no passing in this turn."""

    type: Literal["keep_silence"] = "keep_silence"
    turn: int
    on: bool = True


class FlagExpert(Command):
    """This seat is an expert of today's topic, or is not."""

    type: Literal["flag_expert"] = "flag_expert"
    seat: SeatId
    expert: bool = True


class OfferJob(Command):
    """Offer a job to a seat, which takes it or declines."""

    type: Literal["offer_job"] = "offer_job"
    job: Job
    seat: SeatId


class SayRecall(Command):
    """The lead has brought the group back to the request."""

    type: Literal["say_recall"] = "say_recall"


class ProposeCharter(Command):
    """A wording of the charter, on which the group decides by consent. No lines take the proposal back."""

    type: Literal["propose_charter"] = "propose_charter"
    lines: tuple[CharterLine, ...] = Field(max_length=12)


class GrantFloor(Command):
    """Give the floor to a seat now. Whoever is interrupted goes on afterwards with the rest of the turn."""

    type: Literal["grant_floor"] = "grant_floor"
    seat: SeatId


class TakeBackFloor(Command):
    """End `turn`, whoever has it."""

    type: Literal["take_back_floor"] = "take_back_floor"
    turn: int


class HandOverLead(Command):
    """The lead goes to the deputy; the facilitator takes it back with one click."""

    type: Literal["hand_over_lead"] = "hand_over_lead"


class TakeLead(Command):
    """The facilitator takes the lead back."""

    type: Literal["take_lead"] = "take_lead"


class MoveEnd(Command):
    """Move the locked end: earlier at once, later unless somebody privately refuses within 20 s (method.md)."""

    type: Literal["move_end"] = "move_end"
    by_s: int = Field(default=300, ge=-3600, le=3600)


class CloseSession(Command):
    """End the session now, whatever remains. What was written is kept. What the running phase loses by it is named in
    `losing`, as with `NextPhase`."""

    type: Literal["close_session"] = "close_session"
    losing: tuple[Loss, ...] = Field(default=(), max_length=len(Loss))


# -- taking part: every seat ---------------------------------------------------------------------------------------


class AskPause(Command):
    """« J'ai besoin d'une pause »: only the lead learns who asked."""

    type: Literal["ask_pause"] = "ask_pause"


class Thank(Command):
    """« Merci, j'ai ce qu'il me faut », the client's: the speaker finishes the sentence and the floor passes."""

    type: Literal["thank"] = "thank"
    turn: int


class RecallRequest(Command):
    """« Revenir à ma demande », the client's: the lead says it."""

    type: Literal["recall_request"] = "recall_request"


class LeaveAt(Command):
    """« Je pars à 10 h 50 », in session time; None takes it back."""

    type: Literal["leave_at"] = "leave_at"
    at_ms: int | None = Field(default=None, ge=0)


class ChooseTyping(Command):
    """« J'écoute, j'écris »: take one's turns in writing, or speak again."""

    type: Literal["choose_typing"] = "choose_typing"
    typed: bool


class TypeTurn(Command):
    """What my turn says, to be read aloud. May be sent again while the turn lasts."""

    type: Literal["type_turn"] = "type_turn"
    turn: int
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]


class AgreeGoingOn(Command):
    """In the lobby: if I am client and drop, the advice goes on without me, and I read it afterwards."""

    type: Literal["agree_going_on"] = "agree_going_on"
    agreed: bool


class RefuseEnd(Command):
    """I cannot stay longer. Nobody learns who said it."""

    type: Literal["refuse_end"] = "refuse_end"


class AnswerJob(Command):
    """Take an offered job, or decline."""

    type: Literal["answer_job"] = "answer_job"
    job: Job
    accept: bool


class AnswerCharter(Command):
    """Consent to the proposed wording, or object."""

    type: Literal["answer_charter"] = "answer_charter"
    version: int
    consents: bool


class RaiseHand(Command):
    type: Literal["raise_hand"] = "raise_hand"
    kind: HandKind = HandKind.QUESTION


class LowerHand(Command):
    type: Literal["lower_hand"] = "lower_hand"


class EndTurn(Command):
    """The holder has finished: the question is asked, the answer given, the turn done."""

    type: Literal["end_turn"] = "end_turn"
    turn: int


class PassTurn(Command):
    """Let one's turn in this round go by, now or before it comes."""

    type: Literal["pass_turn"] = "pass_turn"
    phase: PhaseKey
    step: int


class SetMicrophone(Command):
    """Open, arm or close one's own microphone. Open is refused without the floor; arming is always possible."""

    type: Literal["set_microphone"] = "set_microphone"
    microphone: Microphone


class SetPhone(Command):
    """« Au téléphone »: the seat takes part over the telephone from now on, or no longer. Said by whoever sits there,
    or by the lead for them."""

    type: Literal["set_phone"] = "set_phone"
    seat: SeatId
    phone: bool


class SubmitCapture(Command):
    """Write something down. `version` is the version that the author saw: 0 for a new capture. Of a capture of which
    there may be several, `entry` names the one that gets a new version."""

    type: Literal["submit_capture"] = "submit_capture"
    capture: CaptureId
    fields: dict[str, str]
    version: int = Field(default=0, ge=0)
    entry: int | None = Field(default=None, ge=1)


class MarkDone(Command):
    """« J'ai fini »: in silent writing."""

    type: Literal["mark_done"] = "mark_done"
    phase: PhaseKey
    step: int


SeatCommand = Annotated[
    StartSession
    | NextPhase
    | NextStep
    | SkipPhase
    | Undo
    | ExtendPhase
    | ExtendTurn
    | Pause
    | CarePause
    | Resume
    | SuspendSession
    | ResumeSession
    | StopSession
    | GoOn
    | ChangeClient
    | KeepSilence
    | FlagExpert
    | OfferJob
    | SayRecall
    | ProposeCharter
    | GrantFloor
    | TakeBackFloor
    | HandOverLead
    | TakeLead
    | MoveEnd
    | CloseSession
    | AskPause
    | Thank
    | RecallRequest
    | LeaveAt
    | ChooseTyping
    | TypeTurn
    | AgreeGoingOn
    | RefuseEnd
    | AnswerJob
    | AnswerCharter
    | RaiseHand
    | LowerHand
    | EndTurn
    | PassTurn
    | SetMicrophone
    | SetPhone
    | SubmitCapture
    | MarkDone,
    Field(discriminator="type"),
]
"""What a browser may send."""


# -- what the room itself asks -------------------------------------------------------------------------------------


class NewSeat(Command):
    name: Name
    role: Role
    jobs: frozenset[Job] = frozenset()
    qualified: bool = False


class CreateSession(Command):
    """Make the session: the first command of a stream. Seats get the ids `f` (facilitator) and `p1`, `p2`… in order.

    `starts_at_ms` is the scheduled start in session time (0 is the moment of creation). `previous_client` is the index
    in `seats` of the client of the last session, who opens with the follow-up.
    """

    type: Literal["create_session"] = "create_session"
    title: Title
    language: Language
    script: dict[str, Any]
    seats: tuple[NewSeat, ...] = Field(min_length=2, max_length=13)
    starts_at_ms: int = 0
    speed: int = Field(default=1, ge=1, le=600)
    programme: str | None = None
    number: int = Field(default=1, ge=1, le=99)
    previous_client: int | None = None
    guidance: Guidance = Guidance.GUIDED
    formality: Formality = Formality.FORMAL
    turn_order: TurnOrder = TurnOrder.ROTATING
    lot: int = Field(default=0, ge=0)


class ReportPresence(Command):
    """A fact: how a seat's signs of life look."""

    type: Literal["report_presence"] = "report_presence"
    seat: SeatId
    presence: Presence


class ReturnSeat(Command):
    """A fact: the seat came back on a new page; its microphone is closed."""

    type: Literal["return_seat"] = "return_seat"
    seat: SeatId


class CreditOutage(Command):
    """A fact: the server was away for `outage_ms` of session time, ending now."""

    type: Literal["credit_outage"] = "credit_outage"
    outage_ms: int = Field(ge=0)


class ReportPath(Command):
    """A fact: a seat that had sound or picture has sent none for 6 s, or sends again (decision 7)."""

    type: Literal["report_path"] = "report_path"
    seat: SeatId
    lost: bool


class ReportSound(Command):
    """A fact: the media of a seat's page have arrived for a while without a break. May be repeated."""

    type: Literal["report_sound"] = "report_sound"
    seat: SeatId


class ReportLeadVoice(Command):
    """A fact: the lead began or ceased to speak."""

    type: Literal["report_lead_voice"] = "report_lead_voice"
    speaking: bool


class ReportVoices(Command):
    """A fact: how long each seat has spoken since the last report, in milliseconds of real time."""

    type: Literal["report_voices"] = "report_voices"
    spoke_ms: dict[SeatId, int]


class ReportLateText(Command):
    """A fact: a draft came from a page of this seat, and it is none that may be written now."""

    type: Literal["report_late_text"] = "report_late_text"
    seat: SeatId
    capture: CaptureId


class Tick(Command):
    """Time has passed."""

    type: Literal["tick"] = "tick"


RoomCommand = (
    CreateSession
    | ReportPresence
    | ReturnSeat
    | ReportPath
    | ReportSound
    | ReportLeadVoice
    | ReportVoices
    | ReportLateText
    | CreditOutage
    | Tick
)
