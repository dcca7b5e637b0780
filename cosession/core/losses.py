"""What would be lost if the running phase ended now (method.md, "The default script").

Pure. Who ends a protected phase names each loss (`NextPhase.losing`, `CloseSession.losing`), so that nobody loses what
was not read to them; `PhaseEnded.losses` says in the log what was lost.
"""

from __future__ import annotations

from cosession.core import captures as cap
from cosession.core import schedule as sch
from cosession.core.drafts import as_kept
from cosession.core.script import CaptureSpec
from cosession.core.state import SessionState
from cosession.core.vocabulary import Loss, Who

NO_DRAFTS: cap.Drafts = {}


def missing_ms(state: SessionState, now_ms: int) -> int:
    """What the running phase lacks of its minimum, if it is protected; otherwise 0."""
    phase, instance = state.current_phase, state.current
    if phase is None or instance is None or not phase.protected:
        return 0
    return max(instance.minimum_ms - sch.spent_ms(state, instance, now_ms), 0)


def empty(state: SessionState, drafts: cap.Drafts = NO_DRAFTS) -> list[CaptureSpec]:
    """What the client alone writes in the running phase and has not written, if the phase is protected. A draft counts:
    it is kept when the phase ends, or stays open to the client for a moment."""
    phase, instance, client = state.current_phase, state.current, state.client
    if phase is None or instance is None or client is None or not phase.protected:
        return []
    return [
        spec
        for spec in phase.captures
        if spec.by == (Who.CLIENT,)
        and any(field.required for field in spec.fields)
        and cap.latest(state, client, spec.id, instance.key) is None
        and as_kept(spec, drafts.get((client, spec.id), {})) is None
        and (client, spec.id) not in state.left_open
    ]


def losses(state: SessionState, now_ms: int, drafts: cap.Drafts = NO_DRAFTS) -> tuple[Loss, ...]:
    """What ending the running phase now would lose for good. What may still be written after the close is not lost."""
    found = [Loss.MINIMUM] if missing_ms(state, now_ms) else []
    if any(not spec.open_h for spec in empty(state, drafts)):
        found.append(Loss.EMPTY)
    return tuple(found)
