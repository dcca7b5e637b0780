"""What a state keeps, and takes over from the one before, in whole sessions (`core/frozen`).

A memoized function that forgot a field would go unseen for long, and then somebody would be heard who may not.
"""

from __future__ import annotations

import pytest

from cosession.core import frozen
from cosession.rehearse import Chances
from cosession.rehearse.play import played
from tests.core import laws
from tests.delivered import SCRIPTS

PEOPLE = {"codev-75": 8, "wise-crowds": 5, "troika-30": 3, "solution-circle-30": 7}


@pytest.mark.parametrize("script", sorted(PEOPLE))
def test_what_is_kept_is_what_working_it_out_anew_gives(script: str) -> None:
    hall = played(SCRIPTS[script], PEOPLE[script], Chances(seed=2, late_s=120, drops=0.5))
    for state, _, _, _ in hall.asked:
        laws.keeps_what_is_so(state)


def test_a_value_takes_over_what_no_change_concerns_and_nothing_else() -> None:
    state = played(SCRIPTS["troika-30"], 3, Chances(seed=1)).asked[40][0]
    assert state.client is not None
    moved = frozen.replace(state, turn=None)
    assert moved.__dict__["client"] == state.client
    assert "client" not in frozen.replace(state, seats=dict(state.seats)).__dict__
    frozen.forget(moved)
    assert "client" not in moved.__dict__
    assert moved.client == state.client
