"""Play the rows and print what was measured: `python -m tests.faults`. Exit status 0 only if every row that was tried
held; what was not tried is named with its reason."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.chromium import ChromiumMissing, find
from tests.faults.lab import lab
from tests.faults.rows import ROWS, not_tried
from tests.faults.table import Outcome, Row, closing, drawn, played


async def play(rows: list[Row], times: int | None, least: int) -> list[Outcome]:
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="cosession-faults-") as folder:
        async with lab(Path(folder), find()) as opened:
            for row in rows:
                outcome = await played(row, opened, max(times or row.times, least))
                print(f"{row.name}: {outcome.held_words} ({outcome.took_s:.0f} s)", file=sys.stderr, flush=True)
                outcomes.append(outcome)
    return outcomes


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    ask.add_argument("--times", type=int, help="how often each row is played; a row's own number unless given")
    ask.add_argument("--least", type=int, default=0, help="play each row at least so often")
    ask.add_argument("--only", default="", metavar="TEXT", help="only rows whose name holds this text")
    ask.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    given = ask.parse_args()
    rows = [row for row in ROWS if given.only.lower() in row.name.lower()]
    if not rows:
        ask.error(f"no row's name holds {given.only!r}: {', '.join(row.name for row in ROWS)}")
    try:
        outcomes = asyncio.run(play(rows, given.times, given.least))
    except ChromiumMissing as missing:
        ask.error(str(missing))
    untried = {} if given.only else not_tried()
    if given.json:
        rows_found = [one.as_json() for one in outcomes]
        print(
            json.dumps({"rows": rows_found, "not_tried": untried, "closing": closing(outcomes, len(untried))}, indent=2)
        )
    else:
        print(drawn(outcomes))
        for fault, reason in untried.items():
            print(f"not tried: {fault}: {reason}")
        print(closing(outcomes, len(untried)))
    return 1 if any(one.held is False for one in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
