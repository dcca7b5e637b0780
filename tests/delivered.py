"""The delivered scripts, by id and in their order: read once for all tests of a process. `WRONG` says what is wrong
with them: nothing."""

from __future__ import annotations

from cosession import assets
from cosession.authoring.scripts import read_all

SCRIPTS, WRONG = read_all(assets.protocols())
