"""`cosession config` says by what sound and pictures are sent."""

from __future__ import annotations

import os
import subprocess
import sys

from cosession.media.embedded import native


def sent_by(environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "cosession.cli", "config"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("# sound and pictures are sent by ")]
    return line.removeprefix("# sound and pictures are sent by ")


def test_config_says_what_is_in_use() -> None:
    assert sent_by({"COSESSION_MEDIA_NATIVE": "0"}) == "Python alone, as COSESSION_MEDIA_NATIVE asks"
    built = "the helper in C" if native.load() else "Python alone: the helper in C was not built here"
    assert sent_by({}) == built
