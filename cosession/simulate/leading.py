"""How a simulated lead conducts: starts when all are there, moves on when the time is used, gives one minute more
once, pauses once, hands the lead to the deputy and takes it back once. Pure; reads the view and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from cosession.simulate.habits import Habits, Intent, left_ms, used_share
from cosession.wire.messages import ViewMessage

#: Script seconds.
_PAUSE_S = 20.0
_DEPUTY_LEADS_S = 120.0
_PASS_AFTER_S = 4.0
#: The lead's own words before a round take so much of the phase.
_OPENING = 0.15
#: A turn that still runs when its phase's time is over is waited for so long.
_PATIENCE_S = 25.0


def leading(view: ViewMessage, now_ms: float, habits: Habits, everybody_ready: bool) -> Iterator[Intent]:
    """`everybody_ready`: what a facilitator sees in the lobby and a view does not say, such as pictures that have
    come."""
    common, own = view.common, view.own
    assert common is not None
    if not common.conducted:
        # Every member holds the keys, and phases end by themselves: the first to sit down begins.
        first = next(seat.id for seat in common.seats if seat.role != "observer") == own.seat
        if first and _all_here(view, now_ms, everybody_ready):
            yield Intent("start", {"type": "start_session"})
        return
    if own.role == "facilitator" and not own.leads:
        if "take_lead" in own.may and habits.since("deputy leads", now_ms) >= _DEPUTY_LEADS_S * 1000:
            yield Intent("take_lead", {"type": "take_lead"})
        return
    if not own.leads:
        return
    if common.status == "lobby":
        if _all_here(view, now_ms, everybody_ready):
            yield Intent("start", {"type": "start_session"})
    elif common.now is not None:
        yield from _gestures(view, now_ms, habits)
        yield from _onwards(view, now_ms, habits)


def _all_here(view: ViewMessage, now_ms: float, everybody_ready: bool) -> bool:
    common = view.common
    assert common is not None
    here = all(seat.joined and seat.presence == "here" for seat in common.seats if seat.role != "observer")
    return here and everybody_ready and now_ms >= common.starts_at_ms and "start_session" in view.own.may


def _gestures(view: ViewMessage, now_ms: float, habits: Habits) -> Iterator[Intent]:
    """The three gestures that a rehearsal shows once each. Only the facilitator makes them."""
    common, own = view.common, view.own
    assert common is not None
    now = common.now
    assert now is not None
    if own.role != "facilitator":
        return
    phase, used = now.phase.partition("#")[0], used_share(now.countdown, now_ms)
    if phase == "problem_statement" and used >= 0.4 and "pause" in own.may:
        yield Intent("pause", {"type": "pause"})
    if "pause" in now.holds and "resume" in own.may and habits.since("pause", now_ms) >= _PAUSE_S * 1000:
        yield Intent("resume", {"type": "resume"})
    if phase == "questions" and used >= 0.3 and "extend_phase" in own.may:
        yield Intent("extend", {"type": "extend_phase", "phase": now.phase, "by_s": 60})
    if phase == "advice" and used >= 0.2 and "hand_over_lead" in own.may:
        yield Intent("hand_over", {"type": "hand_over_lead"})


def _onwards(view: ViewMessage, now_ms: float, habits: Habits) -> Iterator[Intent]:
    """Pass a turn that is far over its time, the next step, the next phase."""
    common, own = view.common, view.own
    assert common is not None
    now, turn = common.now, common.floor.turn
    assert now is not None
    if now.holds:
        return
    if turn is not None and turn.overrun == "pass" and turn.seat != own.seat and "take_back_floor" in own.may:
        if habits.since(f"over {turn.number}", now_ms) >= _PASS_AFTER_S * 1000:
            yield Intent(f"pass/{turn.number}", {"type": "take_back_floor", "turn": turn.number})
        return
    phase_left = left_ms(now.countdown, now_ms)
    busy = turn is not None or (now.floor in ("round", "silent_writing") and not now.resting)
    if now.step + 1 < now.steps and "next_step" in own.may:
        if now.step_countdown is not None:
            over = left_ms(now.step_countdown, now_ms) <= 0
        else:
            over = now.floor == "facilitator" and used_share(now.countdown, now_ms) >= _OPENING
        if not busy and (now.resting or over):
            yield Intent(f"next/{now.phase}/{now.step}", {"type": "next_step", "phase": now.phase, "step": now.step})
            return
    waited = phase_left <= -_PATIENCE_S * 1000
    if phase_left <= 0 and (not busy or waited) and "next_phase" in own.may:
        shown = [] if view.console is None else view.console.previews
        losing = next((list(one.losses) for one in shown if one.gesture == "next_phase"), [])
        yield Intent(f"next/{now.phase}", {"type": "next_phase", "phase": now.phase, "losing": losing})
