"""What came out of a rehearsal, as figures. All in seconds of script time."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from cosession.core.state import PhaseInstance, SessionState
from cosession.core.vocabulary import HoldCause, PhaseStatus
from cosession.rehearse.hall import Hall

#: An end holds if it is no further from the locked end than this.
END_HOLDS_S = 5.0


@dataclass(frozen=True, slots=True)
class PlayedPhase:
    """`planned_s` is the script's, `actual_s` what the phase clock counted: holds are not in it."""

    id: str
    planned_s: float
    actual_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """`actual_s` runs from the real start to the real end, without the time for which a session was suspended.
    `end_error_s` is the real end minus the locked end that was declared then; positive is late. The lead may have moved
    that end, stopping out of a care pause declares it for now, and a phase that was left out gives its time back.
    `end_declared_late`: it had been said that this end cannot hold, and nothing made it hold since. `phases` are in
    the order in which they stood; after a change of client some stand twice. `skipped` are ids of phases that were
    left out. `floor_conflicts` counts events after which somebody could be heard who may not."""

    planned_s: float
    actual_s: float
    end_error_s: float
    end_declared_late: bool
    phases: tuple[PlayedPhase, ...]
    skipped: tuple[str, ...]
    floor_conflicts: int
    refusals: int
    replay_equal: bool

    @property
    def end_held(self) -> bool:
        return abs(self.end_error_s) <= END_HOLDS_S

    @property
    def good(self) -> bool:
        """Replay equals live, nobody was heard without the floor, and the end held or was declared late."""
        return self.replay_equal and not self.floor_conflicts and (self.end_held or self.end_declared_late)

    def as_dict(self) -> dict[str, object]:
        """For JSON: plain numbers, strings and lists."""
        return {**asdict(self), "phases": [asdict(phase) for phase in self.phases], "skipped": list(self.skipped)}

    def lines(self) -> list[str]:
        """For people."""
        width = max(len(phase.id) for phase in self.phases)
        said = ", as was said" if self.end_declared_late else ""
        end = f"held ({self.end_error_s:+.1f} s)" if self.end_held else f"{self.end_error_s:+.1f} s{said}"
        replay = "equal" if self.replay_equal else "DIFFERS"
        return [
            *(
                f"{phase.id:<{width}}  planned {_clock(phase.planned_s):>6}  played {_clock(phase.actual_s):>6}"
                + ("  skipped" if phase.id in self.skipped else "")
                for phase in self.phases
            ),
            f"planned {_clock(self.planned_s)}, played {_clock(self.actual_s)}; end {end}",
            f"floor conflicts {self.floor_conflicts}; refusals {self.refusals}; replay {replay}",
        ]


def outcome(hall: Hall) -> Outcome:
    """The figures of a session that is closed. Raises ValueError if it is not."""
    state = hall.state
    if state.started_at_ms is None or state.closed_at_ms is None:
        raise ValueError("the session is not over")
    suspended_ms = state.booked.get(HoldCause.SUSPENDED, 0)
    return Outcome(
        planned_s=state.planned_ms / 1000,
        actual_s=(state.closed_at_ms - state.started_at_ms - suspended_ms) / 1000,
        end_error_s=_end_error_ms(state, state.closed_at_ms) / 1000,
        end_declared_late=state.cannot_hold,
        phases=tuple(PlayedPhase(p.id, p.planned_ms / 1000, p.spent_ms / 1000) for p in state.phases),
        skipped=tuple(p.id for p in state.phases if p.status is PhaseStatus.SKIPPED and not _anew(state, p)),
        floor_conflicts=hall.floor_conflicts,
        refusals=hall.refusals,
        replay_equal=hall.replay_equal(),
    )


def _end_error_ms(state: SessionState, closed_at_ms: int) -> int:
    """A phase that was left out gives its time back: ending earlier by as much is no error."""
    if state.stopped:
        return 0
    error_ms = closed_at_ms - state.ends_at_ms
    spared_ms = sum(max(p.wanted_ms - p.spent_ms, 0) for p in state.phases if p.status is PhaseStatus.SKIPPED)
    return error_ms if error_ms >= 0 else min(error_ms + spared_ms, 0)


def _anew(state: SessionState, left: PhaseInstance) -> bool:
    """Whether a phase that was left began anew later, with another client."""
    if state.script.repeat is not None:
        return False
    later = state.phases[state.phases.index(left) + 1 :]
    return any(phase.id == left.id for phase in later)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
