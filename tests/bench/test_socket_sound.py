"""The benchmark of sound by sockets: its arithmetic, and that its run is whole. No test asserts what anything costs."""

from __future__ import annotations

import pytest

from cosession.bench.socket_sound import SocketSound, Window, measure_socket_sound


def test_what_a_room_costs_without_media_is_left_out() -> None:
    idle, packets, frames = Window(1.0, 0, 10.0), Window(2.0, 50_000, 10.0), Window(4.0, 100_000, 20.0)
    told = SocketSound(8, idle, packets, frames).as_json()
    assert told["packets"] == {"us_per_frame": 20.0, "forwarded": 50_000, "per_s": 5000}
    assert told["socket"] == {"us_per_frame": 20.0, "forwarded": 100_000, "per_s": 5000}
    assert (told["ratio"], told["idle_cores"]) == (1.0, 0.1)


@pytest.mark.slow
async def test_both_ways_reach_the_listeners() -> None:
    measured = await measure_socket_sound(8, 1.0)
    assert measured.listeners == 8
    assert measured.packets.forwarded > 100
    assert measured.frames.forwarded > 100
