"""A seat on the telephone (decision 46): the last rung with a voice, for a person whose page has no sound, or
who has no page at all.

The telephone is the organisation's, or anybody's: nothing of it comes through here. What the room knows is that the
seat is there, can be given turns and counts as heard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.course import Course
from cosession.core.refusal import Refused
from cosession.core.state import SeatState, SessionState
from cosession.core.subject import holds_keys, require_other
from cosession.core.vocabulary import RefusalCode, Role

#: In real time: so long a change between telephone and page lasts at least, where nobody asked for the next.
STEADY_MS = 20_000


def phone_ends(state: SessionState, seat: SeatState, now_ms: int) -> bool:
    """Whether the telephone of `seat` ends by itself now that its page's sound is back: only if it was taken, or
    needed, because that was away."""
    steady = now_ms - seat.phone_ms >= STEADY_MS * state.speed
    return seat.phone and seat.phone_needed and seat.connected and not seat.media_lost and steady


def _set_phone(course: Course, c: cmd.SetPhone, seat: SeatState) -> None:
    target = require_other(course, c.seat)
    if target.id != seat.id and not holds_keys(course.state, seat):
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "one's own seat, or the lead for others")
    if target.role is Role.OBSERVER:
        raise Refused(RefusalCode.ROLE_CLOSED, c.seat)
    if target.phone is c.phone:
        raise Refused(RefusalCode.ALREADY)
    turn = course.state.turn
    if c.phone and turn is not None and turn.seat == target.id and turn.stopped_at_ms is not None:
        course.emit(ev.LeadSpoke(speaking=False))
    course.emit(ev.PhoneSet(seat=target.id, phone=c.phone))


GESTURES: dict[type[cmd.Command], Callable[[Course, Any, SeatState], None]] = {cmd.SetPhone: _set_phone}
