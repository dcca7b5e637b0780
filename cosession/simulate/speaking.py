"""How a simulated manager uses the floor: microphone, turns, hands. Pure; reads the view and nothing else.

Source: method.md, "The default script" and "A turn's end is not a guillotine".
"""

from __future__ import annotations

from collections.abc import Iterator

from cosession.simulate.habits import Habits, Intent, used_share
from cosession.wire.messages import ViewMessage

#: How much of a turn is used, least and most: a question is short, an answer too, a round's turn is used well.
_USE = {"ask": (0.5, 0.95), "answer": (0.45, 0.95), "speak": (0.8, 1.0), "granted": (0.5, 0.9)}
#: Who has the floor alone (the client) uses nearly all of it.
_USE_ALONE = (0.93, 0.99)
#: One turn in so many runs into its grace.
_OVERRUNS = 0.08
_PASSES = 0.06
#: Seconds of script time between two wishes to ask.
_ASKS_EVERY_S = (35.0, 110.0)
_FOLLOWS_UP = 0.25


def speaking(view: ViewMessage, now_ms: float, habits: Habits) -> Iterator[Intent]:
    yield from _microphone(view)
    yield from _turn(view, now_ms, habits)
    yield from _hand(view, now_ms, habits)


def makes_sound(view: ViewMessage) -> bool:
    """Whether a manager who behaves makes a sound now: with the floor, with an open microphone, and with something to
    say."""
    common, own = view.common, view.own
    if common is None or not own.may_be_heard or _own_microphone(view) != "open":
        return False
    turn = common.floor.turn
    return own.seat == common.floor.holder or (turn is None and own.leads)


def _own_microphone(view: ViewMessage) -> str:
    assert view.common is not None
    return next(seat.microphone for seat in view.common.seats if seat.id == view.own.seat)


def _microphone(view: ViewMessage) -> Iterator[Intent]:
    """Open it where one may be heard; arm it beforehand otherwise, so that it opens at one's turn."""
    common, own = view.common, view.own
    assert common is not None
    if "set_microphone" not in own.may or _own_microphone(view) != "closed":
        return
    turn = common.floor.turn
    subject = "lobby" if common.now is None else f"{common.now.phase}/{common.now.step}"
    if common.status == "running" or own.leads:
        subject = f"{subject}/{turn.number if turn else '-'}"
        wanted = "open" if own.may_be_heard else "armed"
        yield Intent(f"microphone/{subject}/{wanted}", {"type": "set_microphone", "microphone": wanted})


def _turn(view: ViewMessage, now_ms: float, habits: Habits) -> Iterator[Intent]:
    common, own = view.common, view.own
    assert common is not None
    if common.now is None:
        return
    turn, here = common.floor.turn, f"{common.now.phase}/{common.now.step}"
    if turn is not None and turn.seat == own.seat:
        low, high = _USE_ALONE if common.now.floor == "single" else _USE[turn.kind]
        enough = habits.share(f"turn {turn.number}", low, high)
        if turn.kind == "speak" and common.now.floor == "round" and habits.often(f"overrun {turn.number}", _OVERRUNS):
            enough = 1.05
        if "end_turn" in own.may and used_share(turn.countdown, now_ms) >= enough:
            yield Intent(f"end/{turn.number}", {"type": "end_turn", "turn": turn.number})
    elif "pass_turn" in own.may and own.turns_until_mine and habits.often(f"pass {here}", _PASSES):
        yield Intent(f"pass/{here}", {"type": "pass_turn", "phase": common.now.phase, "step": common.now.step})


def _hand(view: ViewMessage, now_ms: float, habits: Habits) -> Iterator[Intent]:
    common, own = view.common, view.own
    assert common is not None
    if common.now is None or "raise_hand" not in own.may or any(hand.seat == own.seat for hand in common.floor.hands):
        return
    elapsed_s = habits.since(f"queue {common.now.phase}", now_ms) / 1000
    every_s = habits.share(f"curiosity {common.now.phase}", *_ASKS_EVERY_S)
    wish = int(elapsed_s / every_s + habits.share("first question", 0, 1))
    if wish < 1:
        return
    turn = common.floor.turn
    follows = "raise_hand_follow_up" in own.may and turn is not None and turn.kind == "answer"
    follows = follows and habits.often(f"follow {wish}", _FOLLOWS_UP)
    kind = "follow_up" if follows else "question"
    yield Intent(f"hand/{common.now.phase}/{wish}", {"type": "raise_hand", "kind": kind})
