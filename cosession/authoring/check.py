"""What a script may be, but had better not: warnings, with the file, line and column where they stand.

Only what the file itself says is looked at; what it inherits is its sibling's affair. Errors are `scripts`' affair.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cosession.authoring.scripts import missing_language
from cosession.authoring.yaml_file import Loc, Problem, load, plain, wrong
from cosession.core.script import LANGUAGES, Script

#: A cue is read in a glance, beside people's faces.
CUE_CHARACTERS = 140
#: With less than this share of the minutes to yield, little lateness can be repaid.
ELASTICITY = 0.10


def warnings(path: Path, script: Script) -> list[str]:
    """One line for each warning: `file:line:column: where: warning: what`. `script` is what the file comes to. Raises
    `WrongFile` if that has changed."""
    tree = load(path, "script", "id")
    said = plain(tree)
    found = [*_long_cues(said), *_one_language((), said), *_rigid(said, script)]
    return wrong(path, tree, "script", [(loc, f"warning: {text}") for loc, text in found]).lines


def _long_cues(said: dict[str, Any]) -> Iterator[Problem]:
    for index, phase in enumerate(said.get("phases", ())):
        for place, cue in enumerate(phase.get("cues", ())):
            for form in (*LANGUAGES, "tu"):
                length = len(cue["text"].get(form) or "")
                if length > CUE_CHARACTERS:
                    yield (
                        ("phases", index, "cues", place, "text", form),
                        f"{length} characters; people read a cue in a glance: at most {CUE_CHARACTERS}",
                    )


def _one_language(loc: Loc, node: Any) -> Iterator[Problem]:
    missing = missing_language(node)
    if missing is not None:
        there = next(language for language in LANGUAGES if language != missing)
        yield loc, f"{missing} is missing, so people who read {missing} will read {there}"
    elif isinstance(node, dict):
        for key, child in node.items():
            yield from _one_language((*loc, key), child)
    elif isinstance(node, list):
        for place, child in enumerate(node):
            yield from _one_language((*loc, place), child)


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
