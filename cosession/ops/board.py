"""What an operator has to know of each open session: which is in trouble, and why. Without names and texts.

Sessions whose room nobody has needed yet are known by their summaries.

A row is plain data, so that the page and `/rooms.json` say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from cosession.core.schedule import drift_ms
from cosession.core.state import SeatState, SessionState
from cosession.core.vocabulary import HoldCause, Presence, Status
from cosession.room.actor import Room
from cosession.room.connection_quality import LOSS_PERCENT
from cosession.room.listed import Listed
from cosession.room.ports import ConnectionStats

Grade = Literal["bad", "warn", "ok"]

SEVERAL = 3
_GRADES: tuple[Grade, ...] = ("bad", "warn", "ok")

#: A room that nobody has been in for so long has been left (real milliseconds).
LEFT_MS = 30 * 60_000


@dataclass(frozen=True, slots=True)
class SeatRow:
    """`presence` is here, weak or absent, or `waiting` for a seat that nobody has taken yet. Media figures are None
    without a media connection."""

    seat: str
    role: str
    presence: str
    connections: int
    path: str | None = None
    packets_in: int | None = None
    packets_out: int | None = None
    audio_packets_dropped: int | None = None
    loss_percent: float | None = None
    round_trip_ms: float | None = None
    jitter_ms: float | None = None
    kbps_in: int | None = None
    kbps_out: int | None = None
    level: str | None = None
    """What the downlink carries: `full`, `small` pictures, the `stage` alone, `sound` alone."""


@dataclass(frozen=True, slots=True)
class RoomRow:
    """`trouble` says why, `grade` how bad. Times in milliseconds; `drift_ms` is script time beyond the plan."""

    session: str
    status: str
    grade: Grade
    trouble: str
    phase: str | None
    phase_title: Mapping[str, str] | None
    family: str | None
    speed: int
    drift_ms: int
    seats: Sequence[SeatRow]
    paths: Mapping[str, int] = field(default_factory=dict)
    loss_percent: float | None = None
    round_trip_ms: float | None = None
    packets_in: int = 0
    packets_out: int = 0
    live: bool = True
    """It has a room in this process."""

    def count(self, presence: str) -> int:
        return sum(seat.presence == presence for seat in self.seats)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def rows(
    rooms: Sequence[Room], media: Mapping[str, Sequence[ConnectionStats]], asleep: Sequence[Listed] = ()
) -> list[RoomRow]:
    """The worst first; of the calm ones those that have begun; then by id. After the rooms sessions that have none, in
    their order."""
    made = [row(room, media.get(room.session, ())) for room in rooms if room.state.status is not Status.CLOSED]
    made.sort(key=lambda one: (_GRADES.index(one.grade), one.phase is None, one.session))
    back = [sleeping(shown) for shown in asleep]
    return sorted([*made, *back], key=lambda one: (_GRADES.index(one.grade), not one.live))


def sleeping(shown: Listed) -> RoomRow:
    """A session without a room. One that runs is about to come back."""
    seats = [
        SeatRow(seat.id, seat.role.value, seat.presence.value if seat.joined or seat.present else "waiting", 0)
        for seat in shown.summary.seats
    ]
    runs = shown.summary.status is Status.RUNNING
    return RoomRow(
        session=shown.session,
        status=shown.summary.status.value,
        grade="warn" if runs else "ok",
        trouble="returning" if runs else "waiting",
        phase=None,
        phase_title=None,
        family=None,
        speed=shown.summary.speed,
        drift_ms=0,
        seats=seats,
        live=False,
    )


def row(room: Room, media: Sequence[ConnectionStats]) -> RoomRow:
    state = room.state
    # Of several connections of a seat the last one counts.
    by_seat = {stats.seat: stats for stats in media}
    seats = [_seat(room, seat, by_seat.get(seat.id)) for seat in state.seats.values()]
    losses = [stats.loss_percent for stats in by_seat.values()]
    trips = [stats.round_trip_ms for stats in by_seat.values() if stats.round_trip_ms is not None]
    grade, trouble = _trouble(state, seats, max(losses, default=0.0), room.now_ms())
    phase = state.current_phase
    paths = [stats.path for stats in by_seat.values()]
    return RoomRow(
        session=room.session,
        status=state.status.value,
        grade=grade,
        trouble=trouble,
        phase=None if phase is None else phase.id,
        phase_title=None if phase is None else phase.title.root,
        family=None if phase is None else phase.family.value,
        speed=state.speed,
        drift_ms=drift_ms(state, room.now_ms()) if state.status is Status.RUNNING else 0,
        seats=seats,
        paths={path: paths.count(path) for path in sorted(set(paths))},
        loss_percent=round(max(losses), 1) if losses else None,
        round_trip_ms=round(max(trips), 1) if trips else None,
        packets_in=sum(stats.packets_in for stats in media),
        packets_out=sum(stats.packets_out for stats in media),
    )


def _seat(room: Room, seat: SeatState, stats: ConnectionStats | None) -> SeatRow:
    presence = seat.presence.value if seat.joined or seat.present else "waiting"
    connections = room.audience.count(seat.id)
    if stats is None:
        return SeatRow(seat.id, seat.role.value, presence, connections)
    return SeatRow(
        seat.id,
        seat.role.value,
        presence,
        connections,
        path=stats.path,
        packets_in=stats.packets_in,
        packets_out=stats.packets_out,
        audio_packets_dropped=stats.audio_packets_dropped,
        loss_percent=round(stats.loss_percent, 1),
        round_trip_ms=None if stats.round_trip_ms is None else round(stats.round_trip_ms, 1),
        jitter_ms=stats.jitter_ms,
        kbps_in=stats.kbps_in,
        kbps_out=stats.kbps_out,
        level=stats.level,
    )


def _trouble(state: SessionState, seats: Sequence[SeatRow], loss_percent: float, now_ms: int) -> tuple[Grade, str]:
    absent = sum(seat.presence == "absent" for seat in seats)
    if HoldCause.SUSPENDED in state.holds:
        return "ok", "suspended"
    if _left(state, now_ms):
        return "ok", "left"
    if state.vacant:
        return "bad", "vacant"
    if HoldCause.MEDIA in state.holds:
        return "bad", "media"
    if HoldCause.CLIENT_ABSENT in state.holds:
        return "bad", "client_absent"
    if HoldCause.LEAD_ABSENT in state.holds or _lead_gone(state):
        return "bad", "lead_absent"
    if HoldCause.CONSULTANTS_ABSENT in state.holds:
        return "bad", "several_absent"
    if absent >= SEVERAL and state.status is Status.RUNNING:
        return "bad", "several_absent"
    if state.cannot_hold:
        return "warn", "late"
    if absent and state.status is Status.RUNNING:
        return "warn", "absent"
    if loss_percent > LOSS_PERCENT:
        return "warn", "loss"
    if any(seat.presence == "weak" for seat in seats):
        return "warn", "weak"
    if HoldCause.OUTAGE in state.holds:
        return "warn", "held"
    # That a pause is one of care is nobody's business here.
    if HoldCause.PAUSE in state.holds or HoldCause.CARE in state.holds:
        return "ok", "paused"
    return "ok", "waiting" if state.status is Status.LOBBY else "ok"


def _left(state: SessionState, now_ms: int) -> bool:
    """Nobody has been in this room for so long that nobody waits for help: a rehearsal that was left, for instance."""
    if state.status is not Status.RUNNING or any(seat.presence is not Presence.ABSENT for seat in state.seats.values()):
        return False
    since_ms = max([state.started_at_ms or 0, *(seat.since_ms for seat in state.seats.values())])
    return now_ms - since_ms >= LEFT_MS * state.speed


def _lead_gone(state: SessionState) -> bool:
    lead = state.seats.get(state.lead or "")
    return state.status is Status.RUNNING and lead is not None and lead.presence is Presence.ABSENT
