"""What the application and a media worker say to each other over their socket pair.

Each message is four bytes of length and one JSON object with a `type`, or a frame of sound, which is no JSON. Both
sides run the same version of this file, so nothing here is ever negotiated. The end of the stream is a message too: the
worker exits, so no orphan keeps a port.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from cosession.core.stage import RoomPlan
from cosession.core.vocabulary import ABSENT_AFTER_MS
from cosession.room.ports import ConnectionStats, WorkerStats

#: The largest message is an offer or the stats of many rooms.
MAX_MESSAGE_BYTES = 4 << 20
#: Without an authenticated packet for so long a connection is lost (decision 15; media.md, "The design" 2).
LOST_AFTER_S = ABSENT_AFTER_MS / 1000

_ONE = struct.Struct("!BL")


class Message(BaseModel):
    model_config = ConfigDict(frozen=True)


# -- to the worker ------------------------------------------------------------------------------------------------


class Start(Message):
    """First of all. `udp_port` 0: any free one. `tcp_port` None: the number of the UDP port, 0: no TCP. `native`: use
    the helper in C, if there is one."""

    type: Literal["start"] = "start"
    bind_host: str
    udp_port: int = Field(ge=0, le=65535)
    public_address: IPv4Address | IPv6Address | None
    tcp_port: int | None = Field(default=None, ge=0, le=65535)
    native: bool = True


class Open(Message):
    type: Literal["open"] = "open"
    session: str
    seats: tuple[str, ...]


class Close(Message):
    type: Literal["close"] = "close"
    session: str


class Connect(Message):
    """Answered with `Answer` or `Refusal` of the same `request`."""

    type: Literal["connect"] = "connect"
    request: int
    session: str
    seat: str
    connection: str
    offer_sdp: str
    publishes: bool


class Carry(Message):
    """A connection by frames of sound: `handle` names it in them (`sound_to_worker`, `sound_from_worker`)."""

    type: Literal["carry"] = "carry"
    session: str
    seat: str
    connection: str
    handle: int = Field(ge=0, lt=1 << 32)
    publishes: bool


class Disconnect(Message):
    type: Literal["disconnect"] = "disconnect"
    session: str
    connection: str


class Apply(Message):
    type: Literal["apply"] = "apply"
    session: str
    plan: RoomPlan


class AskStats(Message):
    """Answered with `Stats` of the same `request`."""

    type: Literal["ask_stats"] = "ask_stats"
    request: int


class Ping(Message):
    """Answered with `Pong` of the same `request`, by a loop that runs."""

    type: Literal["ping"] = "ping"
    request: int


# -- from the worker ----------------------------------------------------------------------------------------------


class Ready(Message):
    """The ports are bound; `udp_port` and `tcp_port` (0: none) say which."""

    type: Literal["ready"] = "ready"
    udp_port: int
    tcp_port: int


class CannotStart(Message):
    """The worker exits after this; `detail` names the port and the fix."""

    type: Literal["cannot_start"] = "cannot_start"
    detail: str


class Answer(Message):
    type: Literal["answer"] = "answer"
    request: int
    sdp: str


class Refusal(Message):
    type: Literal["refusal"] = "refusal"
    request: int
    code: str
    detail: str


class Connected(Message):
    type: Literal["connected"] = "connected"
    session: str
    seat: str
    connection: str


class InForce(Message):
    """The room follows this version of its plan from now on."""

    type: Literal["in_force"] = "in_force"
    session: str
    version: int


class Carrying(Message):
    type: Literal["carrying"] = "carrying"
    session: str
    seat: str
    connection: str
    carries: bool


class Lost(Message):
    type: Literal["lost"] = "lost"
    session: str
    seat: str
    connection: str


class Alive(Message):
    type: Literal["alive"] = "alive"
    session: str
    seats: tuple[str, ...]


class VoiceLevels(Message):
    type: Literal["voices"] = "voices"
    session: str
    levels: dict[str, int]


class Stats(Message):
    type: Literal["stats"] = "stats"
    request: int
    worker: WorkerStats
    sessions: dict[str, tuple[ConnectionStats, ...]]


class Pong(Message):
    type: Literal["pong"] = "pong"
    request: int


Command = Annotated[
    Start | Open | Close | Connect | Carry | Disconnect | Apply | AskStats | Ping, Field(discriminator="type")
]
Event = Annotated[
    Ready | CannotStart | Answer | Refusal | Connected | InForce | Carrying | Lost | Alive | VoiceLevels | Stats | Pong,
    Field(discriminator="type"),
]

COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


#: What a frame of sound begins with; JSON begins with a brace.
SOUND = 1
#: So much may wait on its way to the other side before sound is thrown away, which is worth nothing later.
SOUND_WAITS_BYTES = 128 * 1024


def frame(message: Message) -> bytes:
    """The message as it goes over the socket pair."""
    return framed(message.model_dump_json().encode())


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


def sound_to_worker(handle: int, data: bytes) -> bytes:
    """A body: what a page's socket brought."""
    return _ONE.pack(SOUND, handle) + data


def read_sound_to_worker(body: bytes) -> tuple[int, bytes]:
    return int.from_bytes(body[1:5], "big"), body[5:]


def sound_from_worker(handles: Sequence[int], data: bytes) -> bytes:
    """A body: a frame, and who gets it."""
    return struct.pack(f"!BH{len(handles)}L", SOUND, len(handles), *handles) + data


def read_sound_from_worker(body: bytes) -> tuple[tuple[int, ...], bytes]:
    count = int.from_bytes(body[1:3], "big")
    return struct.unpack_from(f"!{count}L", body, 3), body[3 + 4 * count :]


class Frames:
    """Messages out of a stream of bytes, only whole ones."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> None:
        self._bytes += data

    def next(self) -> bytes | None:
        """The next message's JSON, or None as long as it is not all there. Raises ValueError for one that is too
        large."""
        size = int.from_bytes(self._bytes[:4], "big")
        if size > MAX_MESSAGE_BYTES:
            raise ValueError(f"a control message of {size} bytes")
        if len(self._bytes) < 4 + size or len(self._bytes) < 4:
            return None
        body = bytes(self._bytes[4 : 4 + size])
        del self._bytes[: 4 + size]
        return body


async def read_frame(reader: asyncio.StreamReader) -> bytes | None:
    """The next message's JSON, or None at the end of the stream (also in the middle of a message: the other side
    died)."""
    try:
        size = int.from_bytes(await reader.readexactly(4), "big")
        if size > MAX_MESSAGE_BYTES:
            raise ValueError(f"a control message of {size} bytes")
        return await reader.readexactly(size)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
