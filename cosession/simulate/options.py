"""What `cosession simulate` may be told."""

from __future__ import annotations

from dataclasses import dataclass


class Unusable(Exception):
    """The options, or the surroundings, do not allow a simulation. The text says what to do."""


@dataclass(frozen=True)
class Options:
    """`managers`: participants beside the facilitator, 3 to 12. `speed`: script seconds a second. `url`, `token`: a
    running server and the token of a facilitator's sign-in link (or the whole link); `ops`: a sign-in link of its
    operations listener, without which the log cannot be verified. `fill`: a facilitator's personal link of a session,
    whose empty seats are to be filled. `language`: one of the server's; `languages` are those of a server of its own.
    `seed`: the same again. `conducted`: a facilitator conducts this script. `events`: without WebSockets."""

    managers: int = 8
    speed: int = 60
    json: bool = False
    media: bool = True
    url: str | None = None
    token: str | None = None
    ops: str | None = None
    fill: str | None = None
    script: str = "codev-75"
    language: str = "fr"
    seed: int = 1
    conducted: bool = True
    events: bool = False
    languages: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises `Unusable`, naming every option that is wrong."""
        wrong = []
        if not 3 <= self.managers <= 12:
            wrong.append("--managers: 3 to 12")
        if not 1 <= self.speed <= 600:
            wrong.append("--speed: 1 to 600")
        if (self.url is None) != (self.token is None):
            wrong.append(
                "--url and --token belong together; the token stands in the facilitator's link that the server prints"
            )
        if self.fill is not None and self.url is not None:
            wrong.append("--fill takes a personal link and needs neither --url nor --token")
        if self.url is None and self.languages and self.language not in self.languages:
            wrong.append(f"--language: one of {', '.join(self.languages)}")
        if wrong:
            raise Unusable("; ".join(wrong))
