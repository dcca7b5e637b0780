"""What a browser's own words about a downlink come to: shares lost, and how much of it is repeated. The clock is a
number, the browser a list of what it asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosession.media.embedded import rtcp
from cosession.media.embedded.bandwidth_allocation import Level
from cosession.media.embedded.down_track import DownTrack
from cosession.media.embedded.downlink import Downlink
from cosession.media.embedded.up_track import UpTrack
from tests.media.test_tracks import AUDIO, KEYFRAME, VIDEO, Sent, arrive, attach

#: What each level costs, from sound alone to large pictures.
COSTS = (20.0, 120.0, 120.0, 300.0)


class Receiver:
    """One picture and one sound to one browser, 50 packets a second of each."""

    def __init__(self) -> None:
        self.outlet = Sent()
        self.down = Downlink([(AUDIO, replace(VIDEO, rtx=97))], self.outlet, 0.0)
        ((sound, picture),) = self.down.slots
        assert sound is not None
        assert picture is not None
        self.sound, self.picture = sound, picture
        self.up_tracks = [UpTrack("audio", "a", 1, AUDIO), UpTrack("video", "a", 2, VIDEO)]
        attach(self.up_tracks[0], sound, 0.0)
        attach(self.up_tracks[1], picture, 0.0)
        self.now_s, self.number = 0.0, 100

    def second(self) -> list[int]:
        """Send for a second; the numbers under which the pictures' packets left."""
        before = len(self.outlet.packets)
        for _ in range(50):
            self.number += 1
            self.now_s += 0.02
            arrive(self.up_tracks[0], self.number, self.number * 960, self.now_s)
            arrive(self.up_tracks[1], self.number, self.number * 1800, self.now_s, KEYFRAME)
        for up_track in self.up_tracks:
            up_track.report(self.now_s)
        return self.outlet.sequences[before + 1 :: 2]

    def repeated(self, down_track: DownTrack, sequences: list[int]) -> int:
        before = down_track.repeats
        self.down.on_nack(down_track.ssrc, sequences)
        return down_track.repeats - before

    def report(self, down_track: DownTrack, lost: float) -> None:
        self.down.on_reports([rtcp.Report(down_track.ssrc, round(256 * lost), 0, 0, 0, 0, 0)], self.now_s)

    def look(self) -> bool:
        return self.down.look(self.now_s, COSTS)


def test_what_is_asked_for_counts_as_lost_though_the_reports_say_nothing_of_it() -> None:
    receiver = Receiver()
    for _ in range(3):
        assert receiver.down.allocation.level is Level.FULL
        left = receiver.second()
        receiver.down.on_nack(receiver.picture.ssrc, left[:20])
        receiver.report(receiver.picture, 0.0)
        receiver.look()
    assert receiver.down.allocation.level < Level.FULL


def test_an_outage_that_is_over_lowers_nothing() -> None:
    receiver = Receiver()
    left = [number for _ in range(3) for number in receiver.second()]
    receiver.look()
    receiver.down.on_nack(receiver.picture.ssrc, left)
    for _ in range(5):
        receiver.second()
        assert not receiver.look()
    assert receiver.down.allocation.level is Level.FULL


def test_what_is_asked_for_again_and_again_counts_once() -> None:
    receiver = Receiver()
    for _ in range(6):
        left = receiver.second()
        for _ in range(10):
            receiver.down.on_nack(receiver.picture.ssrc, left[:3])
        assert not receiver.look()
    assert receiver.picture.missing == 18


def test_repeats_take_a_share_of_the_way_and_no_more() -> None:
    receiver = Receiver()
    assert receiver.repeated(receiver.picture, receiver.second()) == 20, "the first second's"
    receiver.look()
    left = receiver.second()
    assert receiver.repeated(receiver.picture, left[:5]) == 5
    assert receiver.repeated(receiver.picture, left) == 15, "a few, at the least"
    receiver.look()
    fresh = receiver.second()
    assert receiver.repeated(receiver.picture, [*left, *fresh[:20]]) == 20
    again = {
        int.from_bytes(packet[-len(KEYFRAME) - 2 : -len(KEYFRAME)], "big") for packet in receiver.outlet.packets[-20:]
    }
    assert again == set(fresh[:20]), "what is new goes first"
    for _ in range(200):  # a room of many pictures
        receiver.number += 1
        arrive(receiver.up_tracks[1], receiver.number, receiver.number * 1800, receiver.now_s, KEYFRAME)
    receiver.look()
    assert receiver.repeated(receiver.picture, receiver.second()) == 50
    assert receiver.repeated(receiver.picture, receiver.second()) == 25, "0.3 of 250"


def test_a_report_from_before_the_level_changed_says_nothing_of_the_new_one() -> None:
    receiver = Receiver()
    receiver.second()
    receiver.report(receiver.sound, 0.0)
    for lowers in (False, False, True):
        receiver.second()
        receiver.report(receiver.picture, 0.5)
        assert receiver.look() is lowers
    lowered = receiver.down.allocation.level
    for _ in range(3):
        receiver.second()
        receiver.report(receiver.picture, 0.0)
        assert not receiver.look()
    receiver.second()
    receiver.report(receiver.sound, 0.875)  # since second 0
    assert receiver.down.loss(receiver.now_s) > 0.4, "it is shown"
    assert receiver.down._take_loss() is None, "and not counted"
    receiver.second()
    receiver.report(receiver.sound, 0.875)
    assert receiver.down._take_loss() == pytest.approx(0.875)
    assert receiver.down.allocation.level is lowered
