"""What the people of one room send, as plain numbers. Pure.

The two models are those of the benchmark's definition (deploy/reports/media.md): `generic` is a conference in which
everybody is seen and heard by everybody all the time; `script` is a step of a session: one person on stage, small
faces, three voices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Model = Literal["generic", "script"]
Kind = Literal["audio", "video"]
Picture = Literal["stage", "face"]

MODELS: tuple[Model, ...] = ("generic", "script")
#: A room of the embedded media plane has so many seats at most (wire.md: 12 slots and oneself).
MOST_PEOPLE = 13

_AUDIO_PER_S, _AUDIO_BYTES = 50, 80
_GENERIC_PER_S = 60
_STAGE_PER_S, _STAGE_BYTES = 140, 1040
_FACE_PER_S, _FACE_BYTES = 17, 700
_VOICES = 3


@dataclass(frozen=True, slots=True)
class Stream:
    """One track that one person sends: packets of `payload_bytes`, evenly spaced, `frames_per_s` of them beginning a
    frame (sound: every one)."""

    person: int
    kind: Kind
    packets_per_s: int
    payload_bytes: int
    frames_per_s: int


def streams(model: Model, people: int) -> list[Stream]:
    """Everything that is sent in one room. In `script` person 0 is on stage and persons 0 to 2 are heard."""
    sound = [Stream(person, "audio", _AUDIO_PER_S, _AUDIO_BYTES, _AUDIO_PER_S) for person in range(people)]
    if model == "generic":
        return [Stream(person, "video", _GENERIC_PER_S, _STAGE_BYTES, 30) for person in range(people)] + sound
    stage = Stream(0, "video", _STAGE_PER_S, _STAGE_BYTES, 30)
    faces = [Stream(person, "video", _FACE_PER_S, _FACE_BYTES, 15) for person in range(1, people)]
    return [stage, *faces, *sound[:_VOICES]]


def pictures(model: Model, people: int) -> list[Picture]:
    """What the plan of the room asks of each person's camera."""
    return ["stage" if model == "generic" or person == 0 else "face" for person in range(people)]


def copies_per_s(model: Model, people: int) -> int:
    """How many packets a second have to leave the server for one room."""
    return sum(stream.packets_per_s for stream in streams(model, people)) * (people - 1)
