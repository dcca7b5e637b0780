"""What waits for one listener's own socket: bounded, and the newest wins."""

from __future__ import annotations

from cosession.room.sound_queue import ON_THE_WAY, WAITING, SoundQueue


def frame(stream: int, number: int) -> bytes:
    return bytes((stream,)) + number.to_bytes(2, "big")


def numbers(frames: list[bytes]) -> list[int]:
    return [int.from_bytes(one[1:], "big") for one in frames]


def test_frames_leave_at_once_while_they_are_confirmed() -> None:
    left: list[bytes] = []
    queue = SoundQueue(left.append, lambda: None)
    for number in range(1000):
        queue.put(frame(0, number))
        queue.receipt(number + 1)
    assert numbers(left) == list(range(1000))
    assert queue.dropped == 0


def test_a_page_that_confirms_nothing_holds_little_and_gets_the_newest_afterwards() -> None:
    left: list[bytes] = []
    told: list[None] = []
    queue = SoundQueue(left.append, lambda: told.append(None))
    for number in range(500):
        queue.put(frame(0, number))
    assert len(left) == ON_THE_WAY
    assert queue.dropped == len(told) == 500 - ON_THE_WAY - WAITING
    queue.receipt(ON_THE_WAY)
    assert numbers(left[ON_THE_WAY:]) == list(range(500 - WAITING, 500))


def test_one_voice_does_not_push_another_out() -> None:
    left: list[bytes] = []
    queue = SoundQueue(left.append, lambda: None)
    for number in range(500):
        queue.put(frame(0, number))
    queue.put(frame(1, 7))
    assert left[-1] == frame(1, 7)


def test_a_receipt_of_what_was_never_sent_is_believed_as_far_as_it_can_be_true() -> None:
    left: list[bytes] = []
    queue = SoundQueue(left.append, lambda: None)
    queue.put(frame(0, 1))
    queue.receipt(0xFFFFFFFF)
    for number in range(2 * ON_THE_WAY):
        queue.put(frame(0, number))
    assert len(left) == 1 + ON_THE_WAY
    queue.receipt(3)
    assert len(left) == 1 + ON_THE_WAY + 2
