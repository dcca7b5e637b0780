"""What one receiver's downlink carries, second by second: the link is a number, the browser's estimate behaves as its
authors describe it."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from cosession.media.embedded.bandwidth_allocation import BandwidthAllocation, Level, RembEstimates

#: Two on stage at 1200 and 150 kbit/s, six faces of 100, three voices.
COSTS = (120.0, 420.0, 1020.0, 3120.0)


class Link:
    """A browser behind `kbps`. Its estimate rises by 8 % a second to at most 1.5 times what comes; when more is sent
    than fits, it falls to 0.85 of what fits, and the rest is lost (decision 23; draft-ietf-rmcat-gcc-02)."""

    def __init__(self, kbps: float, costs: tuple[float, ...] = COSTS, loss: float = 0.0) -> None:
        self.kbps, self.costs, self.loss = kbps, costs, loss
        self.allocation = BandwidthAllocation()
        self.estimate = 300.0
        self.now_s = 0
        self.levels: list[Level] = []

    def run(self, seconds: int) -> list[Level]:
        """The level in each of these seconds."""
        start = len(self.levels)
        for _ in range(seconds):
            sent = self.costs[self.allocation.level]
            arrives = min(sent, self.kbps)
            if sent > self.kbps:
                self.estimate = min(self.estimate, 0.85 * arrives)
            else:
                self.estimate = max(min(1.08 * self.estimate, 1.5 * arrives), min(self.estimate, arrives))
            self.allocation.estimate_kbps = self.estimate
            self.now_s += 1
            lost = max(self.loss, 0.5 * (1 - arrives / sent))
            self.allocation.look(self.now_s, sent, lost, self.costs)
            self.levels.append(self.allocation.level)
        return self.levels[start:]


def test_a_wide_way_is_left_alone_while_its_estimate_climbs() -> None:
    assert set(Link(20_000).run(120)) == {Level.FULL}


def test_one_report_of_an_outage_lowers_nothing_and_three_bad_ones_do_however_rare() -> None:
    allocation = BandwidthAllocation()
    losses: list[float | None] = [0.0, 0.9, None, None, None, 0.0, None, 0.0]
    for now_s, loss in enumerate(losses):
        allocation.look(now_s, 3000, loss, COSTS)
    assert allocation.level is Level.FULL
    for now_s, loss in enumerate([0.2, None, 0.2, None, None, 0.2], len(losses)):
        assert allocation.level is Level.FULL
        allocation.look(now_s, 3000, loss, COSTS)
    assert allocation.level < Level.FULL


def test_a_narrow_link_is_lowered_to_what_fits_and_sound_stays() -> None:
    link = Link(1_500)
    link.run(10)
    assert link.allocation.level is Level.SMALL
    narrow = Link(200)
    assert narrow.run(10)[-1] is Level.SOUND
    assert narrow.run(300).count(Level.SOUND) > 270


def test_where_hardly_anything_arrives_it_is_lowered_to_sound_in_three_looks() -> None:
    narrow = Link(130, loss=0.96)
    assert narrow.run(3)[-1] is Level.SOUND, "not a step each time"


def test_an_estimate_that_recovers_slowly_after_a_fall_is_no_second_one() -> None:
    allocation, levels = BandwidthAllocation(), list[Level]()
    for now_s, estimate in enumerate((1_300, 1_250, 1_200, 1_150, 950, 900, 850, 800, 750, 700)):
        allocation.estimate_kbps = estimate
        allocation.look(now_s, COSTS[allocation.level], 0.0, COSTS)
        levels.append(allocation.level)
    assert levels == [Level.FULL] * 3 + [Level.SMALL] * 6 + [Level.STAGE], "nor is it waited for for ever"


def test_it_climbs_back_by_trials_that_become_rare() -> None:
    link = Link(1_500)
    levels = link.run(400)
    trials = sum(1 for a, b in itertools.pairwise(levels) if b > a)
    assert 3 <= trials <= 10
    assert levels.count(Level.FULL) < 50
    link.kbps = 20_000
    assert link.run(75)[-1] is Level.FULL


def test_what_costs_the_same_is_no_step() -> None:
    faces = (120.0, 120.0, 720.0, 720.0)
    link = Link(400, faces)
    link.run(12)
    assert link.allocation.level < Level.SMALL
    link.kbps = 5_000
    assert Level.SMALL not in link.run(30), "from nothing to everything at once"
    assert link.allocation.level is Level.FULL


def test_loss_of_a_tenth_lowers_the_picture_and_loss_of_a_fifth_leaves_sound_within_ten_seconds() -> None:
    assert set(Link(20_000, loss=0.04).run(60)) == {Level.FULL}
    tenth = Link(20_000, loss=0.1)
    assert tenth.run(60)[-1] is Level.SMALL
    fifth = Link(20_000, loss=0.2)
    assert fifth.run(10)[-1] is Level.SOUND
    assert set(fifth.run(60)) == {Level.SOUND}
    fifth.loss = 0
    assert fifth.run(60)[-1] is Level.FULL


def test_an_estimate_of_all_streams_is_taken_as_it_is() -> None:
    estimates = RembEstimates()
    assert estimates.sum_kbps({1, 2}) is None, "nothing was said yet"
    estimates.update([1, 2, 3], 900_000)
    assert estimates.sum_kbps({1, 2}) == 900
    estimates.update([3, 1, 2], 600_000)
    assert estimates.sum_kbps({1, 2}) == 600, "the newer one, not both"


def test_estimates_of_single_streams_count_in_sum_once_all_that_flow_are_told() -> None:
    estimates = RembEstimates()
    estimates.update([1], 300_000)
    assert estimates.sum_kbps({1, 2}) is None
    estimates.update([2], 200_000)
    assert estimates.sum_kbps({1, 2}) == 500
    estimates.update([1], 100_000)
    assert estimates.sum_kbps({1, 2}) == 300
    estimates.update([1, 2], 250_000)
    assert estimates.sum_kbps({1, 2}) == 250, "from now on of both in one"
    estimates.update([2], 50_000)
    assert estimates.sum_kbps({1, 2}) is None, "what was said of both no longer counts"


def test_what_was_said_of_a_stream_that_no_longer_flows_is_left_out() -> None:
    estimates = RembEstimates()
    estimates.update([1], 300_000)
    estimates.update([2], 200_000)
    assert estimates.sum_kbps({2}) == 200
    assert estimates.sum_kbps({2, 3}) is None
    assert estimates.sum_kbps(set()) == 500, "no picture flows: what is known of the way"


@given(st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 1), st.floats(0, 5000)), max_size=80))
def test_it_never_leaves_the_ladder_and_never_climbs_twice_within_its_wait(
    seconds: list[tuple[float, float, float]],
) -> None:
    allocation, climbed = BandwidthAllocation(), list[int]()
    for now_s, (estimate, loss, sent) in enumerate(seconds):
        before = allocation.level
        allocation.estimate_kbps = estimate
        changed = allocation.look(now_s, sent, loss, COSTS)
        assert changed == (allocation.level is not before)
        if allocation.level > before:
            climbed.append(now_s)
    assert all(b - a >= 6 for a, b in itertools.pairwise(climbed))
