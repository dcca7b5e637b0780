"""Draws a script for the terminal: its phases in true proportion, who speaks in them, what is written, who sees it.

Plain text of at most `COLUMNS` columns, the same whether or not somebody watches. Only drawing lives here; the words of
the floor modes are those of the room.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap

from cosession.core.script import CaptureSpec, Language, Phase, Script, Step
from cosession.core.vocabulary import Visibility, Who
from cosession.pages.words import Words

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
        Who.MEMBERS: "client et consultants",
        Who.ALL: "tous",
    },
    "en": {
        Who.CLIENT: "client",
        Who.CONSULTANTS: "consultants",
        Who.FACILITATOR: "facilitator",
        Who.PREVIOUS_CLIENT: "last session's client",
        Who.SCRIBE: "scribe",
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
    },
    "en": {
        Visibility.EVERYONE: "everyone sees it",
        Visibility.AUTHOR: "for its author only",
        Visibility.REVEAL: "for its author only, then revealed to all",
        Visibility.NOT_CLIENT: "hidden from the client, then revealed to all",
        Visibility.LEAD_COUNT: "the facilitator sees only the number",
    },
}
_TEXTS: dict[Language, dict[str, str]] = {
    "fr": {
        "whole": "{minutes} min, au moins {minimum}. {least} à {most} personnes, prévu pour {planned}.",
        "legend": "█ minimum  ░ peut céder",
        "least": "au moins {minimum}",
        "protected": "protégée",
        "optional": "facultative",
        "turn": "{turn_s} s chacun",
        "turn_min": "{turn_s} s chacun, au moins {min_turn_s}",
        "queue": "question {turn_s} s, réponse {answer_s} s",
        "rest": "le temps restant",
        "pass": "passer est bienvenu",
        "droppable": "omis faute de temps",
        "closed": "micros fermés : {who}",
        "lobby": "Avant le début",
    },
    "en": {
        "whole": "{minutes} min, at least {minimum}. {least} to {most} people, planned for {planned}.",
        "legend": "█ minimum  ░ can yield",
        "least": "at least {minimum}",
        "protected": "protected",
        "optional": "optional",
        "turn": "{turn_s} s each",
        "turn_min": "{turn_s} s each, at least {min_turn_s}",
        "queue": "question {turn_s} s, answer {answer_s} s",
        "rest": "the time that remains",
        "pass": "passing is welcome",
        "droppable": "left out if time is short",
        "closed": "microphones closed: {who}",
        "lobby": "Before the start",
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
        yield f"{script.id}  {getattr(script.title, self._language)}"
        yield (
            self._text(
                "whole",
                minutes=_minutes(script.planned_ms),
                minimum=_minutes(sum(phase.minimum_ms for phase in script.phases)),
                least=people.minimum,
                most=people.maximum,
                planned=people.planned,
            )
            + f"  {self._texts['legend']}"
        )
        if script.lobby:
            yield ""
            yield f"{_INDENT}{self._texts['lobby']}"
            for capture in script.lobby:
                yield from self._capture(capture)
        begins_ms = 0
        for phase in script.phases:
            yield ""
            yield from self._phase(phase, begins_ms)
            begins_ms += phase.planned_ms

    def _phase(self, phase: Phase, begins_ms: int) -> Iterator[str]:
        facts = [
            f"{_minutes(phase.planned_ms)} min",
            self._text("least", minimum=_minutes(phase.minimum_ms)),
            *([self._texts["protected"]] if phase.protected else []),
            *([self._texts["optional"]] if phase.optional else []),
        ]
        clock = f"{begins_ms // 60_000}:{begins_ms // 1000 % 60:02d}"
        yield from _hung(f"{clock:>6}  ", f"{getattr(phase.title, self._language)} ({phase.id}), {', '.join(facts)}")
        yield _INDENT + self._bar(phase, begins_ms)
        for index, step in enumerate(phase.steps):
            yield from _hung(f"{_INDENT}{index + 1}. ", ", ".join(self._step(step)))
        for capture in phase.captures:
            yield from self._capture(capture)

    def _bar(self, phase: Phase, begins_ms: int) -> str:
        """The phase's place in the whole; its edges are rounded, so that neighbours touch."""

        def column(at_ms: int) -> int:
            return round(at_ms * _BAR / self._script.planned_ms)

        start, end = column(begins_ms), column(begins_ms + phase.planned_ms)
        solid = min(max(column(begins_ms + phase.minimum_ms), start + 1), max(end, start + 1))
        bar = "·" * start + "█" * (solid - start) + "░" * (end - solid)
        return bar + "·" * (_BAR - len(bar))

    def _step(self, step: Step) -> Iterator[str]:
        title = "" if step.title is None else getattr(step.title, self._language)
        floor = self._words(f"floor.{step.floor}")
        yield f"{title}: {floor}" if title and title.casefold() != floor.casefold() else floor
        yield self._who([step.who])
        if step.answer_s is not None:
            yield self._text("queue", turn_s=step.turn_s, answer_s=step.answer_s)
        elif step.turn_s is not None:
            shorter = step.min_turn_s is not None and step.min_turn_s < step.turn_s
            yield self._text("turn_min" if shorter else "turn", turn_s=step.turn_s, min_turn_s=step.min_turn_s)
        if step.seconds is not None:
            yield f"{step.seconds} s"
        elif step.turn_s is None:
            yield self._texts["rest"]
        if step.pass_welcome:
            yield self._texts["pass"]
        if step.droppable:
            yield self._texts["droppable"]
        if step.closed:
            yield self._text("closed", who=self._who(step.closed))

    def _capture(self, capture: CaptureSpec) -> Iterator[str]:
        title = getattr(capture.title, self._language)
        seen = _SEEN[self._language][capture.visible]
        yield from _hung(f"{_INDENT}> ", f"{title} ({self._who(capture.by)}): {seen}")

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
