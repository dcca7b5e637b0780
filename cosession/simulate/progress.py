"""What people read on stderr while a simulation runs: one line for each phase. Nothing is written with `--json`."""

from __future__ import annotations

import sys
import time


class Progress:
    def __init__(self, silent: bool) -> None:
        self._silent = silent
        self._began_s = time.monotonic()
        self._last = ""

    def say(self, text: str) -> None:
        """One line, unless it is the one that stands there already."""
        if self._silent or text == self._last:
            return
        self._last = text
        sys.stderr.write(f"{time.monotonic() - self._began_s:6.1f} s  {text}\n")
        sys.stderr.flush()
