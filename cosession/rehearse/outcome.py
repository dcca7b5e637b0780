"""What came out of a rehearsal, as figures. All in seconds of script time."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from cosession.core.vocabulary import PhaseStatus
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
    """`actual_s` runs from the real start to the real end. `end_error_s` is the real end minus the locked end that was
    declared then (the lead may have moved it); positive is late. `end_declared_late`: it had been said that this end
    cannot hold, and nothing was chosen since. `skipped` are ids of phases. `floor_conflicts` counts events after which
    somebody could be heard who may not."""

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
    return Outcome(
        planned_s=state.script.planned_ms / 1000,
        actual_s=(state.closed_at_ms - state.started_at_ms) / 1000,
        end_error_s=(state.closed_at_ms - state.ends_at_ms) / 1000,
        end_declared_late=state.cannot_hold,
        phases=tuple(PlayedPhase(p.id, p.planned_ms / 1000, p.spent_ms / 1000) for p in state.phases),
        skipped=tuple(p.id for p in state.phases if p.status is PhaseStatus.SKIPPED),
        floor_conflicts=hall.floor_conflicts,
        refusals=hall.refusals,
        replay_equal=hall.replay_equal(),
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
