"""What holds at every moment of every session, whatever script, whoever asks whatever.

Each law looks at a table and fails with an assertion. They know the state, and where they can they look from another
side than the code does: at the bytes of a view, at the log, at what happens when a button is pressed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.captures import agreed, keepsake, visible
from cosession.core.console import console
from cosession.core.decide import decide
from cosession.core.evolve import evolve
from cosession.core.floor import hearable, may_speak
from cosession.core.frozen import MEMOIZED, replace
from cosession.core.refusal import Refused
from cosession.core.schedule import next_wake, shares, spent_ms
from cosession.core.script import CaptureSpec
from cosession.core.stage import Picture, on_stage, plan
from cosession.core.state import SessionState
from cosession.core.view import common, own
from cosession.core.vocabulary import (
    FloorMode,
    HoldCause,
    Job,
    Loss,
    Microphone,
    PhaseStatus,
    Role,
    Status,
    Visibility,
    Who,
)
from tests.core.gestures import pressed
from tests.core.table import Table

KINDS: dict[str, type[cmd.Command]] = {
    "extend_phase": cmd.ExtendPhase,
    "next_phase": cmd.NextPhase,
    "skip_phase": cmd.SkipPhase,
    "move_end": cmd.MoveEnd,
    "close_session": cmd.CloseSession,
}
A_MONTH_MS = 30 * 24 * 3_600_000
EVENT: TypeAdapter[ev.Event] = TypeAdapter(ev.AnyEvent)


class Twin:
    """The same session, from its log: every event as it is written down and read again."""

    def __init__(self) -> None:
        self.state: SessionState | None = None
        self._read = 0

    def follows(self, table: Table) -> None:
        for at_ms, event in table.events[self._read :]:
            self.state = evolve(self.state, EVENT.validate_json(event.model_dump_json()), at_ms)
        self._read = len(table.events)
        assert self.state == table.state


def keeps_what_is_so(state: SessionState) -> None:
    """What the state has memoized, or took over from the one before, is what working it out anew gives: each memoized
    function has named all fields that it depends on."""
    bare = dataclasses.replace(state)
    for name, (function, _, of_moment) in MEMOIZED.items():
        if name not in state.__dict__:
            continue
        known = state.__dict__[name]
        if name == "_addressed":
            assert all(bare.seats_of(who) == seats for who, seats in known.items()), known
        elif of_moment:
            assert known[1] == function(bare, known[0]), name
        else:
            assert known == function(bare), name


# -- who and what --------------------------------------------------------------------------------------------------


def one_lead(state: SessionState) -> None:
    """Exactly one lead, or a vacancy that was declared, or a script that nobody conducts."""
    if not state.script.facilitator:
        assert state.lead is None
        assert not state.vacant
        return
    assert (state.lead is None) == state.vacant
    assert state.lead is None or state.lead in state.seats
    assert state.lead is None or state.lead != state.client, "nobody is client and lead"


def one_client(state: SessionState) -> None:
    clients = [seat for seat in state.seats.values() if seat.role is Role.CLIENT]
    assert len(clients) == 1
    assert Job.DEPUTY not in clients[0].jobs, "nobody is client and deputy"
    for job in Job:
        assert sum(job in seat.jobs for seat in state.seats.values()) <= 1


def one_holder(state: SessionState) -> None:
    """Who may speak: one beside the lead, in a queue the client too; nobody whom the step closes; no microphone is open
    without the right."""
    allowed, step = may_speak(state), state.current_step
    assert hearable(state) <= allowed
    assert all(state.seats[seat].role is not Role.OBSERVER for seat in allowed)
    for seat in state.seats.values():
        assert seat.microphone is not Microphone.OPEN or seat.id in allowed
        assert seat.microphone is not Microphone.ARMED or seat.id not in allowed, "an armed one opens with the floor"
    if state.status is not Status.RUNNING:
        return
    if HoldCause.SUSPENDED in state.holds:
        assert not allowed
        return
    if HoldCause.CARE in state.holds:
        assert allowed <= {state.client, state.lead}
        return
    assert step is not None
    silenced = {seat for who in step.closed for seat in state.seats_of(who)} - {state.lead}
    assert not allowed & silenced
    pausing_alone = HoldCause.PAUSE in state.holds and state.lead is None
    if step.floor is not FloorMode.OPEN and not pausing_alone:
        others = allowed - {state.lead} - ({state.client} if step.floor is FloorMode.QUEUE else set())
        assert len(others) <= 1
        assert others <= ({state.turn.seat} if state.turn is not None else set())


def cameras_obey(state: SessionState) -> None:
    pictures, step = plan(state, 1).pictures, state.current_step
    if state.status is Status.CLOSED or HoldCause.SUSPENDED in state.holds:
        assert not pictures
        return
    sending = {seat for seat, picture in pictures.items() if picture is not Picture.NONE}
    assert all(state.seats[seat].role is not Role.OBSERVER for seat in sending)
    if step is not None and HoldCause.CARE not in state.holds:
        turned_away = {seat for who in step.closed_cameras for seat in state.seats_of(who)} - {state.lead}
        assert not sending & turned_away
        assert not set(on_stage(state)) & turned_away, "nobody is on stage whose picture is closed"


# -- time ----------------------------------------------------------------------------------------------------------


def time_adds_up(state: SessionState, now_ms: int) -> None:
    """To the millisecond: what phases used is what the phase clock counted; what is left fits before the locked end, or
    is late by exactly what is said."""
    used = sum(spent_ms(state, phase, now_ms) for phase in state.phases)
    assert used == state.clock(now_ms)
    assert all(spent_ms(state, phase, now_ms) >= 0 for phase in state.phases)
    assert (state.clock_from_ms is not None) == (state.current is not None and not state.holds)
    if state.status is not Status.RUNNING:
        return
    share, left, least, wanted = shares(state, now_ms), 0, 0, 0
    for phase in state.phases:
        allotted = share.allotted_ms[phase.key]
        if phase.status in (PhaseStatus.NOW, PhaseStatus.COMING):
            spent = spent_ms(state, phase, now_ms)
            assert min(phase.minimum_ms, phase.wanted_ms) <= allotted <= phase.wanted_ms
            left += max(allotted - spent, 0)
            least += max(min(phase.minimum_ms, phase.wanted_ms) - spent, 0)
            wanted += max(phase.wanted_ms - spent, 0)
        else:
            assert allotted == phase.spent_ms
    until_end = state.ends_at_ms - now_ms
    assert share.elastic_ms == sum(
        max(share.allotted_ms[p.key] - max(p.minimum_ms, spent_ms(state, p, now_ms)), 0)
        for p in state.phases
        if p.status in (PhaseStatus.NOW, PhaseStatus.COMING)
    )
    if share.late_ms:
        assert left - share.late_ms == until_end
    else:
        # Nothing is cut without need: either the plan fits, or what is left ends with the session.
        assert left == (min(wanted, until_end))


def a_late_end_is_said(table: Table) -> None:
    """A session that will end later than the locked end has said so, and one that will not does not say so any more;
    one that is closed says what came of it. While it is suspended the end is not judged."""
    state, now_ms = table.state, table.now_ms
    ended: ev.HoldEnded | ev.HoldStarted | None = None
    said = None
    for _, event in reversed(table.events):
        if said is None and isinstance(event, ev.EndCannotHold | ev.EndHolds):
            said = event
        if ended is None and isinstance(event, ev.HoldStarted | ev.HoldEnded) and event.cause is HoldCause.SUSPENDED:
            ended = event
    declared = isinstance(said, ev.EndCannotHold)
    assert declared is state.cannot_hold
    if isinstance(ended, ev.HoldStarted):
        return
    match state.status:
        case Status.LOBBY:
            assert not declared
        case Status.RUNNING:
            allotted = shares(state, now_ms).allotted_ms
            left = sum(max(allotted[phase.key] - spent_ms(state, phase, now_ms), 0) for phase in state.phases)
            assert declared is (now_ms + left > state.ends_at_ms)
        case Status.CLOSED if state.started_at_ms is not None:
            assert state.closed_at_ms is not None
            assert declared is (state.closed_at_ms > state.ends_at_ms)


def protected_means_protected(table: Table) -> None:
    """No protected phase ended under its minimum, or without what its client alone writes, but that the event says so,
    whoever or whatever ended it."""
    state = table.state
    said: dict[str, ev.PhaseEnded] = {}
    for _, event in table.events:
        if isinstance(event, ev.PhaseSkipped):
            assert not state.script.phase(event.phase.partition("#")[0]).protected, "a protected phase is never skipped"
        if isinstance(event, ev.PhaseEnded):
            said[event.phase] = event  # the last one: « next » may have been undone
    for instance in state.phases:
        if instance.status is PhaseStatus.DONE:
            short = state.script.phase(instance.id).protected and instance.spent_ms < instance.minimum_ms
            assert short is (Loss.MINIMUM in said[instance.key].losses), instance


def at_rest(table: Table) -> None:
    """Nothing is due that has not happened: asked again at the same moment, the rules have nothing to say."""
    assert decide(table.state, cmd.Tick(), table.now_ms, drafts=table.drafts) == []


def wakes_in_time(table: Table) -> None:
    """Nothing is due before the moment at which the rules want to be woken: one that they forgot would come late."""
    wake_ms = next_wake(table.state, table.now_ms)
    sleeps_until_ms = table.now_ms + A_MONTH_MS if wake_ms is None else wake_ms - 1
    assert decide(table.state, cmd.Tick(), max(sleeps_until_ms, table.now_ms), drafts=table.drafts) == []


# -- what is private -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Secret:
    """A text that a seat wrote. `spec` is None for a turn that was typed. For whom it was written, and what became of
    that since, is read from the log."""

    text: str
    seat: str
    spec: CaptureSpec | None
    draft: bool


def texts_stay_private(table: Table, secrets: Mapping[str, Secret], readers: tuple[str, ...]) -> None:
    """In the bytes of no view is a text that its reader may not read, and in a care pause none at all."""
    state, now_ms = table.state, table.now_ms
    views = {seat: own(state, seat, now_ms, _drafts_of(table, seat)).model_dump_json() for seat in readers}
    shared = common(state, "s", now_ms).model_dump_json()
    lead = console(state, now_ms).model_dump_json()
    caring = HoldCause.CARE in state.holds
    submitted = {text: c for c in state.captures for text in c.fields.values() if text in secrets}
    fates = _fates(table)
    taken = {seat: _taken(state, seat) for seat in readers}
    for text, secret in secrets.items():
        found = f'"{text}"'
        assert found not in lead
        if caring:
            assert found not in shared, "a care pause hides what is written"
            assert not any(found in view for view in views.values())
            continue
        if secret.spec is None:
            continue
        capture = submitted.get(text)
        hushed = _in_silence(state) and capture is not None and capture.entry in _written_now(state)
        fate = fates.get(capture.entry) if capture is not None else None
        public = (
            capture is not None
            and fate is not None
            and not fate.withdrawn
            and (capture.revealed or secret.spec.visible is Visibility.EVERYONE)
        )
        assert found not in shared or (public and not hushed)
        for reader, view in views.items():
            if (found in view or text in taken[reader]) and reader != secret.seat:
                assert capture is not None, "a draft is its author's alone"
                assert not hushed
                assert fate is not None
                assert public or _may_read(state, reader, secret, fate)


@dataclass
class Fate:
    """What the log says of a text: for which client it was first written, and whether that client withdrew since."""

    client: str | None
    withdrawn: bool = False


def _fates(table: Table) -> dict[int, Fate]:
    """By entry. The log is gone through from its beginning: who is client changes with the phases of a script that
    rotates the role, and with the lead's gesture."""
    instances = {phase.key: phase for phase in table.state.phases}
    client, fates, specs = None, dict[int, Fate](), dict[int, CaptureSpec | None]()
    for _, event in table.events:
        if isinstance(event, ev.SeatAdded) and event.role is Role.CLIENT:
            client = event.seat
        elif isinstance(event, ev.PhaseStarted):
            client = instances[event.phase].client or client
        elif isinstance(event, ev.CaptureSubmitted):
            whose = None if event.phase is None else instances[event.phase].client
            specs[event.entry] = table.state.spec(event.capture)
            fates.setdefault(event.entry, Fate(whose or client))
        elif isinstance(event, ev.ClientChanged):
            for entry, fate in fates.items():
                spec = specs[entry]
                if fate.client == client and spec is not None and (spec.for_client or spec.by == (Who.CLIENT,)):
                    fate.withdrawn = True
            client = event.seat
    return fates


def _may_read(state: SessionState, reader: str, secret: Secret, fate: Fate) -> bool:
    """Who else reads it, before it is revealed or when its client has withdrawn."""
    visible = None if secret.spec is None else secret.spec.visible
    if fate.withdrawn:
        return reader == fate.client and visible in (Visibility.EVERYONE, Visibility.REVEAL, Visibility.NOT_CLIENT)
    if visible is Visibility.NOT_CLIENT:
        return reader != fate.client
    return visible is Visibility.LEAD_IF_AWAY and reader == state.lead and not state.seats[secret.seat].present


def _taken(state: SessionState, reader: str) -> set[str]:
    """Texts that a seat takes along, and those that its drawer of writings shows."""
    kept = [view for kept in (*keepsake(state, reader), *agreed(state, reader)) for view in kept.views]
    return {text for view in (*kept, *visible(state, reader)) for text in view.fields.values()}


def _in_silence(state: SessionState) -> bool:
    return state.current_step is not None and state.current_step.floor is FloorMode.SILENT_WRITING


def _written_now(state: SessionState) -> frozenset[int]:
    return frozenset() if state.step is None else state.step.written


def _drafts_of(table: Table, seat: str) -> dict[str, Mapping[str, str]]:
    return {capture: fields for (author, capture), fields in table.drafts.items() if author == seat}


def who_asked_is_sealed(state: SessionState, now_ms: int, readers: tuple[str, ...]) -> None:
    """Without those who asked for a pause every view is the same: the lead's console and their own excepted."""
    if not state.pause_wanted:
        return
    nobody_asked = replace(state, pause_wanted=frozenset())
    assert common(state, "s", now_ms) == common(nobody_asked, "s", now_ms)
    for seat in readers:
        if seat not in state.pause_wanted:
            assert own(state, seat, now_ms, {}) == own(nobody_asked, seat, now_ms, {})


# -- what is promised ----------------------------------------------------------------------------------------------


def buttons_work(table: Table, seat: str) -> None:
    """Every button that a seat has is accepted."""
    state, now_ms = table.state, table.now_ms
    mine, shared = own(state, seat, now_ms, {}), common(state, "s", now_ms)
    for tag in mine.may:
        command = pressed(tag, shared, mine)
        if command is None:
            continue
        try:
            decide(state, command, now_ms, by=seat, drafts=table.drafts)
        except Refused as refused:
            raise AssertionError(f"{seat} has a button for {tag}, and it is refused: {refused}") from refused
    if seat == state.lead:
        for other in console(state, now_ms).grantable:
            decide(state, cmd.GrantFloor(seat=other), now_ms, by=seat, drafts=table.drafts)


def previews_come_true(table: Table) -> None:
    """What the console says a gesture would do is what the gesture does, and where nobody conducts what everybody's
    view says. A later end is seen once its time to be refused has passed."""
    state, now_ms = table.state, table.now_ms
    asker = state.lead if state.script.facilitator else state.client
    if asker is None:
        return
    before = shares(state, now_ms).allotted_ms
    shown = console(state, now_ms).previews if state.script.facilitator else common(state, "s", now_ms).previews
    for preview in shown:
        subjects = {"phase": preview.phase, "by_s": preview.by_s, "losing": preview.losses}
        kind = KINDS[preview.gesture]
        command = kind.model_validate({n: v for n, v in subjects.items() if n in kind.model_fields})
        after = state
        for event in decide(state, command, now_ms, by=asker, drafts=table.drafts):
            after = evolve(after, event, now_ms)
        if after.proposal is not None and preview.by_s > 0 and preview.phase is None:
            at_ms = now_ms + 20_000
            for event in decide(after, cmd.Tick(), at_ms, drafts=table.drafts):
                after = evolve(after, event, at_ms)
            # Unless the session is over before that.
            assert after.status is Status.CLOSED or preview.ends_at_ms == after.ends_at_ms
            continue
        share = shares(after, now_ms)
        assert (preview.ends_at_ms, preview.late_ms) == (after.ends_at_ms, share.late_ms)
        happens = {key: (before[key], ms) for key, ms in share.allotted_ms.items() if before.get(key, ms) != ms}
        if preview.gesture != "extend_phase":
            happens.pop(preview.phase or "", None)
        assert {c.phase: (c.from_ms, c.to_ms) for c in preview.changes} == happens


# -- what a return brings back -------------------------------------------------------------------------------------


def nothing_lost(before: SessionState, after: SessionState, seat: str) -> None:
    """Around a drop or a return of `seat`: role, jobs, hand, coming turn and texts are as they were, and no microphone
    opens. If a phase ended meanwhile, a text may have become newer by its author's draft, and where roles take turns
    another one begun."""
    was, now = before.seats[seat], after.seats[seat]
    same = ["jobs", "qualified", "expert", "typed", "goes_on", "leaves_at_ms"]
    if before.current is None or after.current is None or before.current.client == after.current.client:
        same.append("role")
    assert all(getattr(was, name) == getattr(now, name) for name in same)
    texts = {c.entry: c for c in after.captures}
    for was_written in before.captures:
        text = texts[was_written.entry]
        assert text.version > was_written.version or text.fields == was_written.fields
    if before.current is None or after.current is None or before.current.key != after.current.key:
        return
    asks = {after.turn.seat} if after.turn is not None else set()
    assert {hand.seat for hand in before.hands} <= {hand.seat for hand in after.hands} | asks
    if before.step is not None and after.step is not None and before.step.index == after.step.index:
        own_turn = before.turn is not None and before.turn.kind in ("speak", "ask") and _in_round(before)
        waiting = set(before.step.order) | ({before.turn.seat} if before.turn is not None and own_turn else set())
        taken = set(after.step.spoken[len(before.step.spoken) :])
        assert waiting <= set(after.step.order) | asks | taken


def _in_round(state: SessionState) -> bool:
    return state.current_step is not None and state.current_step.floor in (FloorMode.ROUND, FloorMode.SINGLE)
