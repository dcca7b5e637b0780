"""The doors of a live room: what it needs from the world, and nothing about how the world does it.

`store` implements `EventLog`, `media` implements `MediaEngine`; both can be replaced by touching only their folder and
`main`. Identifiers are opaque strings: a `session`, a `seat` within it, a `connection` of a seat. No port takes or
returns a name or a text outside a record's `content`.

Errors, in three families (architecture.md): `Refused` (asked wrongly, lives in `core`), `Conflict` and `Unavailable`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cosession.core.stage import RoomPlan

Json = Any


class Conflict(Exception):
    """The log moved under the writer: reload the room and try again."""


class Unavailable(Exception):
    """The store or the media plane cannot serve now. `code` is one of a closed list: `store_busy`, `store_full`,
    `store_damaged`, `store_unwritable`, `store_gone` (its files were deleted or replaced), `store_newer` (a newer
    version wrote it), `media_down`, `busy` (too many ask at this moment)."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


class OfferRefused(Exception):
    """A browser's offer cannot be served. `code`: `too_large`, `not_sdp`, `no_bundle`, `too_many_lines`,
    `unexpected_line`, `codec_missing`, `fingerprint_missing`, `direction`, `replaced` (by a newer one, or its seat may
    not have media any more). `detail` names the place and the fix, never quotes the SDP."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Timer(Protocol):
    def cancel(self) -> None:
        """The callback will not be called any more. May be repeated, also afterwards."""


class Clock(Protocol):
    def monotonic_ms(self) -> int:
        """Milliseconds that never step back or jump; comparable only within one process."""

    def boottime_ms(self) -> int:
        """Milliseconds of CLOCK_BOOTTIME: comparable between processes as long as the machine is not restarted."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970, for people."""

    def boot_id(self) -> str:
        """Which start of the machine this is; empty if the machine cannot tell."""

    def call_at(self, monotonic_ms: int, callback: Callable[[], None]) -> Timer:
        """Call `callback` once in the event loop, not before `monotonic_ms`. A moment that has passed is soon."""


class Transport(Protocol):
    """The way to one browser, whatever carries it. Both may block, fail or be cancelled; neither runs twice at a
    time."""

    async def send(self, text: str) -> None:
        """Send one message of the wire, as JSON."""

    async def close(self, code: int) -> None:
        """End it, with a close code of protocols/wire.md."""


# -- the log ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """One event as the log keeps it.

    `at_ms` is session time. `meta` is clear text and never holds a name or a text. `content` is stored encrypted with
    the key of `owner` (a seat, or None for the session's own key). A record that was read after its owner was erased
    has
    `content=None` and `erased=True`.
    """

    type: str
    at_ms: int
    meta: Mapping[str, Json]
    content: Mapping[str, Json] | None = None
    owner: str | None = None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in its place. `hash` is hex: SHA-256 over the previous hash, seq, type, at_ms, meta and the
    ciphertext."""

    seq: int
    hash: str
    record: Record


@dataclass(frozen=True, slots=True)
class Draft:
    """The latest unsent text of one seat for one capture; not an event (decision 10)."""

    seat: str
    capture: str
    fields: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Summary:
    """What lists show of one session without reading its events (decision 40); the log keeps one for each.

    `format` is the form in which `meta` and `content` were made. `status`, `starts_wall_ms` (milliseconds since 1970),
    `group` and `number` are there to sort and to choose by. `meta` is clear text and never holds a name or a text.
    `content` is sealed, each part with the key of its owner (a seat, or the empty name for the session's own key). What
    was erased is not in it any more, and no part of an owner who was erased is stored again, whoever brings it.
    """

    session: str
    format: int
    status: str
    starts_wall_ms: int
    group: str
    number: int
    meta: Mapping[str, Json]
    content: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which summaries, all conditions at once; None: any. `owner` is whose sessions they are, by the registry.

    `format` leaves out those of any other form. `offset` and `limit` count in the order of lists: running, then in the
    lobby, the earliest start first; then all others, the last start first; equal ones by id. Without `content` nothing
    is unsealed."""

    format: int
    owner: str | None = None
    statuses: Sequence[str] | None = None
    group: str | None = None
    offset: int = 0
    limit: int | None = None
    content: bool = True


@dataclass(frozen=True, slots=True)
class LastAlive:
    """When the previous process was last known to live, by three clocks (decision 4)."""

    boot_id: str
    boottime_ms: int
    wall_ms: int


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one process to append to a session. `epoch` grows with each holder: what an earlier one still sends
    is refused (a fencing token). `lasts_ms`: it must be taken again before so long; None: it does not end."""

    epoch: int
    lasts_ms: int | None


class EventLog(Protocol):
    """Append-only streams, one per session. Every method may raise `Unavailable`; none blocks the event loop."""

    async def lease(self, session: str) -> Lease:
        """Take the right to append to a session, or keep it for longer. Raises `Conflict` while another process has it.
        A store that belongs to one process alone gives epoch 0, for ever."""

    async def release(self, session: str) -> None:
        """Give the lease up. May be repeated."""

    async def append(
        self,
        session: str,
        expected_seq: int,
        records: Sequence[Record],
        command: tuple[str, str] | None = None,
        summary: Summary | None = None,
        epoch: int = 0,
    ) -> Sequence[Entry]:
        """Store `records` after `expected_seq` (0 for a new session), in one transaction, and return them when they
        are on disk. `command` is (seat, command id): remembered in the same transaction together with the seq it led
        to. `summary` takes the place of the session's, in the same transaction; None leaves it as it is. Raises
        `Conflict` if the log is not at `expected_seq`, or `epoch` is not that of the session's lease. May be repeated
        only after reading again."""

    async def read(self, session: str) -> Sequence[Entry]:
        """The whole stream in order, content decrypted; empty if there is none. Verifies the hash chain: a break
        raises `Unavailable("store_damaged")` whose text names the seq."""

    async def command_seq(self, session: str, seat: str, command_id: str) -> int | None:
        """The seq that a command led to, or None if it was never accepted."""

    async def open_sessions(self) -> Sequence[str]:
        """Sessions that were created and not yet finished (see `finish`)."""

    async def finish(self, session: str) -> None:
        """The session needs no recovery any more. May be repeated."""

    # -- summaries

    async def summarise(self, expected_seq: int, summary: Summary) -> None:
        """Put a session's summary in place of the one that is there. Raises `Conflict` if the log is not at
        `expected_seq`, the event up to which it was made."""

    async def summaries(self, wanted: Wanted) -> Sequence[Summary]:
        """Those that are wanted, in the order of lists."""

    async def summary(self, session: str, format: int) -> Summary | None:
        """A session's summary; None if there is none of this form."""

    async def count_summaries(self, wanted: Wanted) -> int:
        """How many `summaries` would give without `offset` and `limit`."""

    async def newest_numbers(self, groups: Sequence[str], format: int) -> Mapping[str, int]:
        """The highest number of a session that there is of each group."""

    async def streams(self, without: int | None = None) -> Sequence[str]:
        """All sessions, those that are not finished first; `without`: only those that have no summary of this form."""

    # -- drafts

    async def save_draft(self, session: str, draft: Draft) -> None:
        """Keep the latest draft, encrypted for its seat. Empty `fields` delete it. Returns when it is on disk."""

    async def drafts(self, session: str) -> Sequence[Draft]:
        """All drafts of a session."""

    async def erase(self, session: str, seat: str | None) -> None:
        """Delete the key of a seat and its parts (or one part, `p1.client`; or, for None, of the whole session): its
        content becomes unreadable, in the summary too; the chain still verifies. May be repeated."""

    async def alive(self, mark: LastAlive) -> None:
        """Write the process row (decision 4), and make sure that the store is still where the next start will look:
        else `Unavailable("store_gone")`."""

    async def last_alive(self) -> LastAlive | None:
        """The row as an earlier process left it."""

    async def close(self) -> None: ...


# -- the media plane ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConnectionStats:
    """One connection's media as measured by the worker since it connected. Loss in percent over the last two seconds,
    round trip in milliseconds (None: not known yet). `path` is `udp`, `tcp`, or `socket` for sound by `carry`."""

    connection: str
    seat: str
    path: str
    packets_in: int
    packets_out: int
    loss_percent: float
    round_trip_ms: float | None
    video_packets_in: int
    audio_packets_in: int
    audio_packets_dropped: int
    """Sound that arrived without the floor and was not forwarded."""
    jitter_ms: float | None = None
    kbps_in: int = 0
    kbps_out: int = 0
    level: str = "full"
    """What the downlink carries: `full`, `small` pictures, the `stage` alone, or `sound` alone."""


#: Why a worker forwards a packet to nobody; `unasked_repeat`: also probes of a browser's own uplink.
DROP_REASONS = (
    "unknown_source",
    "oversized",
    "not_negotiated",
    "closed_floor",
    "not_loudest",
    "bad_stun",
    "srtp",
    "send_blocked",
    "flood",
    "unasked_repeat",
    "too_many_connections",
)


@dataclass(frozen=True, slots=True)
class WorkerStats:
    pid: int
    packets_in: int
    packets_out: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    """By reason, one of `DROP_REASONS`."""
    cpu_s: float = 0.0
    loop_lag_ms: float = 0.0
    rooms: int = 0
    connections: int = 0


class MediaListener(Protocol):
    """What the media plane reports to the rooms. Called in the application's event loop; must not block."""

    def connected(self, session: str, seat: str, connection: str) -> None:
        """DTLS is up."""

    def carrying(self, session: str, seat: str, connection: str, carries: bool) -> None:
        """The connection began to deliver media, or delivered none for 3 s."""

    def lost(self, session: str, seat: str, connection: str) -> None:
        """No authenticated STUN for 6 s, or DTLS closed. The engine has forgotten the connection."""

    def alive(self, session: str, seat: str) -> None:
        """An authenticated sign of life, at most once a second per seat."""

    def voices(self, session: str, levels: Mapping[str, int]) -> None:
        """About 5 times a second while anybody speaks: seats with sound, loudness 0 (silent) to 127 (loudest), from the
        audio levels in packets as received. Hearable seats only."""

    def in_force(self, session: str, version: int) -> None:
        """The plan of this version, or a later one, is in force: from now on `Guarantees.leak_ms` runs."""

    def restarted(self, sessions: Sequence[str], silent_ms: int) -> None:
        """A worker died and another takes its place; every connection of these sessions is gone and must join again.
        Its last word came `silent_ms` ago: one that hangs is waited for before it is ended."""


@dataclass(frozen=True, slots=True)
class MediaMessage:
    """What a page and the engine say to each other; the room passes it on and does not read it. `kind` is the engine's
    word for it: `offer` and `answer` hold SDP (RFC 8829)."""

    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class Guarantees:
    """What an engine promises, whatever a page does; `tests/media/test_engine_contract.py` holds it to that.

    `leak_ms`: once a plan is in force, nothing that it closes is sent to anybody after so long; also after a return and
    a restart. `lost_ms`: so long after the last sign of life a connection is reported as lost.
    """

    leak_ms: int
    lost_ms: int


class MediaEngine(Protocol):
    @property
    def guarantees(self) -> Guarantees: ...

    async def start(self, listener: MediaListener) -> None: ...

    async def stop(self) -> None: ...

    async def open(self, session: str, seats: Sequence[str]) -> None:
        """Make a room. The order of `seats` fixes the slots: a receiver sees the others in this order, itself left
        out, so slot i of seat s is the i-th of `seats` without s. At most 13 seats. May be repeated with the same
        seats."""

    async def close(self, session: str) -> None: ...

    async def join(self, session: str, seat: str, connection: str, publishes: bool = True) -> None:
        """A seat takes part by `connection`, an identity that is used once. Of several connections of a seat the newest
        that carries media publishes. May be repeated. Raises `Unavailable("media_down")`."""

    async def relay(self, session: str, connection: str, message: MediaMessage) -> MediaMessage:
        """Hand a page's message to the engine; what it answers. An `offer` is answered by an `answer`; the same
        connection again with new ICE credentials is an ICE restart and keeps DTLS and slots. Raises `OfferRefused` or
        `Unavailable("media_down")`."""

    async def carry(self, session: str, connection: str, hear: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """Let a joined connection take part by frames of sound (protocols/wire.md) instead of packets: `hear` is called
        in the event loop with each that its seat may hear, and must not block; what its page sends is handed to the
        function that is returned. Whatever it is given, nothing raises. The same rules as for packets: plans, levels,
        reports to the listener. Nothing more is heard after `leave`. Raises `Unavailable("media_down")`."""

    def leave(self, session: str, connection: str) -> None:
        """May be repeated."""

    def apply(self, session: str, plan: RoomPlan) -> None:
        """Put a plan in force; `MediaListener.in_force` confirms it. Whole, idempotent; an older version than the one
        in force is ignored. Before the first plan nothing is forwarded."""

    async def stats(self) -> tuple[Sequence[WorkerStats], Mapping[str, Sequence[ConnectionStats]]]:
        """Workers, and by session the connections."""
