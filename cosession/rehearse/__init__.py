"""Sessions played without network, clock or browser: the rules of `core`, a counted time and seeded chance.

`play` is what `cosession script play` calls. Only `core` may be known here: a rehearsal shows what the rules do, and
`cosession simulate` shows what the running server does with them.
"""

from cosession.rehearse.costs import Rehearsed, rehearsed
from cosession.rehearse.hall import NotRefused
from cosession.rehearse.outcome import Outcome
from cosession.rehearse.play import Chances, play

__all__ = ["Chances", "NotRefused", "Outcome", "Rehearsed", "play", "rehearsed"]
