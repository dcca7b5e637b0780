"""A command that was asked wrongly. The one error that leaves core; the state is untouched when it is raised."""

from __future__ import annotations

from cosession.core.vocabulary import RefusalCode


class Refused(Exception):
    """`code` is from the closed list and chooses the words that people read; `detail` names the place, for
    developers."""

    def __init__(self, code: RefusalCode, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail
