"""What every released build stored is read, and adds up to what it added up to then.

Each folder `format-N` was written by `make` on the last build of that format. Compared is every field that the state
had then; what a later build knows on top is its own.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from cosession.core import floor, outcome, schedule
from cosession.core.commands import NextPhase, Tick
from cosession.core.decide import decide
from cosession.core.events import FORMAT
from cosession.core.script_parts import CaptureSpec
from cosession.core.state import SeatState, SessionState
from cosession.core.vocabulary import Formality, Loss, Status
from cosession.room import upcasters
from cosession.room.directory import Directory
from cosession.room.ports import Entry, Record, Unavailable
from cosession.room.recovery import replay
from cosession.store.eventlog import SqliteEventLog
from cosession.store.registry import Registry
from tests.golden.make import KEY, plain, records, rest_of_it, rotating_session, unruly_session, whole_session
from tests.room.bench import FakeClock, NotingEngine

HERE = Path(__file__).parent
FOLDERS = sorted(HERE.glob("format-*"))
LOGS = sorted(HERE.glob("format-*/*.jsonl"))
NAMES = ("running", "whole", "rotating", "unruly")
log_files = pytest.mark.parametrize("path", LOGS, ids=lambda path: f"{path.parent.name}/{path.stem}")


def stored(path: Path) -> list[Entry]:
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [Entry(seq, f"{seq:064x}", Record(**row)) for seq, row in enumerate(rows, start=1)]


def replayed(entries: list[Entry]) -> SessionState:
    stream = replay(entries)
    assert stream is not None
    return stream.state


def differences(then: Any, now: Any, place: str = "state") -> list[str]:
    """Where `now` is not what was so `then`; fields that are new are not looked at."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [
            line
            for name, value in then.items()
            for line in (
                differences(value, now[name], f"{place}.{name}") if name in now else [f"{place}.{name}: is gone"]
            )
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [d for i, (a, b) in enumerate(zip(then, now, strict=True)) for d in differences(a, b, f"{place}[{i}]")]
    return [] if then == now else [f"{place}: was {then!r}, is {now!r}"]


def test_every_format_so_far_is_kept() -> None:
    assert [folder.name for folder in FOLDERS] == [f"format-{n}" for n in range(1, FORMAT)]
    assert sorted(upcasters.RECORDS) == list(range(1, FORMAT))


@log_files
def test_a_stored_log_adds_up_to_what_it_did(path: Path) -> None:
    then = json.loads(path.with_name(f"{path.stem}.state.json").read_text(), object_hook=_without_tu)
    then["formality"] = {"vous": "formal"}[then.pop("address")]
    assert differences(then, plain(replayed(stored(path)))) == KNOWN.get((path.parent.name, path.stem), [])


def _without_tu(text: dict[str, Any]) -> dict[str, Any]:
    """Until form 2 of scripts a text in a state kept what French says to a group that says *tu*, beside what the group
    reads; now it holds what the group reads."""
    return {form: said for form, said in text.items() if form != "tu"}


def test_a_stored_group_that_said_tu_still_does() -> None:
    """The texts of form 1, `{fr, en, tu}`, and the session's `address` become texts by language and a formality."""
    (entry,) = stored(HERE / "format-1" / "whole.jsonl")[:1]
    meta = {**entry.record.meta, "address": "tu"}
    state = replayed([replace(entry, record=replace(entry.record, meta=meta))])
    assert state.formality is Formality.FAMILIAR
    assert state.script.language == "fr"
    phone = next(capture for capture in state.script.lobby if capture.id == "phone").fields[0].title
    assert phone.root == {
        "fr": "Vu de l'animateur seul, et seulement si tu es coupé",
        "en": "Seen by the facilitator alone, and only if you are cut off",
    }
    assert next(iter(phone.root)) == "fr", "the log has no order; whoever reads neither language reads the original"


#: What a later build shows otherwise on purpose, each with its reason.
KNOWN: dict[tuple[str, str], list[str]] = {}


@log_files
def test_a_rule_that_changes_does_not_change_what_has_happened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _is_unmoved(stored(path), monkeypatch)


@pytest.mark.parametrize(
    "play",
    [lambda: rest_of_it(whole_session()), rotating_session, unruly_session],
    ids=["whole", "rotating", "unruly"],
)
def test_nor_what_this_build_stores(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Entry(seq, f"{seq:064x}", record) for seq, record in enumerate(records(play()), start=1)]
    assert {entry.record.meta["format"] for entry in rows} == {FORMAT}
    _is_unmoved(rows, monkeypatch)


def _is_unmoved(entries: list[Entry], monkeypatch: pytest.MonkeyPatch) -> None:
    before = plain(replayed(entries))

    def other(*_: object, **__: object) -> Any:
        raise AssertionError("a rule was asked")

    rules = {
        id(member)
        for module in (floor, schedule, outcome)
        for member in vars(module).values()
        if isinstance(member, FunctionType) and member.__module__ == module.__name__
    }
    for module in [module for name, module in sys.modules.items() if name.startswith("cosession.")]:
        for name, member in vars(module).copy().items():
            if id(member) in rules:
                monkeypatch.setattr(module, name, other)
    with pytest.raises(AssertionError, match="a rule was asked"):
        decide(replayed(entries[: len(entries) // 2]), Tick(), 10**9)
    monkeypatch.setattr(CaptureSpec, "of_client", property(other))
    monkeypatch.setattr(SeatState, "audible", property(other))
    monkeypatch.setattr("cosession.core.script.Script.sequence", other)
    assert plain(replayed(entries)) == before


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
async def test_a_stored_database_is_opened_and_its_sessions_go_on(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "cosession.db", tmp_path / "cosession.db")
    log = SqliteEventLog.open(tmp_path / "cosession.db", KEY)
    clock = FakeClock()
    directory = Directory(log, NotingEngine(), clock)
    try:
        await directory.recover()
        await directory.running_back()
        assert await log.open_sessions() == ["running"]
        [room] = directory.live()
        assert room.state.status is Status.RUNNING
        assert room.state.current is not None
        assert room.state.current.id == "advice"
        assert room.drafts.of("p2") == {"contribution": {"text": "pas encore dit"}}
        await room.ask(_next(room.state), room.state.lead, "c-new")
        assert room.state.current.id == "action_plan"
        assert (await room.verify())["replay_equal"]
        for name in ("whole", "rotating", "unruly"):
            closed = await directory.get(name)
            assert closed is not None
            assert closed.state.status is Status.CLOSED
        registry = Registry(log.database)
        assert (await registry.generation("running", "p2"), await registry.generation("running", "p1")) == (1, 0)
        assert [row.owner for name in NAMES if (row := await registry.session(name))] == ["facilitator"] * 4
    finally:
        await directory.close()
        await log.close()


def _next(state: SessionState) -> NextPhase:
    assert state.current is not None
    return NextPhase(phase=state.current.key, losing=tuple(Loss))


def test_a_log_that_a_newer_build_went_on_with_is_said_to_be_newer_never_damaged() -> None:
    entries = stored(LOGS[0])
    newer = Record("colour_chosen", entries[-1].record.at_ms, {"format": FORMAT + 1, "colour": "green"})
    with pytest.raises(Unavailable, match=r"newer version .* install that version") as refused:
        replay([*entries, Entry(len(entries) + 1, "0" * 64, newer)])
    assert refused.value.code == "store_newer"
    odd = Record("session_started", 0, {"format": FORMAT, "colour": "green"})
    with pytest.raises(Unavailable) as damaged:
        replay([*entries, Entry(len(entries) + 1, "0" * 64, odd)])
    assert damaged.value.code == "store_damaged"


def test_a_stored_script_is_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cosession.core.script.FORMAT", 3)
    monkeypatch.setattr(
        upcasters,
        "SCRIPTS",
        {
            1: lambda fields: {**fields, "script": {**fields["script"], "two": True}},
            2: lambda fields: {**fields, "script": {**fields["script"], "three": fields["script"]["two"]}},
        },
    )
    fields = {"type": "session_created", "script": {"id": "x"}, "script_format": 1}
    lifted = upcasters.lift(fields, FORMAT, None, 0)
    assert (lifted["script"], lifted["script_format"]) == ({"id": "x", "two": True, "three": True}, 3)
    with pytest.raises(upcasters.Newer, match=r"its script .*format 4, this one reads up to 3"):
        upcasters.lift({**fields, "script_format": 4}, FORMAT, None, 0)


async def test_a_newer_session_is_left_in_peace_and_the_others_come_back(tmp_path: Path) -> None:
    shutil.copy(FOLDERS[0] / "cosession.db", tmp_path / "cosession.db")
    log = SqliteEventLog.open(tmp_path / "cosession.db", KEY)
    newest = Record("colour_chosen", 1, {"format": FORMAT + 1, "clocks": ["x", 0, 0]})
    first = (await log.read("rotating"))[0].record
    await log.append("newer", 0, [first, newest])
    directory = Directory(log, NotingEngine(), FakeClock())
    try:
        await directory.recover()
        await directory.running_back()
        assert [room.session for room in directory.live()] == ["running"]
        with pytest.raises(Unavailable) as refused:
            await directory.get("newer")
        assert refused.value.code == "store_newer"
        assert len(await log.read("newer")) == 2, "nothing was written"
    finally:
        await directory.close()
        await log.close()
