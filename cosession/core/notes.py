"""Private notes between the lead and one seat: who may write one to whom.

Pure. A note is told and forgotten: it is no command and no event, nothing here has a state (method.md, "Rules that the
software holds"). Who leads is known here alone: a deputy may do so before that is announced.
"""

from __future__ import annotations

from enum import StrEnum

from cosession.core.refusal import Refused
from cosession.core.state import SessionState
from cosession.core.vocabulary import RefusalCode, Status

#: A note is a line.
LINE_LENGTH = 140


class NotePreset(StrEnum):
    """What is said most often; words in `web/locales` as `note.<preset>`."""

    CONCLUDE = "conclude"  #: « Concluez », the lead's
    OPEN_QUESTION = "open_question"  #: « Reformulez en question ouverte », the lead's
    CALL_LEAD = "call_lead"  #: « Prévenir Claire », to the lead


def addressee(state: SessionState, by: str, to: str | None, preset: NotePreset | None, line: str) -> str:
    """The seat that gets the note. The lead names it; whoever else writes, writes to the lead and names nobody. Raises
    `Refused`."""
    if state.status is Status.CLOSED:
        raise Refused(RefusalCode.CLOSED)
    if len(line) > LINE_LENGTH:
        raise Refused(RefusalCode.TOO_LONG, f"at most {LINE_LENGTH} characters", "line")
    if not line.isprintable() or not (line.strip() or preset):
        raise Refused(RefusalCode.BAD_FIELD, "a line of text, or a preset", "line")
    leads = by == state.lead
    if (leads and preset is NotePreset.CALL_LEAD) or (not leads and preset not in (None, NotePreset.CALL_LEAD)):
        raise Refused(RefusalCode.NOT_YOUR_SEAT, field="preset")
    if not leads:
        if to is not None:
            raise Refused(RefusalCode.NOT_YOUR_SEAT, "only the lead chooses", "to")
        if state.lead is None:
            raise Refused(RefusalCode.SEAT_ABSENT, "nobody leads")
        return state.lead
    if to is None or to not in state.seats:
        raise Refused(RefusalCode.UNKNOWN_SEAT, field="to")
    if to == by:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "somebody else", "to")
    return to
