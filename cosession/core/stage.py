"""What the media plane has to do for a room right now, as one value.

Pure. The plan is whole, serialisable and idempotent: a worker that has the newest plan needs nothing else to know
whom to forward. It is sent after the commit and before the views (decision 20).
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from cosession.core.floor import closed_cameras, hearable, holder
from cosession.core.state import SessionState
from cosession.core.vocabulary import FloorMode, Role, Status, TurnKind


class Picture(StrEnum):
    """What a seat's browser is asked to send: the stage's large picture, a small face, or nothing."""

    STAGE = "stage"
    FACE = "face"
    NONE = "none"


#: What each picture may cost at most, in kbit/s, and how it is encoded (media.md, "The script directs the cameras").
BITRATE_KBPS = {Picture.STAGE: 1200, Picture.FACE: 100, Picture.NONE: 0}
FRAMES_PER_SECOND = {Picture.STAGE: 30, Picture.FACE: 15, Picture.NONE: 0}

#: Where everybody may speak, so many voices are forwarded, the loudest (decision 6).
VOICES_AT_ONCE = 3


class RoomPlan(BaseModel):
    """Who may be heard and who sends which picture.

    `version` rises with every change; a worker ignores a plan that is not newer than the one it has.
    `hearable` names the seats whose sound is forwarded; every other seat's sound is dropped, whatever its browser does.
    `contending` are those of them who share `VOICES_AT_ONCE` places by level; the others of `hearable` need none.
    `pictures` names what each seat sends; a seat that is missing sends nothing and is not forwarded.
    """

    model_config = ConfigDict(frozen=True)

    version: int
    hearable: frozenset[str]
    pictures: dict[str, Picture]
    contending: frozenset[str] = frozenset()

    def asks_the_same(self, other: RoomPlan) -> bool:
        """Whether the two differ in nothing but their version."""
        return self == other.model_copy(update={"version": self.version})


def on_stage(state: SessionState) -> list[str]:
    """One or two seats in large pictures, the speaker first; none while everybody is equal (lobby, writing, open
    floor). Who is turned away is not shown."""
    step = state.current_step
    if state.status is not Status.RUNNING or step is None:
        return []
    seats: list[str | None]
    match step.floor:
        case FloorMode.SILENT_WRITING | FloorMode.OPEN:
            return []
        case FloorMode.QUEUE:
            asking = state.turn is not None and state.turn.kind is TurnKind.ASK
            seats = [state.asker, state.client] if asking else [state.client, state.asker]
        case FloorMode.ROUND:
            seats = [holder(state) or state.lead, state.client]
        case FloorMode.SINGLE | FloorMode.FACILITATOR:
            granted = state.turn is not None and state.turn.kind is TurnKind.GRANTED
            seats = [holder(state) or state.lead, state.lead if granted else None]
    closed = closed_cameras(state)
    return list(dict.fromkeys(seat for seat in seats if seat is not None and seat not in closed))


def contending(state: SessionState) -> frozenset[str]:
    """Who has to share the places by level: everyone where the floor is open or the room is a lobby, but not the lead
    and not whose turn it is, for they are always heard."""
    step = state.current_step
    shared = state.status is Status.LOBBY or (
        state.status is Status.RUNNING and step is not None and step.floor is FloorMode.OPEN
    )
    return hearable(state) - {state.lead, holder(state)} if shared else frozenset()


def plan(state: SessionState, version: int) -> RoomPlan:
    """What the media plane has to do now. Without a stage everybody is a face; observers send nothing."""
    stage = on_stage(state)
    closed = closed_cameras(state)
    pictures = {
        seat.id: Picture.STAGE if seat.id in stage else Picture.FACE
        for seat in state.seats.values()
        if seat.role is not Role.OBSERVER and state.status is not Status.CLOSED and seat.id not in closed
    }
    return RoomPlan(version=version, hearable=hearable(state), pictures=pictures, contending=contending(state))
