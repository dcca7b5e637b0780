"""Draws a script for the terminal: its phases in true proportion, who speaks in them, what is written, who sees it.

Plain text of at most `COLUMNS` columns, the same whether or not somebody watches. Only drawing lives here; the words of
the floor modes are those of the room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from cosession.core.script import CaptureSpec, Language, Phase, Script, Step
from cosession.core.vocabulary import DropPolicy, FloorMode, Overtime, Visibility, Who
from cosession.i18n.words import Words

COLUMNS = 100
_BAR = 75
_INDENT = " " * 8

_WHO: dict[Language, dict[Who, str]] = {
    "fr": {
        Who.CLIENT: "client",
        Who.CONSULTANTS: "consultants",
        Who.FACILITATOR: "animateur",
        Who.PREVIOUS_CLIENT: "client de la dernière séance",
        Who.SCRIBE: "preneur de notes",
        Who.EXPERTS: "experts du sujet",
        Who.MEMBERS: "client et consultants",
        Who.ALL: "tous",
    },
    "en": {
        Who.CLIENT: "client",
        Who.CONSULTANTS: "consultants",
        Who.FACILITATOR: "facilitator",
        Who.PREVIOUS_CLIENT: "last session's client",
        Who.SCRIBE: "scribe",
        Who.EXPERTS: "experts of the topic",
        Who.MEMBERS: "client and consultants",
        Who.ALL: "everyone",
    },
}
_SEEN: dict[Language, dict[Visibility, str]] = {
    "fr": {
        Visibility.EVERYONE: "visible de tous",
        Visibility.AUTHOR: "pour son auteur seul",
        Visibility.REVEAL: "pour son auteur seul, puis révélé à tous",
        Visibility.NOT_CLIENT: "caché au client, puis révélé à tous",
        Visibility.LEAD_COUNT: "l'animateur n'en voit que le nombre",
        Visibility.LEAD_IF_AWAY: "pour son auteur, et l'animateur en son absence",
    },
    "en": {
        Visibility.EVERYONE: "everyone sees it",
        Visibility.AUTHOR: "for its author only",
        Visibility.REVEAL: "for its author only, then revealed to all",
        Visibility.NOT_CLIENT: "hidden from the client, then revealed to all",
        Visibility.LEAD_COUNT: "the facilitator sees only the number",
        Visibility.LEAD_IF_AWAY: "for its author, and the facilitator while they are away",
    },
}
_DROPS: dict[Language, dict[DropPolicy, str]] = {
    "fr": {
        DropPolicy.HOLD: "sans {who} le chrono attend",
        DropPolicy.CONSENT: "sans {who} le chrono attend, ou l'on continue avec son accord",
        DropPolicy.LATER: "sans {who} l'étape suivante passe d'abord",
    },
    "en": {
        DropPolicy.HOLD: "without the {who} the clock waits",
        DropPolicy.CONSENT: "without the {who} the clock waits, or goes on if that was agreed",
        DropPolicy.LATER: "without the {who} the next phase comes first",
    },
}
_OVERTIME: dict[Language, dict[Overtime, str]] = {
    "fr": {Overtime.HARD: "finit à l'heure", Overtime.GRACE: "finit {grace_s} s après l'heure"},
    "en": {Overtime.HARD: "ends on time", Overtime.GRACE: "ends {grace_s} s past its time"},
}
_TEXTS: dict[Language, dict[str, str]] = {
    "fr": {
        "whole": "{minutes} min, au moins {minimum}. {people} personnes, prévu pour {planned}.",
        "alone": "Sans animateur : chacun peut lancer, poursuivre et mettre en pause.",
        "range": "{minimum} à {maximum}",
        "so_many": "{minimum}",
        "legend": "█ minimum  ░ peut céder",
        "each": "une fois par client ({times} fois)",
        "least": "au moins {minimum}",
        "protected": "protégée",
        "optional": "facultative",
        "turn": "{turn_s} s chacun",
        "turn_min": "{turn_s} s chacun, au moins {min_turn_s}",
        "queue": "question {turn_s} s, réponse {answer_s} s",
        "answered": "{turn_s} s chacun, réponse {answer_s} s",
        "rest": "le temps restant",
        "again": "et l'on recommence",
        "full": "le silence est gardé jusqu'au bout",
        "questions_only": "des questions seulement",
        "pass": "passer est bienvenu",
        "droppable": "omis faute de temps",
        "closed": "micros fermés : {who}",
        "cameras": "caméras fermées : {who}",
        "in_sight": "reste en vue",
        "open": "encore {open_h} h après la clôture",
        "lobby": "Avant le début",
        "after": "Après la clôture",
    },
    "en": {
        "whole": "{minutes} min, at least {minimum}. {people} people, planned for {planned}.",
        "alone": "Without a facilitator: everybody may start, move on and pause.",
        "range": "{minimum} to {maximum}",
        "so_many": "{minimum}",
        "legend": "█ minimum  ░ can yield",
        "each": "once for each client ({times} times)",
        "least": "at least {minimum}",
        "protected": "protected",
        "optional": "optional",
        "turn": "{turn_s} s each",
        "turn_min": "{turn_s} s each, at least {min_turn_s}",
        "queue": "question {turn_s} s, answer {answer_s} s",
        "answered": "{turn_s} s each, answer {answer_s} s",
        "rest": "the time that remains",
        "again": "then anew",
        "full": "the silence is kept to the end",
        "questions_only": "questions alone",
        "pass": "passing is welcome",
        "droppable": "left out if time is short",
        "closed": "microphones closed: {who}",
        "cameras": "cameras closed: {who}",
        "in_sight": "stays in sight",
        "open": "for {open_h} h after the close",
        "lobby": "Before the start",
        "after": "After the close",
    },
}


def timeline(script: Script, words: Words) -> list[str]:
    """The lines of a drawing of `script` in the language of `words` (the domain `cosession`)."""
    return list(_Drawing(script, words).lines())


class _Drawing:
    def __init__(self, script: Script, words: Words) -> None:
        self._script = script
        self._words = words
        self._language = words.language
        self._texts = _TEXTS[words.language]

    def lines(self) -> Iterator[str]:
        script, people = self._script, self._script.people
        sequence = script.sequence(people.planned)
        yield f"{script.id}  {getattr(script.title, self._language)}"
        yield (
            self._text(
                "whole",
                minutes=_minutes(script.planned_ms),
                minimum=_minutes(sum(script.phase(phase).minimum_ms for phase, _ in sequence)),
                people=self._text("range" if people.minimum < people.maximum else "so_many", **people.model_dump()),
                planned=people.planned,
            )
            + f"  {self._texts['legend']}"
        )
        if not script.facilitator:
            yield self._texts["alone"]
        yield from self._captures("lobby", script.lobby)
        begins: dict[str, list[int]] = {}
        now_ms = 0
        for name, _ in sequence:
            begins.setdefault(name, []).append(now_ms)
            now_ms += script.phase(name).planned_ms
        for phase in script.phases:
            yield ""
            yield from self._phase(phase, begins[phase.id])
        yield from self._captures("after", script.after)

    def _captures(self, title: str, captures: Iterable[CaptureSpec]) -> Iterator[str]:
        for place, capture in enumerate(captures):
            if place == 0:
                yield ""
                yield f"{_INDENT}{self._texts[title]}"
            yield from self._capture(capture)

    def _facts(self, phase: Phase, times: int) -> Iterator[str]:
        yield f"{_minutes(phase.planned_ms)} min"
        yield self._text("least", minimum=_minutes(phase.minimum_ms))
        if times > 1:
            yield self._text("each", times=times)
        if phase.protected:
            yield self._texts["protected"]
        if phase.optional:
            yield self._texts["optional"]
        if phase.overtime is not Overtime.SOFT:
            yield _OVERTIME[self._language][phase.overtime].format(grace_s=phase.grace_s)
        drops = {Who.CLIENT: phase.drops.client, Who.CONSULTANTS: phase.drops.consultants}
        for who, policy in {**drops, Who.FACILITATOR: phase.drops.facilitator}.items():
            if policy is not DropPolicy.RUN:
                yield _DROPS[self._language][policy].format(who=self._who([who]))

    def _phase(self, phase: Phase, begins_ms: list[int]) -> Iterator[str]:
        """`begins_ms`: when it begins, more than once where it repeats."""
        facts = self._facts(phase, len(begins_ms))
        clock = f"{begins_ms[0] // 60_000}:{begins_ms[0] // 1000 % 60:02d}"
        yield from _hung(f"{clock:>6}  ", f"{getattr(phase.title, self._language)} ({phase.id}), {', '.join(facts)}")
        yield _INDENT + self._bar(phase, begins_ms)
        for index, step in enumerate(phase.steps):
            yield from _hung(f"{_INDENT}{index + 1}. ", ", ".join(self._step(step)))
        for capture in phase.captures:
            yield from self._capture(capture)

    def _bar(self, phase: Phase, begins_ms: list[int]) -> str:
        """The phase's places in the whole; their edges are rounded, so that neighbours touch."""

        def column(at_ms: int) -> int:
            return round(at_ms * _BAR / self._script.planned_ms)

        bar = ""
        for at_ms in begins_ms:
            start, end = column(at_ms), column(at_ms + phase.planned_ms)
            solid = min(max(column(at_ms + phase.minimum_ms), start + 1), max(end, start + 1))
            bar += "·" * (start - len(bar)) + "█" * (solid - start) + "░" * (end - solid)
        return bar + "·" * (_BAR - len(bar))

    def _step(self, step: Step) -> Iterator[str]:
        title = "" if step.title is None else getattr(step.title, self._language)
        floor = self._words(f"floor.{step.floor}")
        yield f"{title}: {floor}" if title and title.casefold() != floor.casefold() else floor
        yield self._who([step.who])
        if step.answer_s is not None:
            word = "answered" if step.floor is FloorMode.ROUND else "queue"
            yield self._text(word, turn_s=step.turn_s, answer_s=step.answer_s)
        elif step.turn_s is not None:
            shorter = step.min_turn_s is not None and step.min_turn_s < step.turn_s
            yield self._text("turn_min" if shorter else "turn", turn_s=step.turn_s, min_turn_s=step.min_turn_s)
        if step.seconds is not None:
            yield f"{step.seconds} s"
        elif step.turn_s is None:
            yield self._texts["rest"]
        for said, text in (
            (step.again, "again"),
            (step.hold_full_time, "full"),
            (step.questions_only, "questions_only"),
        ):
            if said:
                yield self._texts[text]
        if step.pass_welcome:
            yield self._texts["pass"]
        if step.droppable:
            yield self._texts["droppable"]
        if step.closed:
            yield self._text("closed", who=self._who(step.closed))
        if step.closed_cameras:
            yield self._text("cameras", who=self._who(step.closed_cameras))

    def _capture(self, capture: CaptureSpec) -> Iterator[str]:
        title = getattr(capture.title, self._language)
        facts = [_SEEN[self._language][capture.visible]]
        facts += [self._texts["in_sight"]] if capture.in_sight else []
        facts += [self._text("open", open_h=capture.open_h)] if capture.open_h else []
        yield from _hung(f"{_INDENT}> ", f"{title} ({self._who(capture.by)}): {', '.join(facts)}")

    def _who(self, who: Iterable[Who]) -> str:
        return ", ".join(_WHO[self._language][one] for one in who)

    def _text(self, key: str, **values: object) -> str:
        return self._texts[key].format(**values)


def _minutes(duration_ms: int) -> str:
    """`7` or `1:40`."""
    minutes, rest = divmod(duration_ms // 1000, 60)
    return f"{minutes}:{rest:02d}" if rest else str(minutes)


def _hung(head: str, text: str) -> list[str]:
    """`text` after `head`, further lines under its beginning."""
    return wrap(text, COLUMNS, initial_indent=head, subsequent_indent=" " * len(head))
