"""Rotation: the rules hold on programmes of all kinds, little changes, and small ones agree with exhaustive search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations, product
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cosession.core.vocabulary import Job, Role
from cosession.programme import search
from cosession.programme.matching import assign, overfull
from cosession.programme.programme import PARTS, Cast, Member, Part, Programme, faults
from cosession.programme.rotation import Impossible, Plan, Rule, plan

JOBS = (Job.DEPUTY, Job.SCRIBE, Job.TIMEKEEPER)
Casts = Mapping[int, Mapping[Part, str]]

# -- programmes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Size:
    members: tuple[int, int]
    sessions: tuple[int, int]
    absence: int = 8
    """One chance in so many, per member and session."""


def away(programme: Programme, **absent: tuple[int, ...]) -> Programme:
    """The same programme with more absences."""
    known = {member.id: member for member in programme.members}
    more = {name: {"absent": (*known[name].absent, *numbers)} for name, numbers in absent.items()}
    return _changed(programme, more)


def without(programme: Programme, name: str, last: int) -> Programme:
    """The same programme, but somebody leaves after the session `last`."""
    return _changed(programme, {name: {"leaves_after": last}})


def _changed(programme: Programme, changes: Mapping[str, dict[str, Any]]) -> Programme:
    members = [member.model_copy(update=changes.get(member.id)) for member in programme.members]
    return programme.model_copy(update={"members": tuple(members)})


def casts(made: Plan, among: range) -> tuple[Cast, ...]:
    return tuple(
        Cast(session=one.number, **{part.value: name for part, name in one.parts.items()})
        for one in made.sessions
        if one.number in among
    )


def after(programme: Programme, made: Plan, held: int) -> Programme:
    """The programme some sessions later, with the plan so far."""
    count = programme.sessions.count
    return programme.model_copy(
        update={"held": casts(made, range(1, held + 1)), "planned": casts(made, range(held + 1, count + 1))}
    )


def group(people: int, count: int, qualified: int = 3, **more: Any) -> Programme:
    members = [{"id": f"m{index}", "name": f"M{index}", "qualified": index < qualified} for index in range(people)]
    return Programme.model_validate({"members": members, "sessions": {"count": count}, **more})


@st.composite
def programmes(draw: st.DrawFn, size: Size) -> Programme:
    people, count = draw(st.integers(*size.members)), draw(st.integers(*size.sessions))
    numbers = st.integers(1, count)
    rarely = st.integers(1, size.absence).map(lambda chance: chance == 1)
    members = []
    for index in range(people):
        joins = draw(numbers) if draw(rarely) else 1
        members.append(
            {
                "id": f"m{index}",
                "name": f"M{index}",
                "qualified": index == 0 or draw(st.booleans()),
                "declines_client": index >= count or draw(rarely),
                "joins_at": joins,
                "leaves_after": draw(st.integers(joins, count)) if draw(rarely) else None,
                "absent": [number for number in range(1, count + 1) if draw(rarely)],
            }
        )
    outside = {"id": "x", "name": "X", "absent": [1] if draw(rarely) else []} if draw(st.booleans()) else None
    return Programme.model_validate({"members": members, "sessions": {"count": count}, "facilitator": outside})


@st.composite
def under_way(draw: st.DrawFn, size: Size) -> tuple[Programme, Plan]:
    """A programme of which some sessions were held, and its plan so far."""
    programme = draw(programmes(size))
    try:
        made = plan(programme)
    except Impossible:
        assume(False)
        raise
    return after(programme, made, draw(st.integers(0, programme.sessions.count - 1))), made


@st.composite
def with_news(draw: st.DrawFn, size: Size) -> Programme:
    """... and what has become known since."""
    programme, _ = draw(under_way(size))
    names = st.sampled_from([member.id for member in programme.members])
    coming = st.integers(programme.coming.start, programme.sessions.count)
    for _ in range(draw(st.integers(1, 3))):
        programme = away(programme, **{draw(names): (draw(coming),)})
    return without(programme, draw(names), draw(coming)) if draw(st.booleans()) else programme


# -- the rules, written once more ------------------------------------------------------------------------------------


def broken(programme: Programme, found: Casts) -> Iterator[str]:
    """What of the rules that are never broken is broken in the sessions to come."""
    known = {member.id: member for member in programme.members}
    clients = Counter(cast.client for cast in programme.held)
    for number in programme.coming:
        parts = found[number]
        outside = programme.facilitator is not None and number not in programme.facilitator.absent
        inside = {part: name for part, name in parts.items() if not (outside and part is Role.FACILITATOR)}
        if len(set(inside.values())) < len(inside):
            yield f"{number}: two parts"
        if any(not known[name].there(number) for name in inside.values()):
            yield f"{number}: not there"
        for part in (Role.CLIENT, Role.FACILITATOR, Job.DEPUTY):
            if part not in parts:
                yield f"{number}: no {part}"
        here = sum(member.there(number) for member in programme.members)
        if len(inside) < min(here, 4 if outside else 5):
            yield f"{number}: an idle member and an empty part"
        if not outside and not known[parts[Role.FACILITATOR]].qualified:
            yield f"{number}: not qualified"
        if known[parts[Role.CLIENT]].declines_client:
            yield f"{number}: forced"
        clients[parts[Role.CLIENT]] += 1
    for member in programme.members:
        stays = any(member.belongs(number) for number in programme.coming)
        if stays and not member.declines_client and not clients[member.id]:
            yield f"{member.id}: never client"


def measure(programme: Programme, found: Casts) -> tuple[int, ...]:
    """The levels that the plan is least at, in their order."""
    count = programme.sessions.count
    known = {member.id: member for member in programme.members}
    earlier = {cast.session: cast.parts for cast in programme.planned}
    held = {cast.session: cast.parts for cast in programme.held}
    everything = {**held, **{number: found[number] for number in programme.coming}}
    had = Counter((part, name) for parts in everything.values() for part, name in parts.items() if name in known)
    waits = sum(not known[found[n][Role.CLIENT]].there(n + 1) for n in programme.coming if n < count)
    never = sum((job, name) not in had for job in JOBS for name in known)
    changed = [
        number
        for number in programme.coming
        for part, name in found[number].items()
        if name in known and earlier.get(number, {}).get(part, name) != name
    ]
    again, been = 0, {cast.client for cast in programme.held}
    for number in programme.coming:
        client = found[number][Role.CLIENT]
        again += count - number if client in been else 0
        been.add(client)
    even = sum(times * times for times in had.values())
    return waits, never, len(changed), sum(count + 1 - number for number in changed), even, again


def every_plan(programme: Programme) -> Iterator[Casts]:
    """Exhaustively: whoever is there, in all ways, with as many parts as people allow."""
    options = []
    for number in programme.coming:
        outside = programme.facilitator is not None and number not in programme.facilitator.absent
        wanted = [part for part in PARTS if not (outside and part is Role.FACILITATOR)]
        here = [member.id for member in programme.members if member.there(number)]
        parts = wanted[: max(len(wanted) - 2, min(len(wanted), len(here)))]
        fixed: dict[Part, str] = {Role.FACILITATOR: "x"} if outside else {}
        known = {member.id: member for member in programme.members}
        options.append(
            [
                chosen
                for names in permutations(here, len(parts))
                for chosen in [{**dict(zip(parts, names, strict=True)), **fixed}]
                if not known[chosen[Role.CLIENT]].declines_client
                and (outside or known[chosen[Role.FACILITATOR]].qualified)
            ]
        )
    for chosen in product(*options):
        found = dict(zip(programme.coming, chosen, strict=True))
        if not any(broken(programme, found)):
            yield found


def as_casts(made: Plan) -> Casts:
    return {one.number: one.parts for one in made.sessions}


# -- all programmes --------------------------------------------------------------------------------------------------

USUAL = Size(members=(6, 9), sessions=(5, 7), absence=10)
ROUGH = Size(members=(3, 12), sessions=(1, 6), absence=4)
TINY = [Size((3, 3), (1, 4)), Size((4, 4), (1, 3)), Size((5, 5), (1, 2))]


@pytest.mark.parametrize("size", [USUAL, ROUGH])
@settings(max_examples=15)
@given(data=st.data())
def test_the_rules_hold_and_what_was_held_stays(size: Size, data: st.DataObject) -> None:
    programme = data.draw(st.one_of(programmes(size), with_news(size)))
    try:
        made = plan(programme)
    except Impossible:
        return
    assert not list(broken(programme, as_casts(made)))
    assert casts(made, range(1, len(programme.held) + 1)) == programme.held
    for before, one in zip((None, *made.sessions), made.sessions, strict=False):
        last = None if before is None else before.parts[Role.CLIENT]
        assert last in (one.opens, one.missed), "the last client opens the next session, or is said to be away"
        there = {member.id for member in programme.there(one.number)}
        assert one.opens is None or one.opens in there
        assert one.reserve is None or one.reserve in there
        assert one.reserve is None or one.reserve not in [
            one.parts.get(part) for part in (Role.CLIENT, Role.FACILITATOR, Job.DEPUTY)
        ]


@settings(max_examples=10)
@given(found=under_way(USUAL))
def test_without_news_nothing_changes(found: tuple[Programme, Plan]) -> None:
    programme, made = found
    anew = plan(programme)
    assert as_casts(anew) == as_casts(made)
    assert anew.changes == 0


@settings(max_examples=10)
@given(programme=with_news(USUAL))
def test_the_same_programme_gives_the_same_plan(programme: Programme) -> None:
    try:
        assert plan(programme) == plan(Programme.model_validate(programme.model_dump()))
    except Impossible:
        return


@pytest.mark.parametrize("size", TINY)
@settings(max_examples=10)
@given(data=st.data())
def test_small_programmes_agree_with_exhaustive_search(size: Size, data: st.DataObject) -> None:
    programme = data.draw(st.one_of(programmes(size), with_news(size)))
    least = min((measure(programme, found) for found in every_plan(programme)), default=None)
    try:
        made = plan(programme)
    except Impossible:
        assert least is None
    else:
        assert made.proven
        assert measure(programme, as_casts(made)) == least


@pytest.mark.parametrize("size", TINY)
@settings(max_examples=10)
@given(data=st.data())
def test_one_absence_changes_no_more_than_it_must(size: Size, data: st.DataObject) -> None:
    programme, _ = data.draw(under_way(size))
    name = data.draw(st.sampled_from([member.id for member in programme.members]))
    number = data.draw(st.integers(programme.coming.start, programme.sessions.count))
    programme = away(programme, **{name: (number,)})
    every = [measure(programme, found) for found in every_plan(programme)]
    try:
        made = plan(programme)
    except Impossible:
        assert not every
    else:
        waits, never, changes, *_ = measure(programme, as_casts(made))
        assert changes == min(other[2] for other in every if other[:2] == (waits, never))
        assert (waits, never) == min(other[:2] for other in every)


@settings(max_examples=10)
@given(programme=with_news(USUAL))
def test_a_search_that_ends_early_keeps_the_rules_and_says_so(programme: Programme) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "NODES", 0)
        try:
            hasty = plan(programme)
        except Impossible:
            return
    assert not hasty.proven
    assert not list(broken(programme, as_casts(hasty)))
    best = plan(programme)
    assert not best.proven or measure(programme, as_casts(best)) <= measure(programme, as_casts(hasty))


@pytest.mark.parametrize("people", range(5, 13))
def test_where_the_numbers_allow_everybody_has_everything_once(people: int) -> None:
    made = plan(group(people, people, qualified=5 if people == 5 else 3))
    assert made.proven
    assert not made.never
    for part in (Role.CLIENT, *JOBS):
        assert sorted(one.parts[part] for one in made.sessions) == sorted({f"m{i}" for i in range(people)})
    loads = Counter(name for one in made.sessions for part, name in one.parts.items() if part is not Role.CLIENT)
    assert max(loads.values()) - min(loads.values()) <= people // 2, "qualified members facilitate as well"


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_a_member_who_leaves_is_client_before() -> None:
    programme = without(group(8, 8), "m7", 3)
    made = plan(programme)
    assert "m7" in [one.parts[Role.CLIENT] for one in made.sessions[:3]]
    assert all("m7" not in one.parts.values() for one in made.sessions[3:])


def test_what_cannot_be_proven_is_said_and_stays() -> None:
    """Five people with five parts each: three facilitators would need six sessions to have everything once."""
    programme = group(5, 5)
    made = plan(programme)
    assert not made.proven
    assert sum(map(len, made.never.values())) == 2
    assert plan(after(programme, made, 0)).changes == 0


def test_the_last_client_is_there_to_open() -> None:
    made = plan(away(group(4, 4, qualified=4), m0=(2,)))
    assert all(one.missed is None for one in made.sessions)
    assert [one.opens for one in made.sessions[1:]] == [one.parts[Role.CLIENT] for one in made.sessions[:-1]]


def test_an_absence_after_ones_session_was_held_is_said() -> None:
    programme = group(8, 8)
    first = plan(programme)
    client = first.sessions[0].parts[Role.CLIENT]
    made = plan(away(after(programme, first, 1), **{client: (2,)}))
    assert made.sessions[1].opens is None
    assert made.sessions[1].missed == client


def test_clients_swap_when_one_is_away() -> None:
    programme = group(8, 8, facilitator={"id": "x", "name": "X"})
    first = plan(programme)
    client = first.sessions[3].parts[Role.CLIENT]
    made = plan(away(after(programme, first, 2), **{client: (4,)}))
    assert made.proven
    assert 2 <= made.changes <= 3
    moved = [one.number for one in made.sessions if Role.CLIENT in one.changed]
    assert len(moved) == 2
    assert 4 in moved


def test_sessions_left_over_are_second_turns_and_come_last() -> None:
    made = plan(group(6, 8))
    assert [one.number for one in made.sessions if one.again] == [7, 8]


def test_too_few_people_leave_the_time_and_the_notes_to_nobody() -> None:
    programme = away(group(6, 6), m4=(2,), m5=(2, 3), m3=(2,))
    made = plan(programme)
    assert set(made.sessions[1].parts) == {Role.CLIENT, Role.FACILITATOR, Job.DEPUTY}
    assert set(made.sessions[2].parts) == set(PARTS)


@pytest.mark.parametrize(
    ("programme", "rule", "sessions", "members", "lacking"),
    [
        (away(group(4, 4), m0=(2,), m1=(2,)), Rule.TOO_FEW, (2,), ("m2", "m3"), 1),
        (group(6, 6, qualified=0), Rule.NOBODY_QUALIFIED, (1,), (), 1),
        (away(group(6, 6, qualified=1), m0=(3,)), Rule.NOBODY_QUALIFIED, (3,), (), 1),
        (away(group(5, 5), m3=(1, 2, 3, 4, 5)), Rule.CLIENT_ONCE, (), ("m3",), 1),
        (away(group(6, 6), m4=(2, 3, 4, 5, 6), m5=(2, 3, 4, 5, 6)), Rule.CLIENT_ONCE, (1,), ("m4", "m5"), 1),
    ],
)
def test_what_is_impossible_is_named(
    programme: Programme, rule: Rule, sessions: tuple[int, ...], members: tuple[str, ...], lacking: int
) -> None:
    with pytest.raises(Impossible) as reason:
        plan(programme)
    found = reason.value.obstacles[0]
    assert (found.rule, found.sessions, found.members, found.lacking) == (rule, sessions, members, lacking)


def test_nobody_is_forced_to_be_client() -> None:
    declines = [Member(id=f"m{i}", name=f"M{i}", qualified=True, declines_client=i < 4) for i in range(5)]
    programme = group(5, 2).model_copy(update={"members": tuple(declines)})
    made = plan(programme)
    assert [one.parts[Role.CLIENT] for one in made.sessions] == ["m4", "m4"]
    with pytest.raises(Impossible) as reason:
        plan(away(programme, m4=(2,)))
    assert [(one.rule, one.sessions) for one in reason.value.obstacles] == [(Rule.NOBODY_WILLING, (2,))]


def test_the_only_one_to_facilitate_cannot_be_client() -> None:
    with pytest.raises(Impossible) as reason:
        plan(group(5, 5, qualified=1))
    (found,) = reason.value.obstacles
    assert (found.rule, found.members, found.bound) == (Rule.CLIENT_ONCE, ("m0",), ("m0",))
    members = [Member(id=f"m{i}", name=f"M{i}", qualified=i == 0, declines_client=i > 0) for i in range(5)]
    with pytest.raises(Impossible) as reason:
        plan(group(5, 1).model_copy(update={"members": tuple(members)}))
    (found,) = reason.value.obstacles
    assert (found.rule, found.sessions, found.members) == (Rule.ONLY_ONE_FOR_BOTH, (1,), ("m0",))


def test_more_people_than_sessions_have_a_plan_and_who_waits_is_named() -> None:
    made = plan(group(8, 6))
    clients = [one.parts[Role.CLIENT] for one in made.sessions]
    assert len(set(clients)) == 6
    assert sorted((*clients, *made.waiting)) == [f"m{index}" for index in range(8)]
    assert not any(one.again for one in made.sessions)
    assert plan(after(group(8, 6), made, 2)).changes == 0


def test_who_waited_goes_first() -> None:
    programme = _changed(group(8, 3), {name: {"waited": True} for name in ("m5", "m7")})
    made = plan(programme)
    assert {"m5", "m7"} < {one.parts[Role.CLIENT] for one in made.sessions}
    assert not {"m5", "m7"} & set(made.waiting)


def test_who_leaves_or_declines_waits_for_nothing() -> None:
    programme = _changed(without(group(8, 6), "m7", 1), {"m6": {"declines_client": True}})
    assert not {"m6", "m7"} & set(plan(programme).waiting)


def test_what_was_held_is_checked_like_a_plan() -> None:
    held = (
        {"session": 1, "client": "m0", "facilitator": "m1", "deputy": "m0"},
        {"session": 2, "client": "m1", "facilitator": "m3"},
        {"session": 3, "client": "m2", "facilitator": "x"},
    )
    outside = {"id": "x", "name": "X", "absent": [1, 2, 3]}
    found = dict(faults(group(5, 5, held=held, facilitator=outside)))
    assert found == {
        ("held", 0, "deputy"): "m0 was client, and has one part in a session; leave one of them out",
        ("held", 1, "facilitator"): "m3 is not qualified to facilitate; correct this, "
        "or say qualified: true at the member",
        ("held", 2, "facilitator"): "x was not there in session 3; correct this, or the facilitator's line",
    }


def test_a_finished_programme_is_only_told() -> None:
    programme = group(5, 5)
    first = plan(programme)
    made = plan(after(programme, first, 5))
    assert all(one.held for one in made.sessions)
    assert as_casts(made) == as_casts(first)


def test_a_programme_that_contradicts_itself_has_faults() -> None:
    programme = group(4, 3, held=({"session": 1, "client": "m9"},), planned=({"session": 4, "client": "m0"},))
    assert [place for place, _ in faults(programme)] == [("planned", 0, "session"), ("held", 0, "client")]
    assert not list(faults(group(4, 3)))


# -- the two algorithms below ----------------------------------------------------------------------------------------

TABLES = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(st.none() | st.integers(0, 9), min_size=width, max_size=width), min_size=1, max_size=4
    )
)


@settings(max_examples=100)
@given(table=TABLES)
def test_an_assignment_is_the_cheapest_there_is(table: list[list[int | None]]) -> None:
    def total(columns: tuple[int, ...] | list[int]) -> int | None:
        costs = [row[column] for row, column in zip(table, columns, strict=True)]
        return None if None in costs else sum(cost or 0 for cost in costs)

    ways = [total(columns) for columns in permutations(range(len(table[0])), len(table))]
    found = assign(table)
    assert (None if found is None else total(found)) == min((way for way in ways if way is not None), default=None)
    assert found is None or len(set(found)) == len(found)


@settings(max_examples=100)
@given(choices=st.dictionaries(st.sampled_from("abcde"), st.lists(st.integers(0, 4), unique=True)))
def test_groups_with_fewer_places_than_heads_are_found(choices: dict[str, list[int]]) -> None:
    places = any(len(set(chosen)) == len(chosen) for chosen in product(*choices.values()))
    groups = overfull(choices)
    assert places == (not groups)
    for people, spots in groups:
        assert len(spots) < len(people)
        assert set(spots) == {spot for one in people for spot in choices[one]}
    assert len({one for people, _ in groups for one in people}) == sum(len(people) for people, _ in groups)
