"""A command that was asked wrongly. The one error that leaves core; the state is untouched when it is raised."""

from __future__ import annotations

from cosession.core.vocabulary import RefusalCode


class Refused(Exception):
    """`code` is from the closed list and chooses the words that people read. `field` is the path of the field that is
    wrong in what was asked (`line`, `request.text` of a capture, `seats`); empty where no single field is. `detail` is
    for developers."""

    def __init__(self, code: RefusalCode, detail: str = "", field: str = "") -> None:
        super().__init__(": ".join(part for part in (code, field, detail) if part))
        self.code = code
        self.detail = detail
        self.field = field
