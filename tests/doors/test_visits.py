"""Numbers and deadlines of connections, without sockets: who comes in, who goes."""

from __future__ import annotations

import resource
from collections import Counter
from ipaddress import ip_network

import pytest

from cosession.doors.visits import (
    BODY_S,
    FAREWELL_S,
    HEAD_S,
    LOOK_S,
    QUEUE_S,
    Limits,
    Visit,
    Visits,
    network_of,
    raise_descriptors,
)
from cosession.room.pace import ADDRESS_CONNECTION


class Transport:
    """A transport that notes its end."""

    def __init__(self) -> None:
        self.aborted = False
        self.closing = False

    def write(self, data: bytes) -> None: ...

    def abort(self) -> None:
        self.aborted = self.closing = True

    def is_closing(self) -> bool:
        return self.closing


class House:
    def __init__(self, most: int = 40, address: int = 40) -> None:
        self.now_s = 100.0
        self.ended: Counter[str] = Counter()
        proxies = [ip_network("10.0.0.1/32")]
        self.visits = Visits(Limits.within(most, address), proxies, self.ended, lambda: self.now_s)

    def comes(self, peer: str = "192.0.2.7") -> tuple[Transport, Visit]:
        transport = Transport()
        return transport, self.visits.came(transport, peer)[0]

    def passes(self, seconds: float) -> None:
        """With a look every second, as the server takes them."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s = min(self.now_s + LOOK_S, end_s)
            self.visits.look()
        self.visits.look()

    def stands_still(self, seconds: float) -> None:
        """No look at all meanwhile, then one."""
        self.now_s += seconds
        self.visits.look()


@pytest.mark.parametrize(("why", "patience_s"), [("head", HEAD_S), ("body", BODY_S)])
def test_whoever_keeps_us_waiting_is_ended_in_time(why: str, patience_s: float) -> None:
    house = House()
    transport, visit = house.comes()
    visit.waits(why, patience_s)
    house.passes(patience_s - 1)
    visit.waits(why, patience_s)  # one more byte changes nothing
    assert house.ended == {}
    house.passes(1)
    assert transport.aborted
    assert house.ended == {why: 1}


def test_whoever_waits_for_us_is_left_alone() -> None:
    house = House()
    transport, visit = house.comes()
    visit.busy()
    house.passes(1_000)
    assert not transport.aborted


def test_a_connection_that_was_closed_and_does_not_go_is_ended() -> None:
    house = House()
    transport, visit = house.comes()
    visit.busy()
    transport.closing = True
    house.passes(0)
    house.passes(FAREWELL_S)
    assert transport.aborted
    assert len(house.visits) == 0


def test_half_requests_push_each_other_out_and_nobody_who_is_in_a_room() -> None:
    """1,100 half requests of a stranger: the newcomer comes in, who is in a room stays."""
    house = House(most=40, address=1_000)
    inside = [house.comes("192.0.2.1") for _ in range(15)]
    assert all(visit.settle(None) for _, visit in inside)
    strangers = []
    for _ in range(1_100):
        strangers.append(house.comes("198.51.100.66"))
        house.now_s += 0.05
    newcomer, visit = house.comes("192.0.2.2")
    assert not newcomer.aborted
    visit.busy()
    more = [house.comes("198.51.100.66") for _ in range(200)]
    assert not newcomer.aborted
    assert not any(transport.aborted for transport, _ in inside)
    assert visit.settle(None)
    assert len(house.visits) <= 40
    assert sum(transport.aborted for transport, _ in strangers + more) == house.ended["full"] >= 1_260


def test_one_address_has_its_number_and_takes_nobody_elses_place() -> None:
    house = House(most=400, address=10)
    other, _ = house.comes("192.0.2.1")
    transports = [house.comes("198.51.100.66")[0] for _ in range(30)]
    assert not other.aborted
    assert [transport.aborted for transport in transports] == [True] * 20 + [False] * 10
    assert house.ended == {"address_full": 20}


def test_a_companys_address_full_of_people_in_rooms_takes_one_more_no_more() -> None:
    house = House(most=400, address=10)
    for _ in range(10):
        assert house.comes()[1].settle(None)
    assert house.comes()[0].aborted
    assert not house.comes("192.0.2.99")[0].aborted


def test_behind_a_proxy_the_browsers_address_counts() -> None:
    house = House(most=400, address=10)
    visits = [house.comes("10.0.0.1")[1] for _ in range(60)]
    assert all(visit.address is None for visit in visits)
    assert [visit.settle("198.51.100.66") for visit in visits[:12]] == [True] * 10 + [False] * 2
    assert visits[20].settle("192.0.2.1")
    house.visits.went(visits[0].transport)
    assert visits[10].settle("198.51.100.66")


def test_new_connections_of_one_address_are_slowed_then_sent_away() -> None:
    house = House(most=4_000, address=4_000)
    waits = []
    for _ in range(int(ADDRESS_CONNECTION.burst) + 400):
        transport = Transport()
        waits.append((house.visits.came(transport, "198.51.100.66")[1], transport.aborted))
    burst = int(ADDRESS_CONNECTION.burst)
    assert set(waits[:burst]) == {(0.0, False)}
    assert all(0 < wait_s <= QUEUE_S and not aborted for wait_s, aborted in waits[burst : burst + 200])
    assert all(aborted for _, aborted in waits[-50:])
    assert not house.comes("192.0.2.1")[0].aborted


def test_what_is_one_address() -> None:
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::ffff") == "2001:db8:1:2::/64"
    assert network_of("not-an-address") == "not-an-address"


def test_descriptors_are_raised_to_what_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
        assert raise_descriptors() == min(hard, 65_536)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(hard, 65_536), hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_process_that_stood_still_blames_nobody_for_it() -> None:
    house = House()
    house.passes(0)
    transport, visit = house.comes()
    visit.waits("head", HEAD_S)
    house.stands_still(60)
    assert not transport.aborted
    house.passes(HEAD_S - 2)
    assert not transport.aborted
    house.passes(2)
    assert transport.aborted
