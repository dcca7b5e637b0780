"""What the media plane has to do for a room right now, as one value.

Pure. The plan is whole, serialisable and idempotent: a worker that has the newest plan needs nothing else to know whom to
forward. It is sent after the commit and before the views (decision 20).
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Picture(StrEnum):
    """What a seat's browser is asked to send: the stage's large picture, a small face, or nothing."""

    STAGE = "stage"
    FACE = "face"
    NONE = "none"


#: What each picture may cost at most, in kbit/s, and how it is encoded (media.md, "The script directs the cameras").
BITRATE_KBPS = {Picture.STAGE: 1200, Picture.FACE: 100, Picture.NONE: 0}
FRAMES_PER_SECOND = {Picture.STAGE: 30, Picture.FACE: 15, Picture.NONE: 0}


class RoomPlan(BaseModel):
    """Who may be heard and who sends which picture.

    `version` rises with every change; a worker ignores a plan that is not newer than the one it has.
    `hearable` names the seats whose sound is forwarded; every other seat's sound is dropped, whatever its browser does.
    `pictures` names what each seat sends; a seat that is missing sends nothing and is not forwarded.
    """

    model_config = ConfigDict(frozen=True)

    version: int
    hearable: frozenset[str]
    pictures: dict[str, Picture]
