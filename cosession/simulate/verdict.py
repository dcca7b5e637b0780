"""What a simulation proved, as one JSON object, and what went wrong. Pure: it judges what was counted.

Media are judged against the log (decision 29): a packet was heard without the floor unless its speaker was hearable
within FORGIVEN_S of real time before it came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cosession.simulate.endurance import MemoryVerdict, TimeVerdict
from cosession.simulate.runs import Span, merged, outside, overlap_s
from cosession.simulate.studio import SeatSenses

FORGIVEN_S = 0.25
#: Who spoke for so long with the floor must have been heard, for at least this share of it: a jitter buffer and a short
#: turn at high speed cost some.
SPOKE_S = 1.0
HEARD_SHARE = 0.5


@dataclass
class MediaVerdict:
    least_frames: int
    least_sound_s: float
    without_floor: int
    errors: list[str]


def hearable_spans(
    hearable: Sequence[tuple[float, Iterable[str]]], local_s: Callable[[float], float], until_s: float
) -> dict[str, list[Span]]:
    """For each seat, when it was hearable, in seconds of the local clock. `hearable` is the log's: from a session
    time (ms) on, these seats. `local_s` maps session time to the local clock."""
    spans: dict[str, list[Span]] = {}
    changes = [(local_s(at_ms), frozenset(seats)) for at_ms, seats in hearable]
    for place, (begin, seats) in enumerate(changes):
        end = changes[place + 1][0] if place + 1 < len(changes) else until_s
        for seat in seats:
            spans.setdefault(seat, []).append((begin, max(begin, end)))
    return {seat: merged(each) for seat, each in spans.items()}


def judge_media(
    senses: Mapping[str, SeatSenses], seats: Sequence[str], spans: Mapping[str, list[Span]]
) -> MediaVerdict:
    """The least any pair saw and any seat heard, and every seat that missed another one."""
    errors: list[str] = []
    frames: list[int] = []
    without_floor = 0
    forgiven = {seat: merged([(begin, end + FORGIVEN_S) for begin, end in spans.get(seat, [])]) for seat in seats}
    with_floor_s = {
        seat: sum(overlap_s((first, last), spans.get(seat, [])) for first, last, _ in _said(senses, seat))
        for seat in seats
    }
    sound_s = []
    late_of: dict[tuple[str, str], int] = {}
    for receiver in seats:
        heard_s = 0.0
        for sender in seats:
            if sender == receiver:
                continue
            got = senses[receiver].received.get(sender) if receiver in senses else None
            frames.append(0 if got is None else got.frames)
            if got is None or got.frames == 0:
                errors.append(f"seat {receiver} never saw {sender}")
            elif got.strange_frames:
                errors.append(
                    f"seat {receiver} saw {got.strange_frames} pictures in the place of {sender} that were not theirs"
                )
            heard_s += 0.0 if got is None else got.sound_s
            heard = 0.0 if got is None else got.sound_s
            if with_floor_s[sender] >= SPOKE_S and heard < HEARD_SHARE * with_floor_s[sender]:
                errors.append(
                    f"seat {receiver} heard {heard:.1f} s of {sender}, who spoke for {with_floor_s[sender]:.1f} s"
                    if heard
                    else f"seat {receiver} heard nothing of {sender}, who spoke for {with_floor_s[sender]:.1f} s"
                )
            for run in () if got is None else got.packets:
                extra = outside(run, forgiven[sender])
                if extra:
                    without_floor += extra
                    since = max((end for _, end in spans.get(sender, []) if end <= run[1]), default=None)
                    late = "who never had it" if since is None else f"until {1000 * (run[1] - since):.0f} ms after it"
                    late_of[sender, late] = late_of.get((sender, late), 0) + extra
        sound_s.append(heard_s)
    if without_floor:
        worst = sorted(late_of.items(), key=lambda item: -item[1])[:5]
        which = "; ".join(f"{count} from {seat}, {late}" for (seat, late), count in worst)
        errors.append(f"{without_floor} packets of sound came from seats that did not have the floor: {which}")
    return MediaVerdict(min(frames, default=0), min(sound_s, default=0.0), without_floor, errors)


def _said(senses: Mapping[str, SeatSenses], seat: str) -> list[tuple[float, float, int]]:
    return senses[seat].said if seat in senses else []


@dataclass
class Verdict:
    """All that a run found out. `planned` and `actual` are script seconds by phase; None stands for what was not
    measured."""

    script: str
    speed: int
    phases: list[dict[str, Any]] = field(default_factory=list)
    seats: int = 0
    media: MediaVerdict | None = None
    contract: bool = False
    actions: int = 0
    learnings: int = 0
    events: int | None = None
    replay_equal: bool | None = None
    closed: bool = False
    memory: MemoryVerdict | None = None
    time: TimeVerdict | None = None
    errors: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The object that `--json` prints."""
        media = self.media
        return {
            "script": self.script,
            "speed": self.speed,
            "phases": self.phases,
            "seats": self.seats,
            "media": {
                "min_video_frames_decoded": None if media is None else media.least_frames,
                "min_audio_s_heard": None if media is None else round(media.least_sound_s, 2),
                "packets_heard_without_floor": None if media is None else media.without_floor,
            },
            "captures": {"contract": self.contract, "actions": self.actions, "learnings": self.learnings},
            "log": {"events": self.events, "replay_equal": self.replay_equal},
            "memory": None if self.memory is None else self.memory.as_json(),
            "time": None if self.time is None else self.time.as_json(),
            "errors": self.all_errors,
        }

    @property
    def all_errors(self) -> list[str]:
        found = [*self.errors]
        for part in (self.media, self.memory, self.time):
            found += [] if part is None else part.errors
        if not self.closed:
            found.append("the session did not close")
        if self.replay_equal is None:
            found.append("the log was not verified: give --ops with the operations link of the server")
        elif not self.replay_equal:
            found.append("the log, replayed, does not give the state that the room had")
        return found

    @property
    def status(self) -> int:
        """The exit status: 0 only if nothing at all went wrong."""
        return 1 if self.all_errors else 0
