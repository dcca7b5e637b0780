"""What is written: by whom, seen by whom, and what everybody takes home."""

from __future__ import annotations

import pytest

from cosession.core import commands as cmd
from cosession.core.captures import keepsake, visible
from cosession.core.console import console
from cosession.core.refusal import Refused
from cosession.core.view import common, own
from cosession.core.vocabulary import RefusalCode
from tests.core.table import Table


def write(table: Table, seat: str, capture: str, version: int = 0, **fields: str) -> None:
    table.when(seat, cmd.SubmitCapture(capture=capture, fields=fields, version=version))


def texts(table: Table, seat: str) -> set[str]:
    return {text for capture in visible(table.state, seat) for text in capture.fields.values()}


def test_only_the_client_writes_the_request_and_the_plan() -> None:
    table = Table().start().go_to("contract")
    for seat in ("p2", "p7", "f"):
        with pytest.raises(Refused) as refused:
            write(table, seat, "request", text="autre chose")
        assert refused.value.code is RefusalCode.NOT_YOUR_SEAT
    write(table, "p1", "request", text="m'aider à dire non")
    table.go_to("action_plan")
    with pytest.raises(Refused):
        write(table, "p2", "action", what="le faire")


def test_the_request_is_versioned_and_a_stale_version_refused() -> None:
    table = Table().start().go_to("contract")
    write(table, "p1", "request", text="un")
    with pytest.raises(Refused) as refused:
        write(table, "p1", "request", text="deux")
    assert refused.value.code is RefusalCode.STALE
    write(table, "p1", "request", version=1, text="deux")
    assert [(c.version, c.fields["text"]) for c in table.state.captures] == [(2, "deux")]


def test_the_client_may_change_the_request_between_the_rounds_but_not_during_one() -> None:
    table = Table().start().go_to("contract")
    write(table, "p1", "request", text="un")
    table.next_phase()
    with pytest.raises(Refused) as refused:
        write(table, "p1", "request", version=1, text="deux")
    assert refused.value.code is RefusalCode.NOT_NOW
    table.when("f", cmd.NextStep(phase="advice#1", step=0))
    write(table, "p1", "request", version=1, text="deux")
    assert texts(table, "p3") == {"deux"}


def test_silent_writing_is_hidden_until_the_reveal() -> None:
    table = Table().start().go_to("contract")
    write(table, "p2", "reformulation", text="tu veux dire non")
    table.drafts[("p3", "reformulation")] = {"text": "tu cherches ta place"}
    assert texts(table, "p3") == texts(table, "p1") == texts(table, "f") == set()
    assert texts(table, "p2") == {"tu veux dire non"}
    assert common(table.state, "s", table.now_ms).written["reformulation"] == 1
    for seat in ("p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8"):
        table.when(seat, cmd.MarkDone(phase="contract#1", step=0))
    assert table.state.step is not None
    assert table.state.step.index == 1
    assert texts(table, "p1") == {"tu veux dire non", "tu cherches ta place"}


def test_contributions_are_closed_to_the_client_until_the_round_ends() -> None:
    table = Table().start().go_to("advice")
    write(table, "p4", "contribution", kind="idea", text="écrire au directeur")
    assert "écrire au directeur" in texts(table, "p5")
    assert texts(table, "p1") == set()
    assert all(c.capture != "contribution" for c in common(table.state, "s", table.now_ms).captures)
    table.when("f", cmd.NextStep(phase="advice#1", step=0))
    assert "écrire au directeur" in texts(table, "p1")
    table.when("f", cmd.NextStep(phase="advice#1", step=1))
    write(table, "p5", "contribution", text="attendre")
    assert "attendre" not in texts(table, "p1")
    table.next_phase()
    assert "attendre" in texts(table, "p1")


def test_the_plan_is_hidden_until_the_client_reads_it() -> None:
    table = Table().start().go_to("action_plan")
    table.drafts[("p1", "retained")] = {"text": "je ne suis pas seule"}
    write(table, "p1", "action", what="parler à Marc", due="2026-11-28")
    assert texts(table, "f") == texts(table, "p3") == set()
    table.when("f", cmd.NextStep(phase="action_plan#1", step=0))
    assert texts(table, "p3") == {"je ne suis pas seule", "parler à Marc", "2026-11-28"}
    write(table, "p1", "action", what="écrire")
    assert "écrire" in texts(table, "p3")


def test_private_notes_stay_private_for_ever() -> None:
    table = Table().start().go_to("advice")
    write(table, "p1", "private_note", text="surtout pas ça")
    table.next_phase()
    table.when("f", cmd.CloseSession())
    for seat in ("f", "p2", "p7"):
        assert "surtout pas ça" not in texts(table, seat)
        assert all(
            "surtout pas ça" not in view.fields.values() for _, own_ in keepsake(table.state, seat) for view in own_
        )


def test_i_can_help_is_a_number_for_the_lead_and_nothing_for_the_others() -> None:
    table = Table().start().go_to("topic_choice")
    write(table, "p2", "can_help_topic", answer="yes")
    write(table, "p3", "can_help_topic", answer="yes")
    assert console(table.state, table.now_ms).counts == {"can_help_topic": 2}
    assert texts(table, "p1") == texts(table, "f") == texts(table, "p4") == set()
    assert "can_help_topic" not in common(table.state, "s", table.now_ms).written


def test_the_learning_may_be_written_while_the_client_plans() -> None:
    table = Table().start().go_to("action_plan")
    write(table, "p5", "learning", learning="demander avant d'aider")
    table.go_to("learnings")
    writable = {w.spec.id: w for w in own(table.state, "p5", table.now_ms, {}).writable}
    assert writable["learning"].fields == {"learning": "demander avant d'aider"}
    write(table, "p5", "learning", version=1, learning="demander d'abord")


def test_everyone_takes_home_what_is_theirs() -> None:
    table = Table().start()
    write(table, "p3", "mood", word="curieux")
    table.go_to("contract")
    write(table, "p1", "request", text="m'aider à dire non")
    table.go_to("advice")
    write(table, "p4", "contribution", text="écrire au directeur")
    table.go_to("learnings")
    write(table, "p4", "learning", learning="demander avant")
    table.next_phase()
    table.next_phase()
    assert table.state.current is None
    client = {spec.id for spec, _ in keepsake(table.state, "p1")}
    assert client == {"request", "contribution"}
    assert {spec.id for spec, _ in keepsake(table.state, "p4")} == {"contribution", "learning"}
    assert {spec.id for spec, _ in keepsake(table.state, "p3")} == {"mood"}


@pytest.mark.parametrize(
    ("fields", "code", "place"),
    [
        ({}, RefusalCode.BAD_FIELD, "request.text: is required"),
        ({"text": "  \n "}, RefusalCode.BAD_FIELD, "request.text: is required"),
        ({"text": "x" * 401}, RefusalCode.TOO_LONG, "request.text: at most 400"),
        ({"text": "x", "kind": "votes"}, RefusalCode.BAD_FIELD, "request.kind: one of"),
        ({"text": "x", "score": "5"}, RefusalCode.BAD_FIELD, "request.score: no such field"),
        ({"text": "a\x00b"}, RefusalCode.BAD_FIELD, "request.text: holds a character"),
    ],
)
def test_a_bad_field_is_named(fields: dict[str, str], code: RefusalCode, place: str) -> None:
    table = Table().start().go_to("contract")
    with pytest.raises(Refused, match=place) as refused:
        table.when("p1", cmd.SubmitCapture(capture="request", fields=fields))
    assert refused.value.code is code


def test_a_date_is_a_date_and_a_line_is_one_line() -> None:
    table = Table().start().go_to("action_plan")
    with pytest.raises(Refused, match=r"action\.due: a date"):
        write(table, "p1", "action", what="parler", due="bientôt")
    with pytest.raises(Refused, match=r"action\.what"):
        write(table, "p1", "action", what="parler\nécrire")


def test_unknown_and_out_of_season() -> None:
    table = Table().start()
    with pytest.raises(Refused) as refused:
        write(table, "p1", "poem", text="x")
    assert refused.value.code is RefusalCode.UNKNOWN_CAPTURE
    with pytest.raises(Refused) as refused:
        write(table, "p1", "request", text="x")
    assert refused.value.code is RefusalCode.NOT_NOW
    with pytest.raises(Refused) as refused:
        write(table, "p1", "intention", text="x")
    assert refused.value.code is RefusalCode.NOT_NOW


def test_a_draft_without_what_is_required_stays_a_draft() -> None:
    table = Table().start().go_to("contract")
    table.drafts[("p1", "request")] = {"kind": "ideas"}
    table.next_phase()
    assert not table.state.captures


def test_the_request_too_is_unseen_while_all_write_in_silence() -> None:
    table = Table().start().go_to("contract")
    write(table, "p1", "request", text="m'aider à dire non")
    assert texts(table, "p1") == {"m'aider à dire non"}
    assert texts(table, "f") == texts(table, "p3") == set()
    assert not common(table.state, "s", table.now_ms).captures
    table.when("f", cmd.NextStep(phase="contract#1", step=0))
    assert texts(table, "p3") == {"m'aider à dire non"}


def test_an_action_plan_has_three_actions_at_most() -> None:
    table = Table().start().go_to("action_plan")
    for number in range(3):
        table.when("p1", cmd.SubmitCapture(capture="action", fields={"what": f"Action {number}"}))
    assert "action" not in {w.spec.id for w in own(table.state, "p1", table.now_ms, {}).writable}
    with pytest.raises(Refused) as refused:
        table.when("p1", cmd.SubmitCapture(capture="action", fields={"what": "Une de plus"}))
    assert refused.value.code is RefusalCode.OUT_OF_RANGE
