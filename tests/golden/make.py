"""Write what this build stores, to be read by every later one: `python -m tests.golden.make FOLDER`.

Run it once for each released format, from that format's own checkout, into a new folder beside this file; a folder that
stands is never written again. It holds for each played session its log (`NAME.jsonl`, one record a line), the state
that the log adds up to (`NAME.state.json`), and a database with all of them (`cosession.db`, `master.key`): one session
that is over, one in the middle of its advice, one in which the client's role rotates, one in which much goes wrong.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from cosession.core import commands as cmd
from cosession.core.refusal import Refused
from cosession.core.state import SessionState
from cosession.core.vocabulary import HandKind, HoldCause, Job, Loss, Microphone, Status
from cosession.room.codec import to_record
from cosession.room.ports import Draft, LastAlive, Record
from cosession.room.session_time import Mark
from cosession.store.eventlog import SqliteEventLog
from cosession.store.registry import Registry
from tests.core.table import Table, script

KEY = bytes(range(32))
#: The clocks of a made-up machine: boot id, milliseconds since its boot, wall time.
BOOT, BOOTTIME_MS, WALL_MS = "golden", 500_000, 1_796_000_000_000


def whole_session() -> Table:
    """`codev-75` through every phase: everything that people can do at least once."""
    table = Table(8, starts_at_ms=300_000, number=3).everybody()
    table.when("p3", cmd.SetMicrophone(microphone=Microphone.OPEN))
    table.when("p1", cmd.SubmitCapture(capture="intention", fields={"text": "Oser dire non"}))
    table.when("p1", cmd.AgreeGoingOn(agreed=True))
    table.until(360_000)
    table.when("f", cmd.StartSession())
    table.when("p2", cmd.SetMicrophone(microphone=Microphone.ARMED))
    table.when("f", cmd.ProposeCharter(lines=("Ce qui se dit ici reste ici.", "On finit à l'heure.")))
    for seat in table.state.seats:
        _try(table, seat, lambda: cmd.AnswerCharter(version=1, consents=True))
    table.when("p3", cmd.SubmitCapture(capture="mood", fields={"word": "curieux"}))
    _turns(table, 3)
    table.fact(cmd.ReportVoices(spoke_ms={"p2": 12_000, "p3": 8_000}))
    table.fact(cmd.ReportLeadVoice(speaking=True))
    table.until(table.now_ms + 4_000)
    table.fact(cmd.ReportLeadVoice(speaking=False))
    table.next_phase()
    table.until(table.now_ms + 2_000)
    table.when("f", cmd.Undo(phase=_here(table)))
    table.go_to("follow_up")
    table.drop("f")
    table.until(table.now_ms + 45_000)
    table.back("f")
    table.when("f", cmd.TakeLead())
    table.when("f", cmd.OfferJob(job=Job.TIMEKEEPER, seat="p6"))
    table.when("p6", cmd.AnswerJob(job=Job.TIMEKEEPER, accept=True))
    table.go_to("topic_choice")
    table.when("p1", cmd.SubmitCapture(capture="topic", fields={"text": "Mon équipe se parle peu"}))
    table.when("f", cmd.FlagExpert(seat="p8", expert=True))
    table.go_to("problem_statement")
    table.when("p1", cmd.SubmitCapture(capture="headline_question", fields={"text": "Comment leur parler ?"}))
    table.until(table.now_ms + 60_000)
    table.drop("p1")
    table.until(table.now_ms + 20_000)
    table.back("p1")
    table.go_to("questions")
    for seat in ("p4", "p5"):
        table.when(seat, cmd.RaiseHand(kind=HandKind.QUESTION))
    table.until(table.now_ms + 10_000)
    _try(table, "p6", lambda: cmd.RaiseHand(kind=HandKind.FOLLOW_UP))
    _turns(table, 4)
    table.when("p4", cmd.SubmitCapture(capture="question", fields={"text": "Depuis quand ?"}))
    table.when("p5", cmd.AskPause())
    table.when("f", cmd.CarePause())
    table.until(table.now_ms + 90_000)
    table.when("f", cmd.Resume(smaller=True))
    _turns(table, 1)
    table.drop("p1")
    table.until(table.now_ms + 12_000)
    table.when("f", cmd.ChangeClient(seat="p4"))
    table.back("p1")
    table.when("p4", cmd.SubmitCapture(capture="headline_question", fields={"text": "Et ma relève ?"}))
    table.go_to("contract")
    table.drafts[("p3", "reformulation")] = {"text": "Tu aimerais déléguer"}
    table.when("p3", cmd.MarkDone(phase=_here(table), step=0))
    table.when("f", cmd.NextStep(phase=_here(table), step=0))
    table.drafts.clear()
    _turns(table, 3)
    _until_writable(table, "p4", "request", {"text": "choisir qui former", "kind": "ideas"})
    table.when("f", cmd.ExtendPhase(phase=_here(table), by_s=60))
    table.go_to("advice")
    table.when("p5", cmd.ChooseTyping(typed=True))
    table.when("p6", cmd.LeaveAt(at_ms=table.now_ms + 600_000))
    for seat in ("p3", "p7"):
        table.when(seat, cmd.SubmitCapture(capture="contribution", fields={"text": f"idée de {seat}"}))
    _turns(table, 2)
    turn = table.state.turn
    if turn is not None:
        _try(table, turn.seat, lambda: cmd.TypeTurn(turn=turn.number, text="je l'écris"))
        _try(table, "p4", lambda: cmd.Thank(turn=turn.number))
        _try(table, "f", lambda: cmd.KeepSilence(turn=turn.number, on=True))
        _try(table, "f", lambda: cmd.ExtendTurn(turn=turn.number))
    table.fact(cmd.ReportPath(seat="p2", lost=True))
    table.until(table.now_ms + 30_000)
    table.fact(cmd.ReportPath(seat="p2", lost=False))
    _try(table, "p4", cmd.RecallRequest)
    _try(table, "f", cmd.SayRecall)
    return table


def rest_of_it(table: Table) -> Table:
    """From the advice to the close, over a pause, a suspension and an outage."""
    table.when("f", cmd.Pause())
    table.until(table.now_ms + 30_000)
    table.when("f", cmd.Resume())
    table.when("f", cmd.MoveEnd(by_s=300))
    _try(table, "p7", cmd.RefuseEnd)
    table.when("f", cmd.MoveEnd(by_s=600))
    table.until(table.now_ms + 25_000)
    table.when("f", cmd.SuspendSession())
    table.now_ms += 3_600_000
    table.fact(cmd.CreditOutage(outage_ms=600_000))
    table.when("f", cmd.ResumeSession())
    table.go_to("action_plan")
    table.when("p4", cmd.SubmitCapture(capture="retained", fields={"text": "Commencer petit"}))
    table.when("p4", cmd.SubmitCapture(capture="action", fields={"what": "Appeler Paul", "due": "2026-12-15"}))
    table.drop("p4")
    table.until(table.now_ms + 45_000)
    table.back("p4")
    table.go_to("learnings")
    table.when("p3", cmd.SubmitCapture(capture="learning", fields={"learning": "demander avant"}))
    _turns(table, 4)
    table.go_to("closing")
    table.next_phase()
    while table.state.status is not Status.CLOSED:
        table.next_phase()
    table.until(table.now_ms + 60_000)
    table.when("p3", cmd.SubmitCapture(capture="rating", fields={"learned": "rate_4", "safe": "rate_5"}))
    return table


def rotating_session() -> Table:
    """`troika-30`, in which everybody is client once."""
    table = Table(3, script=script("troika-30"), number=1).everybody()
    table.until(table.state.starts_at_ms)
    table.when("p1", cmd.StartSession())
    while (current := table.state.current) is not None:
        client = table.state.client
        for seat in table.state.seats:
            for capture in ("challenge", "request", "contribution", "private_note", "retained"):
                text = f"{capture} de {seat} pour {client}"
                fields = {"situation": text} if capture == "challenge" else {"text": text}
                _try(table, seat, lambda c=capture, f=fields: cmd.SubmitCapture(capture=c, fields=f))  # type: ignore[misc]
        table.until(table.now_ms + 20_000)
        table.when("p1", cmd.NextPhase(phase=current.key, losing=tuple(Loss)))
    return table


def unruly_session() -> Table:
    """`codev-75` begun far too late, with people who come and go: what the whole session does not have."""
    table = Table(8, starts_at_ms=0, number=2).everybody()
    table.when("f", cmd.ProposeCharter(lines=("À revoir.",)))
    table.when("f", cmd.ProposeCharter(lines=()))
    table.when("p2", cmd.SetMicrophone(microphone=Microphone.OPEN))
    table.fact(cmd.ReturnSeat(seat="p2"))
    table.when("p1", cmd.AgreeGoingOn(agreed=True))
    table.until(33 * 60_000)
    table.when("f", cmd.StartSession())
    table.when("f", cmd.SkipPhase(phase="follow_up#1"))
    table.go_to("questions")
    table.when("p4", cmd.RaiseHand(kind=HandKind.QUESTION))
    table.when("p5", cmd.RaiseHand(kind=HandKind.QUESTION))
    table.when("p5", cmd.LowerHand())
    table.until(table.now_ms + 5_000)
    table.fact(cmd.ReportLeadVoice(speaking=True))
    table.until(table.now_ms + 3_000)
    table.fact(cmd.ReportLeadVoice(speaking=False))
    table.drop("f")
    table.until(table.now_ms + 40_000)
    _turns(table, 2)
    table.drop("p6")
    table.until(table.now_ms + 40_000)
    table.back("f")
    table.back("p6")
    _try(table, "f", cmd.TakeLead)
    table.until(table.now_ms + 11 * 60_000)
    table.go_to("advice")
    assert table.state.step is not None
    table.when(table.state.step.order[-1], cmd.PassTurn(phase=_here(table), step=0))
    table.drop("p1")
    table.until(table.now_ms + 8_000)
    _try(table, "f", cmd.GoOn)
    table.until(table.now_ms + 20 * 60_000)
    table.when("f", cmd.CloseSession())
    return table


def _here(table: Table) -> str:
    assert table.state.current is not None
    return table.state.current.key


def _try(table: Table, seat: str, make: Callable[[], cmd.Command]) -> None:
    """What is possible here, and nothing where it is not."""
    try:
        table.when(seat, make())
    except Refused:
        return


def _turns(table: Table, count: int) -> None:
    for _ in range(count):
        turn = table.state.turn
        if turn is None:
            table.until(table.now_ms + 8_000)
            continue
        table.until(table.now_ms + 9_000)
        if table.state.turn is not None:
            table.end_turn(table.state.turn.seat)


def _until_writable(table: Table, seat: str, capture: str, fields: dict[str, str]) -> None:
    """Write it in the first step of the running phase that lets the seat."""
    phase = table.state.current_phase
    assert phase is not None
    for _ in range(len(phase.steps)):
        try:
            table.when(seat, cmd.SubmitCapture(capture=capture, fields=fields))
        except Refused:
            assert table.state.step is not None
            table.when("f", cmd.NextStep(phase=_here(table), step=table.state.step.index))
        else:
            return
    raise AssertionError(f"{capture} could not be written")


def records(table: Table) -> list[Record]:
    """The table's events as the log keeps them."""
    return [to_record(event, at_ms, Mark(BOOT, BOOTTIME_MS + at_ms, WALL_MS + at_ms)) for at_ms, event in table.events]


def plain(value: Any) -> Any:
    """A state as JSON can hold it: every field by its name, sets in order."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_defaults=True)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(inner) for inner in value), key=json.dumps)
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def final(table: Table) -> SessionState:
    assert table.replayed() == table.state
    return table.state


async def write(folder: Path) -> None:
    """Into an empty folder."""
    running = whole_session()
    tables = {"running": running, "whole": rest_of_it(whole_session()), "rotating": rotating_session()}
    tables["unruly"] = unruly_session()
    assert HoldCause.CARE in tables["whole"].state.booked
    (folder / "master.key").write_bytes(KEY)
    log = SqliteEventLog.open(folder / "cosession.db", KEY)
    registry = Registry(log.database)
    for name, table in tables.items():
        rows = records(table)
        with (folder / f"{name}.jsonl").open("w") as file:
            for row in rows:
                line = {
                    "type": row.type,
                    "at_ms": row.at_ms,
                    "meta": row.meta,
                    "content": row.content,
                    "owner": row.owner,
                }
                file.write(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n")
        state = json.dumps(plain(final(table)), ensure_ascii=False, sort_keys=True, indent=1)
        (folder / f"{name}.state.json").write_text(state + "\n")
        await log.append(name, 0, rows[:20], ("f", "c1"))
        await log.append(name, 20, rows[20:])
        await registry.add_session(name, WALL_MS, WALL_MS + table.state.starts_at_ms, "facilitator")
        if table.state.status is Status.CLOSED:
            await log.finish(name)
    await log.save_draft("running", Draft("p2", "contribution", {"text": "pas encore dit"}))
    await log.alive(LastAlive(BOOT, BOOTTIME_MS + running.now_ms, WALL_MS + running.now_ms))
    await registry.renew("running", "p2")
    await registry.new_login_link("facilitator")
    await log.close()
    (folder / "cosession.db").chmod(0o644)
    print(folder, {name: len(table.events) for name, table in tables.items()})


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir()  # what was released does not change
    asyncio.run(write(Path(sys.argv[1])))
