"""A new session as somebody filled it in: by the form or in JSON. Everything that is wrong is said at its field.

The rules of who may be what are the method's; core holds them too and has the last word. A form is turned into the
fields of the JSON body, so there is one check for both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

from cosession.core.commands import CreateSession, NewSeat
from cosession.core.script import Script
from cosession.core.vocabulary import Formality, Guidance, Job, Role, TurnOrder
from cosession.i18n.words import DEFAULT, Words

ROWS = 12
NAME_LENGTH = 60
TITLE_LENGTH = 120
#: A start may be that far in the past (somebody took their time to fill in the form), and no further ahead.
LATE_MS = 10 * 60_000
AHEAD_MS = 366 * 24 * 3_600_000

#: Fields that the page and the JSON body have in common, and those of them that need somebody who conducts.
PLAIN = ("script", "title", "language", "facilitator", "speed", "guidance", "turn_order", "after")
CONDUCTED = ("facilitator", "deputy")


@dataclass(frozen=True, slots=True)
class FieldError:
    """`field` names the input; `message` is an id of the pages' words, to be filled with `values`."""

    field: str
    message: str
    values: Mapping[str, object]


class WrongForm(Exception):
    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__(", ".join(error.field for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class NewSession:
    """`starts_wall_ms`: the scheduled start, milliseconds since 1970."""

    command: CreateSession
    starts_wall_ms: int


def from_form(form: Mapping[str, Any], scripts: Mapping[str, Script], zone: tzinfo | None) -> dict[str, Any]:
    """The fields of the JSON body from the fields of the page. Empty rows are left out, and whoever is chosen by row
    is renumbered. A time without the browser's offset is taken in `zone`. What the page hides for a script that nobody
    conducts is left out, and so are the forms of address of other languages than the session's."""
    rows = _texts(form.get("participant"))[:ROWS]
    places = {row: place for place, row in enumerate(i for i, name in enumerate(rows) if name.strip())}
    script = scripts.get(str(form.get("script", "")))
    hidden = CONDUCTED if script is not None and not script.facilitator else ()
    body: dict[str, Any] = {key: form[key] for key in PLAIN if key in form and key not in hidden}
    forms = f"formality.{form.get('language')}"
    if forms in form:
        body["formality"] = form[forms]
    body["participants"] = [name for name in rows if name.strip()]
    marked = [_number(row) for row in _texts(form.get("qualified"))]
    body["qualified"] = [] if "deputy" in hidden else [places[row] for row in marked if row in places]
    for job in ("client", "deputy", "timekeeper", "scribe", "previous_client"):
        if job in hidden:
            continue
        row = _number(form.get(job))
        # A row that is chosen and empty stays an error: an index nobody has.
        body[job] = None if row is None else places.get(row, ROWS)
    if form.get("first", "yes") == "yes":
        body["number"], body["previous_client"] = 1, None
    else:
        body["number"] = form.get("number", "")
    if form.get("when") == "at":
        body["starts_at"] = _with_zone(str(form.get("starts_at", "")), form.get("utc_offset_minutes"), zone)
    else:
        body["starts_in_s"] = 0
    return body


def check(
    body: Mapping[str, Any],
    scripts: Mapping[str, Script],
    languages: Mapping[str, Words],
    now_wall_ms: int,
    rehearsal: bool,
) -> NewSession:
    """Raises `WrongForm` with everything that is wrong."""
    errors: list[FieldError] = []

    def wrong(field: str, message: str, **values: object) -> None:
        errors.append(FieldError(field, f"wrong.{message}", values))

    script = scripts.get(str(body.get("script", "")))
    if script is None:
        wrong("script", "script", known=", ".join(scripts))
    title = _line(body.get("title"), TITLE_LENGTH)
    if not title:
        wrong("title", "title", limit=TITLE_LENGTH)
    language = str(body.get("language", DEFAULT))
    if language not in languages:
        wrong("language", "language", known=", ".join(languages))
    starts_wall_ms = _start(body, now_wall_ms)
    if starts_wall_ms is None:
        wrong("starts_at", "starts_at")
    elif not -LATE_MS <= starts_wall_ms - now_wall_ms <= AHEAD_MS:
        wrong("starts_at", "starts_past" if starts_wall_ms < now_wall_ms else "starts_far")
    facilitator = _line(body.get("facilitator"), NAME_LENGTH)
    alone = script is not None and not script.facilitator
    if not facilitator and not alone:
        wrong("facilitator", "facilitator", limit=NAME_LENGTH)
    if body.get("facilitator") and alone:
        wrong("facilitator", "facilitator_alone")
    guidance, formality = body.get("guidance", Guidance.GUIDED), body.get("formality", Formality.FORMAL)
    turn_order = body.get("turn_order", TurnOrder.ROTATING)
    if guidance not in list(Guidance):
        wrong("guidance", "guidance", known=", ".join(Guidance))
    # A language with one form of address has the formal one.
    forms = [Formality.FORMAL, *(languages[language].forms if language in languages else Formality)]
    if formality not in forms:
        wrong("formality", "formality", known=", ".join(dict.fromkeys(forms)))
    if turn_order not in list(TurnOrder):
        wrong("turn_order", "turn_order", known=", ".join(TurnOrder))
    speed = _number(body.get("speed", 1))
    if speed is None or not 1 <= speed <= 600:
        wrong("speed", "speed")
    elif speed != 1 and not rehearsal:
        wrong("speed", "speed_rehearsal")
    number = _number(body.get("number", 1))
    if number is None or not 1 <= number <= 99:
        wrong("number", "number")

    names = _names(body.get("participants"), facilitator, script, wrong)
    chosen = {job: _chosen(job, body.get(job), len(names), wrong) for job in ("client", *Job, "previous_client")}
    if body.get("client") is None:
        wrong("client", "client")
    qualified = _marked(body.get("qualified", []), len(names), wrong)
    if chosen["client"] is not None and chosen["client"] == chosen[Job.DEPUTY]:
        wrong("deputy", "deputy_client")
    if errors or starts_wall_ms is None or speed is None:
        raise WrongForm(errors)

    seats = [] if alone else [NewSeat(name=facilitator, role=Role.FACILITATOR, qualified=True)]
    first_member = len(seats)
    for place, name in enumerate(names):
        role = Role.CLIENT if chosen["client"] == place else Role.CONSULTANT
        jobs = frozenset(job for job in Job if chosen[job] == place)
        seats.append(NewSeat(name=name, role=role, jobs=jobs, qualified=place in qualified))
    previous = chosen["previous_client"] if number != 1 else None
    command = CreateSession(
        title=title,
        language=language,
        script={} if script is None else script.model_dump(mode="json", exclude_defaults=True),
        seats=tuple(seats),
        starts_at_ms=max(0, starts_wall_ms - now_wall_ms) * speed,
        speed=speed,
        number=number or 1,
        previous_client=None if previous is None else previous + first_member,
        guidance=Guidance(guidance),
        formality=Formality(formality),
        turn_order=TurnOrder(turn_order),
    )
    return NewSession(command, max(starts_wall_ms, now_wall_ms))


def _names(found: Any, facilitator: str, script: Script | None, wrong: Any) -> list[str]:
    """The participants' names, cleaned; every row keeps its place."""
    if not isinstance(found, list):
        wrong("participants", "participants")
        return []
    names = [_line(name, NAME_LENGTH) for name in found]
    for place, name in enumerate(names):
        if not name:
            wrong(f"participants.{place}", "participant", limit=NAME_LENGTH)
    lowest, highest = (script.people.minimum, script.people.maximum) if script else (2, ROWS)
    if not lowest <= len(names) <= highest:
        wrong("participants", "people", lowest=lowest, highest=highest, found=len(names))
    taken = {facilitator.casefold()} - {""}
    for place, name in enumerate(names):
        if name and name.casefold() in taken:
            wrong(f"participants.{place}", "twice", name=name)
        taken.add(name.casefold())
    return names


def _chosen(job: str, found: Any, people: int, wrong: Any) -> int | None:
    if found is None:
        return None
    place = _number(found)
    if place is None or not 0 <= place < people:
        wrong(job, "chosen")
        return None
    return place


def _marked(found: Any, people: int, wrong: Any) -> frozenset[int]:
    """Several of the people named, by their places."""
    places = [_number(one) for one in found] if isinstance(found, list) else [None]
    if any(place is None or not 0 <= place < people for place in places):
        wrong("qualified", "qualified")
    return frozenset(place for place in places if place is not None)


def _start(body: Mapping[str, Any], now_wall_ms: int) -> int | None:
    """The scheduled start, milliseconds since 1970; None if it cannot be read."""
    if "starts_at" not in body or body["starts_at"] is None:
        seconds = body.get("starts_in_s", 0)
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not abs(seconds) < 10**9:
            return None
        return now_wall_ms + round(seconds * 1000)
    try:
        at = datetime.fromisoformat(str(body["starts_at"]))
        return None if at.tzinfo is None else round(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def _with_zone(local: str, offset_minutes: Any, zone: tzinfo | None) -> str:
    """`2026-11-21T10:00` as its reader meant it. What cannot be read is given back as it is, to be refused by
    `check`."""
    try:
        at = datetime.fromisoformat(local)
        if at.tzinfo is not None:
            return local
        minutes = int(str(offset_minutes))
        return at.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat()
    except (ValueError, OverflowError):
        try:
            at = datetime.fromisoformat(local)
            return (at.astimezone(UTC) if zone is None else at.replace(tzinfo=zone)).isoformat()
        except (ValueError, OverflowError):
            return local


def _line(found: Any, limit: int) -> str:
    """One line of text, its blanks tidied; empty if it is too long, holds control characters or is no text."""
    if not isinstance(found, str):
        return ""
    tidy = " ".join(found.split())
    # Joiners are part of names and emoji; other invisible characters could make a name look like another.
    visible = tidy.replace("\u200c", "").replace("\u200d", "")
    return tidy if len(tidy) <= limit and visible.isprintable() else ""


def _texts(found: Any) -> list[str]:
    return [value for value in found if isinstance(value, str)] if isinstance(found, list) else []


def _number(found: Any) -> int | None:
    if isinstance(found, bool):
        return None
    if isinstance(found, int):
        return found
    text = str(found).strip() if isinstance(found, str) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
