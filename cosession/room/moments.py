"""Which events of a session matter more than others to the room: what is shown at once, what ends a phase, what is
logged.

Names of events only; what they mean is core's.
"""

from __future__ import annotations

from cosession.core import events as happened

#: After these everybody's view changes at once, not at the next tenth of a second (decision 16).
URGENT = (
    happened.SessionStarted,
    happened.SessionClosed,
    happened.PhaseStarted,
    happened.PhaseEnded,
    happened.PhaseSkipped,
    happened.PhaseUndone,
    happened.PhasePostponed,
    happened.ClientChanged,
    happened.StepStarted,
    happened.StepDropped,
    happened.TurnStarted,
    happened.TurnEnded,
    happened.TurnExtended,
    happened.TurnThanked,
    happened.LeadSpoke,
    happened.HoldStarted,
    happened.HoldEnded,
    happened.HoldWaived,
    happened.LeadChanged,
    happened.LeadVacated,
    happened.EndProposed,
    happened.EndRefused,
    happened.EndMoved,
    happened.MicrophoneSet,
    happened.PhoneSet,
    happened.TextLeftOpen,
)
#: Before these it is booked who spoke how long, so that it counts for the phase that ends.
ENDS_PHASE = (
    happened.PhaseEnded,
    happened.PhaseSkipped,
    happened.PhaseUndone,
    happened.PhasePostponed,
    happened.ClientChanged,
    happened.SessionClosed,
)
#: Worth a line for operators.
MILESTONES = (happened.SessionStarted, happened.PhaseStarted, happened.SessionClosed)
