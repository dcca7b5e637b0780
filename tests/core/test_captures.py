"""What is written: by whom, seen by whom, and what everybody takes home."""

from __future__ import annotations

import pytest

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.captures import agreed, keepsake, visible, withdrawn, writable
from cosession.core.console import console
from cosession.core.refusal import Refused
from cosession.core.view import common, own
from cosession.core.vocabulary import Job, Loss, RefusalCode
from tests.core.table import Table, script


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
    table.when("f", cmd.CloseSession(losing=tuple(Loss)))
    for seat in ("f", "p2", "p7"):
        assert "surtout pas ça" not in texts(table, seat)
        assert all("surtout pas ça" not in texts for texts in taken(table, seat).values())
    assert taken(table, "p1") == {("private_note", True): ["surtout pas ça"]}


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
    assert taken(table, "p1") == {
        ("request", True): ["m'aider à dire non"],
        ("contribution", True): ["écrire au directeur"],
    }
    assert taken(table, "p4") == {
        ("contribution", False): ["écrire au directeur"],
        ("learning", False): ["demander avant"],
    }
    assert taken(table, "p3") == {("mood", False): ["curieux"]}


def taken(table: Table, seat: str) -> dict[tuple[str, bool], list[str]]:
    """What a seat takes along: the first field of each text, by capture and whether it was the client's."""
    return {
        (kept.spec.id, kept.as_client): [next(iter(view.fields.values()), "") for view in kept.views]
        for kept in keepsake(table.state, seat)
    }


def read_by(table: Table, seat: str) -> set[str]:
    """Every text that a seat may read, by any way: its writings, its view, everybody's view."""
    views = [*visible(table.state, seat), *own(table.state, seat, table.now_ms, {}).captures]
    views += common(table.state, "s", table.now_ms).captures
    return {text for view in views for text in view.fields.values()}


def test_after_a_change_of_client_everything_belongs_to_the_client_for_whom_it_was_written() -> None:
    """The kind: facts, question and answers of a client who withdrew, and what was written to help them."""
    table = Table(12).start().go_to("topic_choice")
    write(table, "p1", "topic", text="le sujet de Nadia")
    table.go_to("problem_statement")
    write(table, "p1", "headline_question", text="la question de Nadia")
    write(table, "p7", "facts", text="les faits de Nadia")
    table.go_to("questions")
    write(table, "p3", "question", text="une question pour Nadia")
    table.go_to("contract")
    write(table, "p5", "reformulation", text="la demande de Nadia, je crois")
    table.drafts[("p1", "request")] = {"text": "la demande de Nadia, à moitié"}
    nadias = {"le sujet de Nadia", "la question de Nadia", "les faits de Nadia"}
    others = {"une question pour Nadia", "la demande de Nadia, je crois"}
    assert nadias <= read_by(table, "p4")
    table.when("f", cmd.ChangeClient(seat="p4"))
    assert table.state.client == "p4"
    theirs = nadias | others | {"la demande de Nadia, à moitié"}
    for seat, mine in {
        "p1": theirs,
        "p3": {"une question pour Nadia"},
        "p5": {"la demande de Nadia, je crois"},
        "p7": {"les faits de Nadia"},
        "p4": set(),
        "p2": set(),
        "f": set(),
    }.items():
        assert read_by(table, seat) & theirs == mine, seat
    write(table, "p4", "headline_question", text="la question d'Inès")
    table.go_to("questions")
    write(table, "p3", "question", text="une question pour Inès")
    table.go_to("closing")
    table.next_phase()
    assert table.state.closed_at_ms is not None
    assert taken(table, "p4") == {
        ("headline_question", True): ["la question d'Inès"],
        ("question", True): ["une question pour Inès"],
    }
    assert {text for texts in taken(table, "p1").values() for text in texts} == theirs
    assert taken(table, "p3")[("question", False)] == ["une question pour Nadia", "une question pour Inès"]
    assert agreed(table.state, "p2") == [], "the withdrawn client's request is nobody else's"


def test_what_is_being_written_while_the_client_changes_goes_to_the_client_for_whom_it_was_written() -> None:
    table = Table(12).start().go_to("questions")
    table.until(table.now_ms + 5_000)
    table.drafts[("p3", "question")] = {"text": "pour Nadia, encore"}
    table.typing.add(("p3", "question"))
    table.when("f", cmd.ChangeClient(seat="p4"))
    table.drafts[("p5", "question")] = {"text": "trop tard pour Nadia"}
    table.fact(cmd.ReportLateText(seat="p5", capture="question"))
    table.until(table.now_ms + 30_000)
    written = {c.fields["text"]: (c.client, c.withdrawn) for c in table.state.captures}
    assert written == {"pour Nadia, encore": ("p1", True), "trop tard pour Nadia": ("p1", True)}
    for seat, mine in {"p1": set(written), "p3": {"pour Nadia, encore"}, "p5": {"trop tard pour Nadia"}}.items():
        assert read_by(table, seat) == mine
    assert read_by(table, "p4") == read_by(table, "f") == set()


@pytest.mark.parametrize("name", ["codev-75", "kollegiale-beratung-45", "solution-circle-30"])
def test_a_change_of_client_within_a_phase_begins_the_topic_anew(name: str) -> None:
    """What is written before the change goes with the client of then, drafts too; what comes after is the new one's."""
    table = Table(8, script=script(name)).start()
    table.go_to("topic_choice") if name == "codev-75" else None
    offered = writable(table.state, "f", table.now_ms) + writable(table.state, "p1", table.now_ms)
    spec = next((spec for _, spec in offered if spec.of_client and not spec.many), None)
    if spec is None:
        pytest.skip(f"{name} writes nothing of the client's before `client_from`")
    author = "f" if spec in [spec for _, spec in writable(table.state, "f", table.now_ms)] else "p1"
    text = next(field.id for field in spec.fields if field.kind in ("text", "line"))
    say(table, author, spec.id, field=text, value="pour Nadia")
    table.drafts[(author, spec.id)] = {text: "pour Nadia, mieux dit"}
    table.typing.add((author, spec.id))
    table.when("f", cmd.ChangeClient(seat="p3"))
    after = "p3" if author == "p1" else author
    assert cap_version(table, after, spec.id) == 0
    say(table, after, spec.id, field=text, value="pour Joe")
    assert "pour Joe" in read_by(table, "p3")
    assert ("pour Joe" in read_by(table, "p1")) == ("pour Joe" in read_by(table, "p2")), "one of the group again"
    assert "pour Nadia, mieux dit" in read_by(table, "p1")
    assert not {"pour Nadia", "pour Nadia, mieux dit"} & (read_by(table, "p2") | read_by(table, "p3"))
    table.when("f", cmd.ChangeClient(seat="p1"))
    say(table, author, spec.id, field=text, value="de nouveau pour Nadia")
    assert "de nouveau pour Nadia" in read_by(table, "p2")


def say(table: Table, seat: str, capture: str, field: str, value: str) -> None:
    table.when(seat, cmd.SubmitCapture(capture=capture, fields={field: value}))


def cap_version(table: Table, seat: str, capture: str) -> int:
    return next(w.version for w in own(table.state, seat, table.now_ms, {}).writable if w.spec.id == capture)


def test_without_a_scribe_what_the_members_began_is_handed_in_too() -> None:
    table = Table(5).start().go_to("problem_statement")
    table.drafts[("p2", "facts")] = {"text": "noté par Laura"}
    table.next_phase()
    assert [(c.seat, c.fields["text"]) for c in table.state.captures] == [("p2", "noté par Laura")]


def test_who_gives_a_job_or_the_lead_away_loses_no_word() -> None:
    table = Table().start().go_to("topic_choice")
    table.drafts[("f", "reserve_topic")] = {"text": "la relève"}
    table.drop("f")
    table.until(table.now_ms + 31_000)
    assert table.state.lead == "p6"
    table.when("p6", cmd.NextPhase(phase=table.state.current.key, losing=tuple(Loss)))  # type: ignore[union-attr]
    assert "la relève" in {text for c in table.state.captures for text in c.fields.values()}
    table.back("f")
    table.when("f", cmd.TakeLead())
    assert table.state.current is not None
    assert table.state.current.id == "problem_statement"
    table.drafts[("p7", "facts")] = {"text": "noté par Thomas"}
    table.when("f", cmd.OfferJob(job=Job.SCRIBE, seat="p2"))
    table.when("p2", cmd.AnswerJob(job=Job.SCRIBE, accept=True))
    table.next_phase()
    assert "noté par Thomas" in {text for c in table.state.captures for text in c.fields.values()}


def test_what_a_former_client_began_does_not_go_into_the_next_ones_contract() -> None:
    table = Table(12).start().go_to("questions")
    table.drafts[("p1", "request")] = {"text": "la demande de Nadia, avant l'heure"}
    table.when("f", cmd.ChangeClient(seat="p4"))
    table.go_to("advice")
    assert not any("Nadia" in text for c in table.state.captures for text in c.fields.values())


def test_only_what_belongs_to_the_client_is_sealed_with_the_clients_key() -> None:
    words = script("codev-75")
    facts = next(c for p in words["phases"] for c in p.get("captures", []) if c["id"] == "facts")
    changed = {**facts, "by": ["client", "consultants"], "for_client": False}
    phases = [
        {**p, "captures": [changed if c["id"] == "facts" else c for c in p.get("captures", [])]}
        for p in words["phases"]
    ]
    table = Table(8, script={**words, "phases": phases}).start().go_to("problem_statement")
    write(table, "p2", "facts", text="vu par Laura")
    assert [e.owner for _, e in table.events if isinstance(e, ev.CaptureSubmitted)] == ["p2"]


def test_a_topic_that_was_left_open_goes_with_the_client_for_whom_it_was_begun() -> None:
    table = Table(12).start().go_to("topic_choice")
    table.drafts[("p1", "topic")] = {"text": "le sujet de Nadia"}
    table.typing.add(("p1", "topic"))
    table.next_phase()
    assert ("p1", "topic") in table.state.left_open
    table.when("f", cmd.ChangeClient(seat="p4"))
    table.until(table.now_ms + 30_000)
    assert [(c.client, c.withdrawn) for c in table.state.captures] == [("p1", True)]
    assert read_by(table, "p1") == {"le sujet de Nadia"}
    assert read_by(table, "p4") == read_by(table, "p2") == set()
    assert [e.owner for _, e in table.events if isinstance(e, ev.CaptureSubmitted)] == ["p1.client"]


def test_a_hidden_plan_is_not_revealed_by_a_change_of_client() -> None:
    table = Table(3, script=script("codev-60")).start().go_to("contract")
    table.drafts[("p2", "reformulation")] = {"text": "pas encore dit"}
    table.when("f", cmd.ChangeClient(seat="p3"))
    assert [seat for seat in table.state.seats if "pas encore dit" in read_by(table, seat)] == ["p1", "p2"]
    assert common(table.state, "s", table.now_ms).written == {}


@pytest.mark.parametrize(
    ("name", "people", "gift"), [("troika-30", 3, "contribution"), ("wise-crowds", 5, "contribution")]
)
def test_where_everybody_is_client_in_turn_each_takes_along_what_was_theirs(name: str, people: int, gift: str) -> None:
    table = Table(people, script=script(name)).start()
    clients = []
    while (current := table.state.current) is not None:
        client = table.state.client
        assert client is not None
        for seat in table.state.seats:
            for key, spec in writable(table.state, seat, table.now_ms):
                if spec.id in (gift, "private_note", "retained"):
                    assert key == current.key
                    write(table, seat, spec.id, text=f"{spec.id} de {seat} pour {client}")
        clients += [client] if current.client is not None and client not in clients else []
        table.when("p1", cmd.NextPhase(phase=current.key, losing=tuple(Loss)))
    assert sorted(clients) == sorted(table.state.seats)
    for me in clients:
        mine, gifts = taken(table, me), [seat for seat in table.state.seats if seat != me]
        assert mine[(gift, True)] == [f"{gift} de {seat} pour {me}" for seat in gifts]
        assert mine[(gift, False)] == [f"{gift} de {me} pour {other}" for other in clients if other != me]
        assert mine[("private_note", True)] == [f"private_note de {me} pour {me}"]
        assert mine[("retained", True)] == [f"retained de {me} pour {me}"]


@pytest.mark.parametrize(("name", "people"), [("troika-30", 3), ("wise-crowds", 4)])
def test_after_the_close_everybody_who_was_client_completes_what_is_open(name: str, people: int) -> None:
    table = Table(people, script=script(name)).start()
    while (current := table.state.current) is not None:
        table.when("p1", cmd.NextPhase(phase=current.key, losing=tuple(Loss)))
    for seat in table.state.seats:
        assert [spec.id for key, spec in writable(table.state, seat, table.now_ms) if key is not None] == ["retained"]
        write(table, seat, "retained", text=f"pour {seat}")
    for seat in table.state.seats:
        assert taken(table, seat)[("retained", True)] == [f"pour {seat}"]


def test_there_is_a_ceiling_for_every_seat_and_capture_and_it_is_said_before() -> None:
    table = Table().start().go_to("questions")
    for number in range(60):
        [offered] = [w for w in own(table.state, "p3", table.now_ms, {}).writable if w.spec.id == "question"]
        assert offered.left == (60 - number if number >= 55 else None)
        write(table, "p3", "question", text=f"question {number}" + "x" * 380)
    assert "question" not in {w.spec.id for w in own(table.state, "p3", table.now_ms, {}).writable}
    with pytest.raises(Refused) as refused:
        write(table, "p3", "question", text="encore une")
    assert (refused.value.code, refused.value.field, refused.value.detail) == (
        RefusalCode.OUT_OF_RANGE,
        "question",
        "at most 60",
    )
    write(table, "p4", "question", text="une autre voix")
    assert len(common(table.state, "s", table.now_ms).captures) == 61
    table.go_to("advice")
    shown = sum(
        len(view.model_dump_json())
        for view in (common(table.state, "s", table.now_ms), own(table.state, "p3", table.now_ms, {}))
    )
    bare = Table().start().go_to("advice")
    usual = sum(
        len(view.model_dump_json())
        for view in (common(bare.state, "s", bare.now_ms), own(bare.state, "p3", bare.now_ms, {}))
    )
    assert shown < usual + 100, "a view does not grow with what earlier phases wrote"


def test_notes_of_earlier_phases_stay_in_sight_of_their_author_and_lists_do_not() -> None:
    table = Table().start().go_to("advice")
    write(table, "p1", "private_note", text="Respirer")
    for number in range(5):
        write(table, "p4", "contribution", text=f"idée {number}")
    assert len(own(table.state, "p4", table.now_ms, {}).captures) == 5
    table.when("f", cmd.ChangeClient(seat="p5"))
    assert [c.fields["text"] for c in own(table.state, "p1", table.now_ms, {}).captures] == ["Respirer"]
    assert own(table.state, "p4", table.now_ms, {}).captures == []
    assert len(visible(table.state, "p4")) == 5, "they are in the drawer"


def test_what_a_client_may_write_is_sealed_apart_from_their_name() -> None:
    table = Table().start().go_to("problem_statement")
    write(table, "p1", "headline_question", text="comment dire non")
    write(table, "p7", "facts", text="noté par Thomas")
    table.go_to("questions")
    write(table, "p3", "question", text="depuis quand ?")
    owners = {e.capture: e.owner for _, e in table.events if isinstance(e, ev.CaptureSubmitted)}
    assert owners == {"headline_question": "p1.client", "facts": "p1.client", "question": "p3"}
    assert withdrawn(table.state, "p1") == [], "nobody withdrew"
    table.when("f", cmd.ChangeClient(seat="p4"))
    assert [c.capture for c in withdrawn(table.state, "p1")] == ["headline_question", "facts"]
    assert withdrawn(table.state, "p4") == withdrawn(table.state, "p7") == []


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
