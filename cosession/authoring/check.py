"""What a script may be, but had better not: warnings, with the file, line and column where they stand.

Only what the file itself says is looked at; what it inherits is its sibling's affair. Errors are `scripts`' affair, but
for one: here it is known which languages there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from cosession.authoring.scripts import texts_of
from cosession.authoring.yaml_file import Problem, load, plain, wrong
from cosession.core.script import FAMILIAR, CaptureSpec, Script, in_language
from cosession.core.vocabulary import Family, FloorMode, Who

#: A cue is read in a glance, beside people's faces.
CUE_CHARACTERS = 140
#: What a capture is called that scores or votes.
SCORES = ("vote", "score", "scoring", "rating", "rank", "ranking", "points", "stars")
#: More on screen needs a break (method.md, "Sibling scripts").
WITHOUT_BREAK_MS = 90 * 60_000
#: With less than this share of the minutes to yield, little lateness can be repaid.
ELASTICITY = 0.10


def warnings(path: Path, script: Script, languages: Collection[str], own: bool = False) -> list[str]:
    """One line for each warning: `file:line:column: where: warning: what`. `script` is what the file comes to,
    `languages` are those that there are. A script of one's `own`, which is not delivered with cosession, is warned of
    what of the method it leaves out. Raises `WrongFile` if the file has changed, or has a text in another
    language."""
    tree = load(path, "script", "id")
    said = plain(tree)
    unknown = list(_unknown(said, languages))
    if unknown:
        raise wrong(path, tree, "script", unknown)
    found = [*_long_cues(said), *_lacking(said, script, languages), *_rigid(said, script), *_unfit(said, script)]
    found += _closed_speakers(said, script)
    found += _against_the_method(said, script) if own else ()
    return wrong(path, tree, "script", [(loc, f"warning: {text}") for loc, text in found]).lines


def _long_cues(said: dict[str, Any]) -> Iterator[Problem]:
    for index, phase in enumerate(said.get("phases", ())):
        for place, cue in enumerate(phase.get("cues", ())):
            for form, text in cue["text"].items():
                if len(text) > CUE_CHARACTERS:
                    yield (
                        ("phases", index, "cues", place, "text", form),
                        f"{len(text)} characters; people read a cue in a glance: at most {CUE_CHARACTERS}",
                    )


def _unknown(said: dict[str, Any], languages: Collection[str]) -> Iterator[Problem]:
    for loc, text in texts_of(said):
        for form in text:
            if form.removesuffix(FAMILIAR) not in languages:
                yield (*loc, form), f"there is no such language here; there are: {', '.join(languages)}"


def _lacking(said: dict[str, Any], script: Script, languages: Collection[str]) -> Iterator[Problem]:
    """Texts without a language; once for a file that has nothing in it."""
    texts = list(texts_of(said))
    for language in languages:
        lacking = [(loc, text) for loc, text in texts if language not in text]
        if len(lacking) == len(texts) > 1:
            yield ("title",), f"no text is in {language}, so people who read {language} will read {script.language}"
            continue
        for loc, text in lacking:
            there = in_language({form: form for form in (script.language, *text) if form in text}, language)
            yield loc, f"{language} is missing, so people who read {language} will read {there}"


def _rigid(said: dict[str, Any], script: Script) -> Iterator[Problem]:
    """Too little can yield: only phases of `elastic_order` do."""
    drained = {drain.phase for drain in script.elastic_order}
    phases = [script.phase(name) for name, _ in script.sequence(script.people.planned)]
    yields_ms = sum(phase.planned_ms - phase.minimum_ms for phase in phases if phase.id in drained)
    elastic = yields_ms / script.planned_ms
    if elastic < ELASTICITY:
        field = next(name for name in ("minutes", "phases", "elastic_order", "extends", "id") if name in said)
        lower = f"lower some minimums until {ELASTICITY:.0%} can, and name these phases in elastic_order"
        yield (field,), f"only {elastic:.0%} of the minutes can yield, so a late start moves the end; {lower}"


def _unfit(said: dict[str, Any], script: Script) -> Iterator[Problem]:
    """What cannot be as it is said: numbers of people out of order, a step that its phase has no time for, a protected
    phase that is left out from the start."""
    people = script.people
    if "people" in said and not people.minimum <= people.planned <= people.maximum:
        order = "make minimum <= planned <= maximum"
        yield ("people",), f"{people.minimum}, {people.planned} and {people.maximum} are out of order; {order}"
    for index, phase in enumerate(said.get("phases", ())):
        whole = next((one for one in script.phases if one.id == phase.get("id")), None)
        if whole is None:
            continue
        for place, step in enumerate(whole.steps if "steps" in phase else ()):
            if step.seconds is not None and step.seconds * 1000 > whole.planned_ms:
                fix = f"shorten it, or give {whole.id} more minutes"
                yield (
                    ("phases", index, "steps", place, "seconds"),
                    f"longer than the phase, {whole.minutes:g} min; {fix}",
                )
        if whole.protected and whole.skip_when != "never" and "skip_when" in phase:
            yield ("phases", index, "skip_when"), "a protected phase is never left out; drop skip_when or protected"


def _closed_speakers(said: dict[str, Any], script: Script) -> Iterator[Problem]:
    """Steps that close the very role that speaks in them."""
    for index, phase in enumerate(said.get("phases", ())):
        whole = next((one for one in script.phases if one.id == phase.get("id")), None)
        for place, step in enumerate(whole.steps if whole is not None and "steps" in phase else ()):
            if step.floor in (FloorMode.SINGLE, FloorMode.ROUND) and step.who in step.closed:
                yield (
                    ("phases", index, "steps", place, "closed"),
                    f"{step.who} should speak here and cannot be heard; take {step.who} out of closed",
                )


def _against_the_method(said: dict[str, Any], script: Script) -> Iterator[Problem]:
    """What method.md never lets go: the client's authorship, contract, learnings, a break, no scoring of advice. Stands
    at `phases`, or at `extends` where the file says none."""
    at = (next(name for name in ("phases", "extends", "id") if name in said),)
    captures = [(phase, capture) for phase in script.phases for capture in phase.captures]
    if not any(phase.family is Family.AGREE and capture.by == (Who.CLIENT,) for phase, capture in captures):
        yield at, "there is no contract: add a phase of family agree with a capture by: [client], the client's request"
    if not any(phase.family is Family.ACT and {Who.MEMBERS, Who.CONSULTANTS} & {*one.by} for phase, one in captures):
        yield at, "nobody writes what they learn: add a phase of family act with a capture by: [members]"
    for phase, capture in captures:
        if phase.family in (Family.AGREE, Family.ACT) and Who.CLIENT in capture.by and len(capture.by) > 1:
            yield at, f"{capture.id} in {phase.id} is the client's own, and others write it: say by: [client]"
        if phase.family is Family.HELP and _scores(capture):
            yield at, f"{capture.id} in {phase.id} votes on advice or scores it, which nobody does: leave it out"
    if script.planned_ms > WITHOUT_BREAK_MS and not any(phase.id in ("break", "pause") for phase in script.phases):
        yield at, f"{script.planned_ms / 60_000:g} minutes without a pause: add a phase `break` of some minutes"


def _scores(capture: CaptureSpec) -> bool:
    names = [capture.id, *(field.id for field in capture.fields)]
    return any(word in SCORES for name in names for word in name.split("_"))
