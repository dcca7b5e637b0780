"""The verbs of `cosession bench`: measurements, each as one JSON object on stdout, remarks on stderr."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from cosession.bench import cpu
from cosession.bench.errors import CannotMeasure
from cosession.bench.traffic import MODELS, MOST_PEOPLE
from cosession.cli.output import fail

app = typer.Typer(no_args_is_help=True, help="Measure the media plane, the floor and the way into a room.")

Json = Annotated[bool, typer.Option("--json", help="One line; otherwise the object is indented.")]


@app.command()
def media(
    rooms: Annotated[int, typer.Option(min=1, max=64)] = 6,
    people: Annotated[int, typer.Option(min=2, max=MOST_PEOPLE, help="In each room.")] = 8,
    model: Annotated[str, typer.Option(help="generic: everybody to everybody; script: a stage, faces, 3 voices.")] = (
        "script"
    ),
    seconds: Annotated[float, typer.Option(min=0.2, max=3600)] = 10.0,
    address: Annotated[str, typer.Option(help="Of this machine, IPv4: where the media port is.")] = "127.0.0.1",
    native: Annotated[bool, typer.Option("--native/--python", help="With the helper in C, if it was built.")] = True,
    as_json: Json = False,
) -> None:
    """Forward the load of some rooms over real DTLS-SRTP, and say what a packet costs."""
    from cosession.bench.embedded import EmbeddedStand
    from cosession.bench.measure import measure

    if model == "script" and people < 3:
        fail("the script's model has three voices: --people 3 at least")
    for known in MODELS:
        if model == known:
            measured = _run(measure(EmbeddedStand(address, native=native), rooms, people, known, seconds))
            _remark(measured.remarks())
            _say(measured.as_json(), as_json)
            return
    fail(f"--model is one of {', '.join(MODELS)}")


@app.command()
def janus(
    rooms: Annotated[int, typer.Option(min=1, max=64)] = 6,
    people: Annotated[int, typer.Option(min=3, max=MOST_PEOPLE, help="In each room.")] = 8,
    seconds: Annotated[float, typer.Option(min=0.2, max=3600)] = 10.0,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Figures are medians of so many.")] = 3,
    address: Annotated[str | None, typer.Option(help="Of this machine, IPv4, not loopback; else it is found.")] = None,
    both: Annotated[bool, typer.Option("--both", help="Ours by Python alone too.")] = False,
    as_json: Json = False,
) -> None:
    """The same load through Janus' videoroom and through us, in turn: conference, conference, session."""
    from cosession.bench.compare import compare

    _say(_run(compare(rooms, people, seconds, rounds, address, both, _remark)), as_json)


@app.command()
def floor(
    moves: Annotated[int, typer.Option(min=1, max=5000)] = 200,
    as_json: Json = False,
) -> None:
    """Move the floor among people who never stop sending, on a server of one's own."""
    from cosession.bench.floor import measure_floor

    law = _run(measure_floor(moves))
    _remark(f"{law.heard} packets came with the floor; load average {cpu.load():.2f}")
    _say(law.as_json(), as_json)


@app.command()
def join(
    browsers: Annotated[int, typer.Option(min=2, max=MOST_PEOPLE)] = 3,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="How often everybody comes back.")] = 4,
    as_json: Json = False,
) -> None:
    """From the click on Join to the first picture of everybody else, in real Chromium pages."""
    from cosession.bench.join import measure_joins

    joins = _run(measure_joins(browsers, rounds))
    _remark(f"{len(joins.ms)} pictures; load average {cpu.load():.2f}")
    _say(joins.as_json(), as_json)


@app.command()
def flood(
    kinds: Annotated[list[str] | None, typer.Argument(help="Kinds of messages; else all of them.")] = None,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="Of quiet and of flood, for each kind.")] = 6.0,
    as_json: Json = False,
) -> None:
    """One seat sends as fast as it can: how long another room waits for its answers, beside that and without."""
    from cosession.bench.flood import measure_floods
    from cosession.bench.flooder import KINDS

    floods = _run(measure_floods(kinds or list(KINDS), seconds))
    _remark(f"{len(floods.quiet_ms)} answers without a flood; load average {cpu.load():.2f}")
    _say(floods.as_json(), as_json)


@app.command(name="socket-sound")
def socket_sound(
    listeners: Annotated[int, typer.Option(min=8, max=800, help="In rooms of eight, one more speaks in each.")] = 200,
    seconds: Annotated[float, typer.Option(min=0.2, max=600, help="Of each way.")] = 10.0,
    as_json: Json = False,
) -> None:
    """What a frame of sound costs by the pages' own sockets, beside one by packets, on a server of one's own."""
    from cosession.bench.socket_sound import measure_socket_sound

    measured = _run(measure_socket_sound(listeners, seconds))
    _remark(f"load average {cpu.load():.2f}")
    _say(measured.as_json(), as_json)


@app.command()
def engine(
    name: Annotated[str, typer.Option("--script", help="A script of protocols/ by its id.")] = "codev-75",
    people: Annotated[int, typer.Option(min=1, max=12, help="Beside the facilitator.")] = 8,
    plays: Annotated[int, typer.Option(min=1, max=1000, help="Sessions, each with a seed of its own.")] = 20,
    as_json: Json = False,
) -> None:
    """Play whole sessions without network, and say what they, a decision and a view cost."""
    from cosession import assets
    from cosession.authoring.scripts import read_all
    from cosession.bench.engine import engine as measured

    scripts, _ = read_all(assets.protocols())
    if name not in scripts:
        fail(f"no script {name}; there are: {', '.join(scripts)}")
    found = measured(scripts[name], people, plays)
    _remark(f"{found['plays']} plays; load average {cpu.load():.2f}")
    _say(found, as_json)


def _remark(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr)


def _run(measuring: Coroutine[Any, Any, Any]) -> Any:
    try:
        return asyncio.run(measuring)
    except CannotMeasure as reason:
        fail(str(reason))


def _say(found: dict[str, Any], as_json: bool) -> None:
    print(json.dumps(found, indent=None if as_json else 2))
