"""Plays a whole session in its room, by commands, so that there is something to take along."""

from __future__ import annotations

from cosession.core.commands import CloseSession, EndTurn, NextPhase, NextStep, StartSession, SubmitCapture
from cosession.core.refusal import Refused
from cosession.core.vocabulary import Loss, Status
from cosession.room.actor import Room

#: Who writes what in which phase, as soon as it may be written.
WRITINGS = {
    "contract": [
        ("p2", "reformulation", {"text": "Oser dire non à Marc"}),
        ("p1", "request", {"text": "préparer ma conversation avec Marc", "kind": "ideas"}),
    ],
    "advice": [
        ("p2", "contribution", {"kind": "testimony", "text": "J'ai commencé par un café\n# sans ordre du jour"}),
        ("p3", "contribution", {"kind": "idea", "text": "<b>Écrire</b> la première phrase"}),
        ("p1", "private_note", {"text": "Respirer avant de répondre"}),
    ],
    "action_plan": [
        ("p1", "retained", {"text": "Sa place lui a manqué"}),
        ("p1", "action", {"what": "Parler à Marc", "first_step": "Un café lundi", "due": "2026-12-04"}),
    ],
    "learnings": [
        ("p1", "learning", {"learning": "je tranche trop vite"}),
        ("p2", "learning", {"learning": "le silence aide", "application": "mes réunions du lundi"}),
    ],
}


async def play(room: Room) -> None:
    """From the lobby to the end; the facilitator moves on as soon as everything is written."""
    await room.ask(StartSession(), "f")
    while room.state.status is Status.RUNNING:
        phase, step, turn = room.state.current, room.state.step, room.state.turn
        assert phase is not None
        assert step is not None
        for seat, capture, fields in WRITINGS.get(phase.id, []):
            if not any(one.seat == seat and one.capture == capture for one in room.state.captures):
                try:
                    await room.ask(SubmitCapture(capture=capture, fields=fields), seat)
                except Refused:
                    continue  # not in this step: in the next one
        if (
            turn is not None
            and turn is room.state.turn
            and step.index + 1 < len(room.state.script.phase(phase.id).steps)
        ):
            await room.ask(EndTurn(turn=turn.number), turn.seat)
        elif step.index + 1 < len(room.state.script.phase(phase.id).steps):
            await room.ask(NextStep(phase=phase.key, step=step.index), "f")
        else:
            await room.ask(NextPhase(phase=phase.key, losing=tuple(Loss)), "f")
    written = {(one.seat, one.capture) for one in room.state.captures}
    assert written == {(seat, capture) for texts in WRITINGS.values() for seat, capture, _ in texts}


async def break_off(room: Room) -> None:
    await room.ask(StartSession(), "f")
    await room.ask(CloseSession(), "f")
