"""Messages between browser and server, each a type of its own in one of two unions. The prose is `protocols/wire.md`.

A browser's message is small (16 KiB; a media offer 48 KiB). Every message with an `id` is answered under that id.
What is fleeting (levels, pings) is never stored. Unknown fields are refused.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from cosession.core.commands import SeatCommand, SeatId
from cosession.core.console_view import Console
from cosession.core.lint import LintKind
from cosession.core.notes import NotePreset
from cosession.core.room_view import Common, Own
from cosession.core.stage import Picture
from cosession.core.vocabulary import RefusalCode

#: Largest messages from a browser, in bytes of UTF-8 (decision 17).
MESSAGE_BYTES = 16 * 1024
OFFER_BYTES = 48 * 1024
#: So many bad messages in a row close the connection.
BAD_IN_A_ROW = 10

MessageId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,40}$")]
TabId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,40}$")]


class Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# -- from the browser ----------------------------------------------------------------------------------------------


class Hello(Message):
    """The first message. `tab` names the page's tab (kept in sessionStorage), `epoch` counts its connections. `place`:
    in the lobby one is not yet in the room. `fresh`: a new page (its microphone is closed), not a return of the same
    one.
    `seen` is the last (seq, hash) this page knew: a server that knows less says so. `build`: of the page."""

    type: Literal["hello"] = "hello"
    tab: TabId
    epoch: int = Field(ge=0)
    place: Literal["lobby", "room"]
    fresh: bool = True
    seen: tuple[int, str] | None = None
    build: Annotated[str, StringConstraints(max_length=40)] = ""


class Ask(Message):
    """A command. The same `id` again gets the same answer and has no second effect."""

    type: Literal["command"] = "command"
    id: MessageId
    command: SeatCommand


class SaveDraft(Message):
    """The text so far, kept for its author only. Empty `fields` delete it. `typing`: its author is at it; said again,
    without, once they stopped. What is being written is not handed in by the end of its step or phase, it stays open
    for a while."""

    type: Literal["draft"] = "draft"
    id: MessageId
    capture: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    fields: dict[str, str]
    typing: bool = False


class SendNote(Message):
    """A private note: from the lead to the seat `to`, or from any other seat to whoever leads (`to` is null). A preset,
    a line of at most 140 characters, or both. Never stored; answered by `note_sent` or `refused` (`seat_absent`: nobody
    is there to read it)."""

    type: Literal["send_note"] = "send_note"
    id: MessageId
    to: SeatId | None = None
    preset: NotePreset | None = None
    line: str = ""


class MediaOffer(Message):
    """An SDP offer. The same `connection` again is an ICE restart."""

    type: Literal["media_offer"] = "media_offer"
    id: MessageId
    connection: MessageId
    sdp: str = Field(max_length=OFFER_BYTES)


class MediaState(Message):
    """What the page knows of its own devices, for the others' eyes: is there a picture at all?"""

    type: Literal["media_state"] = "media_state"
    camera: bool
    microphone: bool


#: What carries a page's sound and pictures: straight to the media server, or by a TURN server.
#: `socket`: sound by frames over the page's own connection, without pictures.
Rung = Literal["udp", "tcp", "relay", "socket"]


class MediaRung(Message):
    """What carries this page's media, by its own statistics: the server sees a relay as an address like any other."""

    type: Literal["media_rung"] = "media_rung"
    rung: Rung


#: What the check before a session tries (`server.check`): how the page talks to the server, what carries its media, and
#: what it needs of its computer. `events`: server-sent ones; `sound`: frames by a
#: WebSocket; `reconnect`: a socket again, after one was cut.
CheckRung = Literal[
    "socket",
    "events",
    "reconnect",
    "udp",
    "tcp",
    "relay_udp",
    "relay_tcp",
    "relay_tls",
    "sound",
    "microphone",
    "speaker",
]


class NetworkCheck(Message):
    """The page has checked its network: what works. Rungs and nothing else, no addresses."""

    type: Literal["network_check"] = "network_check"
    works: list[CheckRung] = Field(max_length=11)


class ClockPing(Message):
    """`sent_ms` is the browser's own clock, given back as it came."""

    type: Literal["clock_ping"] = "clock_ping"
    sent_ms: float


class Pong(Message):
    """Answer to `ping`: a sign of life."""

    type: Literal["pong"] = "pong"
    n: int


BrowserMessage = Annotated[
    Hello | Ask | SaveDraft | SendNote | MediaOffer | MediaState | MediaRung | NetworkCheck | ClockPing | Pong,
    Field(discriminator="type"),
]


# -- from the server -----------------------------------------------------------------------------------------------


class ClockAnchor(Message):
    """At `server_ms` of the server's clock it was `session_ms` of session time; the latter runs `speed` times as fast.
    `wall_ms` is the time of day at that instant, for people."""

    server_ms: float
    session_ms: int
    speed: int
    wall_ms: int


class IceServer(BaseModel):
    """One entry of a browser's `iceServers` (W3C WebRTC, RTCIceServer)."""

    urls: list[str]
    username: str
    credential: str


class Welcome(Message):
    type: Literal["welcome"] = "welcome"
    session: str
    seat: str
    seats: list[str]
    """All seats in slot order: slot i of a receiver is the i-th of these without itself."""
    behind: bool
    """The server knows less than this page had seen: a damaged log was cut back."""
    rehearsal: bool
    ice_servers: list[IceServer]
    """Relays, with a credential of this seat's; `ice_servers` brings the next one before it ends."""
    build: str = ""
    """Of the server; a page of another one loads itself again at a quiet moment. Empty: not known."""


class NewIceServers(Message):
    """The relays anew, before the credential of the last ones ends: for the next connection or ICE restart."""

    type: Literal["ice_servers"] = "ice_servers"
    ice_servers: list[IceServer]


class ViewMessage(Message):
    """The whole view. `seq` and `hash` are the log's; `common` may be null when it has not changed since the last
    message on this connection."""

    type: Literal["view"] = "view"
    seq: int
    hash: str
    clock: ClockAnchor
    common: Common | None
    console: Console | None
    own: Own


class Accepted(Message):
    type: Literal["accepted"] = "accepted"
    id: MessageId
    seq: int


class RefusedMessage(Message):
    """`code` is from the closed list; `field` is the path of the field that is wrong, where there is one; `detail` is
    for developers."""

    type: Literal["refused"] = "refused"
    id: MessageId
    code: RefusalCode
    field: str = ""
    detail: str = ""


class DraftHint(Message):
    """Something its author may want to know about a draft: a help, never a block. `start` and `end` count characters
    (code points) in the field's text."""

    field: str
    kind: LintKind
    start: int
    end: int


class DraftSaved(Message):
    """The draft is kept. `hints` are for its author's eyes only."""

    type: Literal["draft_saved"] = "draft_saved"
    id: MessageId
    hints: tuple[DraftHint, ...] = ()


class NoteSent(Message):
    """The note is on its way to somebody who is there."""

    type: Literal["note_sent"] = "note_sent"
    id: MessageId


class Note(Message):
    """A private note for this seat alone. `seat` wrote it to the lead; null: the lead wrote it. The same `id` from the
    same sender is the same note."""

    type: Literal["note"] = "note"
    id: MessageId
    seat: str | None
    preset: NotePreset | None
    line: str


ErrorCode = Literal[
    "too_large",
    "not_json",
    "unknown_type",
    "bad_message",
    "hello_first",
    "too_many_bad",
    "slow_down",
    "offer_refused",
    "media_down",
    "store_busy",
    "store_full",
    "store_damaged",
    "internal",
]


class ErrorMessage(Message):
    """Something that is not a refusal by the rules: a malformed message, an offer that cannot be served, a store that
    is busy. `retry`: the same message may be sent again. `place` names the field, `fix` says what to do (in English,
    for developers; people read words chosen by `code`)."""

    type: Literal["error"] = "error"
    id: MessageId | None = None
    code: ErrorCode
    place: str = ""
    fix: str = ""
    retry: bool = False


class MediaAnswer(Message):
    type: Literal["media_answer"] = "media_answer"
    id: MessageId
    connection: MessageId
    sdp: str


class Direction(Message):
    """What this browser is asked to send (media.md, "The script directs the cameras")."""

    type: Literal["direction"] = "direction"
    picture: Picture
    bitrate_kbps: int
    frames_per_second: int


class MediaDown(Message):
    """The media plane forgot this page's connection: offer anew."""

    type: Literal["media_down"] = "media_down"


class Pictures(Message):
    """Which seats send a picture at all (camera on), so that a tile shows initials instead of black."""

    type: Literal["pictures"] = "pictures"
    seats: list[str]


class Waiting(Message):
    """Who is in the lobby, not yet in the room. Fleeting."""

    type: Literal["waiting"] = "waiting"
    seats: list[str]


class Levels(Message):
    """Who is making sound right now, 0 to 127. Fleeting."""

    type: Literal["levels"] = "levels"
    levels: dict[str, int]


#: How good a seat's connection is, in one word: good, weak, or so weak that only sound goes down it.
Quality = Literal["good", "weak", "sound_only"]


class Way(BaseModel):
    """A seat's media in figures: loss of the last two seconds in percent, the worse direction; round trip and jitter in
    milliseconds (null: not known yet); bit rates of the last second, up from the seat and down to it."""

    quality: Quality
    path: Rung
    loss_percent: float
    round_trip_ms: int | None
    jitter_ms: int | None
    kbps_up: int
    kbps_down: int


class Ways(Message):
    """For whoever leads, every two seconds: the figures of each seat whose media are there. Fleeting."""

    type: Literal["ways"] = "ways"
    ways: dict[str, Way]


class OwnWay(Message):
    """For a seat itself, every two seconds: the word for its own connection. Fleeting."""

    type: Literal["own_way"] = "own_way"
    quality: Quality


class Checks(Message):
    """For whoever leads: what worked in each seat's last check since the server was started. Fleeting."""

    type: Literal["checks"] = "checks"
    works: dict[str, list[CheckRung]]


class ClockPong(Message):
    type: Literal["clock_pong"] = "clock_pong"
    sent_ms: float
    server_ms: float


class Ping(Message):
    """Once a second; the page answers `pong` in its message handler (hidden tabs throttle timers)."""

    type: Literal["ping"] = "ping"
    n: int


class Moved(Message):
    """The seat was opened elsewhere; this connection closes and does not come back by itself."""

    type: Literal["moved"] = "moved"


class Revoked(Message):
    """The link was revoked or renewed; this connection closes."""

    type: Literal["revoked"] = "revoked"


ServerMessage = Annotated[
    Welcome
    | NewIceServers
    | ViewMessage
    | Accepted
    | RefusedMessage
    | DraftSaved
    | NoteSent
    | Note
    | ErrorMessage
    | MediaAnswer
    | Direction
    | MediaDown
    | Pictures
    | Waiting
    | Levels
    | Ways
    | OwnWay
    | Checks
    | ClockPong
    | Ping
    | Moved
    | Revoked,
    Field(discriminator="type"),
]

BROWSER_MESSAGE: TypeAdapter[BrowserMessage] = TypeAdapter(BrowserMessage)
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
