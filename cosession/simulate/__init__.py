"""Simulated managers: clients of the running server that know the wire and nothing inside (decision 28).

They play a whole script on a server of their own, or on one that runs, and say what they saw, heard and wrote; or
they fill the empty seats of a room that somebody watches. `run` is what the command line calls."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from cosession.simulate.options import Options, Unusable

__all__ = ["Options", "Unusable", "run"]


def run(options: Options) -> int:
    """Simulate, and return the exit status: 0 only if nothing at all went wrong. With `json` one object goes to stdout.
    Raises `Unusable` if it cannot begin, with what to do about it."""
    if not all(find_spec(name) for name in ("av", "numpy", "PIL")):
        raise Unusable("simulated managers make sound and pictures: pip install 'cosession[simulate]'")
    options.check()
    # Ctrl-C ends it also where a shell that started it in the background told it to take no notice.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return asyncio.run(_run(options))
    except KeyboardInterrupt:
        return 130


async def _run(options: Options) -> int:
    from cosession.simulate.browsing import PageRefused
    from cosession.simulate.filling import fill
    from cosession.simulate.own_server import OwnServer
    from cosession.simulate.performance import Performance
    from cosession.simulate.progress import Progress

    progress = Progress(silent=options.json)
    if options.fill is not None:
        return await fill(options, options.fill, progress)
    async with contextlib.AsyncExitStack() as stack:
        if options.url is not None and options.token is not None:
            token = options.token if "://" in options.token else f"{options.url.rstrip('/')}/in/{options.token}"
            performance = Performance(options, lambda: token, lambda: options.ops, progress)
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="cosession-simulate-"))
            server = OwnServer(Path(folder))
            await server.start()
            stack.push_async_callback(server.stop)
            performance = Performance(options, lambda: server.sign_in, lambda: server.ops_sign_in, progress, server.pid)
        try:
            verdict = await performance.play()
        except PageRefused as refused:
            raise Unusable(f"the session could not be made: {refused}") from None
        report = verdict.as_json()
        if options.json:
            sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(json.dumps(report, ensure_ascii=False, indent=2) + "\n")
        return verdict.status
