"""Who is connected to a listener, from the first byte to the last: numbers, deadlines, and who goes first.

A visit *waits* while the next move is the visitor's (a head, a body, the reading of an answer), and is *settled* once
its socket belongs to a seat. Settled ones are never ended to make room. Nothing is refused as long as somebody else
keeps us waiting: half requests push each other out, and a whole one is gone before its turn comes.
"""

from __future__ import annotations

import asyncio
import resource
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol

import structlog
from starlette.requests import HTTPConnection

from cosession.room.pace import ADDRESS_CONNECTION, Buckets

log = structlog.get_logger("cosession.doors")

Network = IPv4Network | IPv6Network

#: Seconds for a request's head, for its body, for reading an answer that fills the buffers, for a farewell.
HEAD_S = 10.0
BODY_S = 20.0
ANSWER_S = 30.0
FAREWELL_S = 5.0
LOOK_S = 1.0
#: A look that comes so late found a process that stood still.
LATE_S = 1.0
#: A visitor that would have to wait longer for its first turn is sent away.
QUEUE_S = 5.0
#: Descriptors that the process needs for itself, and those of the operators' listener.
OWN_DESCRIPTORS = 128
OPS_CONNECTIONS = 64
_MOST_DESCRIPTORS = 65_536
#: ASGI scope: the `Visit` by which a socket came.
SCOPE = "cosession.visit"


class Transport(Protocol):
    def write(self, data: bytes) -> None: ...

    def abort(self) -> None: ...

    def is_closing(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """`most` connections in all, of them `strangers` that are not settled; `address`: of one address, where it is
    known."""

    most: int
    strangers: int
    address: int

    @classmethod
    def within(cls, most: int, address: int) -> Limits:
        """Half of all for those who are in a room."""
        return cls(most, most // 2, address)


class Visit:
    """One connection. `address` is None while only the proxy's is known."""

    __slots__ = ("_visits", "address", "closing_s", "due_s", "peer", "settled", "transport", "why")

    def __init__(self, visits: Visits, transport: Transport, peer: str, address: str | None) -> None:
        self._visits = visits
        self.transport = transport
        self.peer = peer
        self.address = address
        self.settled = False
        self.due_s: float | None = None
        self.closing_s: float | None = None
        self.why = ""

    def waits(self, why: str, patience_s: float) -> None:
        """The next move is the visitor's, within so long. The same again goes on from where it was."""
        if self.why != why:
            self.why = why
            self.due_s = self._visits.now() + patience_s
            self._visits.queue(self)

    def busy(self) -> None:
        """The next move is ours. May be repeated."""
        self.why, self.due_s = "", None

    def settle(self, address: str | None) -> bool:
        """The socket belongs to a seat; `address` is where its browser is, if that is known. False: there are too
        many."""
        return self._visits.settle(self, address)


class Visits:
    """Of one listener. `proxies`: whose word on a browser's address is taken. `ended` counts why visits were ended.
    `now` gives seconds that never step back."""

    def __init__(
        self, limits: Limits, proxies: Sequence[Network], ended: Counter[str], now: Callable[[], float]
    ) -> None:
        self.limits = limits
        self.now = now
        self.proxies = tuple(proxies)
        self._ended = ended
        self._all: dict[Transport, Visit] = {}
        self._queue: dict[Visit, None] = {}
        """Those that are not settled, in the order in which they began to wait."""
        self._by_address: dict[str, dict[Visit, None]] = {}
        self._arrivals = Buckets(ADDRESS_CONNECTION)
        self._timer: asyncio.TimerHandle | None = None
        self._look_due_s: float | None = None

    def __len__(self) -> int:
        return len(self._all)

    @property
    def settled(self) -> int:
        return len(self._all) - len(self._queue)

    # -- coming and going -----------------------------------------------------------------------------------------

    def came(self, transport: Transport, peer: str) -> tuple[Visit, float]:
        """A connection was opened, from the address `peer`; the visit, and how many seconds it waits for its first
        turn. If there is no room for it, its transport is aborted."""
        address = None if self.trusts(peer) else network_of(peer)
        visit = Visit(self, transport, peer, address)
        wait_s = 0.0 if address is None else self._arrivals.take(address, 1000 * self.now()) / 1000
        if wait_s > QUEUE_S:
            self._end(visit, "too_fast")
        elif address is not None and not self._room_at(address):
            self._end(visit, "address_full")
        elif not self._room():
            self._end(visit, "full")
        else:
            self._all[transport] = visit
            self._queue[visit] = None
            if address is not None:
                self._by_address.setdefault(address, {})[visit] = None
            visit.waits("head", HEAD_S + wait_s)
        return visit, wait_s

    def went(self, transport: Transport) -> None:
        """The connection is gone. May be repeated."""
        visit = self._all.pop(transport, None)
        if visit is not None:
            self._queue.pop(visit, None)
            self._leave_address(visit)

    def of(self, transport: Transport) -> Visit | None:
        return self._all.get(transport)

    def queue(self, visit: Visit) -> None:
        """It begins to wait: behind all others."""
        if visit in self._queue:
            del self._queue[visit]
            self._queue[visit] = None

    def settle(self, visit: Visit, address: str | None) -> bool:
        """See `Visit.settle`."""
        if visit not in self._queue:
            return visit.settled
        if self.settled >= self.limits.most - self.limits.strangers // 4:
            return False
        if address is not None and address != visit.address:
            if not self._room_at(address):
                return False
            self._leave_address(visit)
            visit.address = address
            self._by_address.setdefault(address, {})[visit] = None
        del self._queue[visit]
        visit.settled = True
        visit.busy()
        return True

    # -- room -----------------------------------------------------------------------------------------------------

    def trusts(self, peer: str) -> bool:
        """Whether this is one of our proxies."""
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.proxies)

    def _room(self) -> bool:
        full = len(self._all) >= self.limits.most or len(self._queue) >= self.limits.strangers
        return not full or self._make_room(self._queue, "full")

    def _room_at(self, address: str) -> bool:
        there = self._by_address.get(address, {})
        return len(there) < self.limits.address or self._make_room(there, "address_full")

    def _make_room(self, among: dict[Visit, None], why: str) -> bool:
        """End the one that keeps us waiting for longest; False if none does."""
        oldest = next((visit for visit in among if visit.why and not visit.settled), None)
        if oldest is None:
            return False
        self._end(oldest, why)
        return True

    def _end(self, visit: Visit, why: str) -> None:
        self._ended[why] += 1
        self.went(visit.transport)
        visit.transport.abort()

    def _leave_address(self, visit: Visit) -> None:
        there = self._by_address.get(visit.address or "")
        if there is not None:
            there.pop(visit, None)
            if not there:
                del self._by_address[visit.address or ""]

    # -- deadlines ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Look at the deadlines from now on, until `stop`. Needs a running loop."""
        self._look_due_s = self.now() + LOOK_S
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._again)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _again(self) -> None:
        self.look()
        self.start()

    def look(self) -> None:
        """End whoever kept us waiting for too long, or was closed and does not go. While this process stood still it
        was not they who kept us waiting."""
        now_s = self.now()
        late_s = 0.0 if self._look_due_s is None else now_s - self._look_due_s
        if late_s >= LATE_S:
            for visit in self._all.values():
                visit.due_s = None if visit.due_s is None else visit.due_s + late_s
                visit.closing_s = None if visit.closing_s is None else visit.closing_s + late_s
        self._look_due_s = now_s + LOOK_S
        for visit in tuple(self._all.values()):
            if visit.transport.is_closing():
                visit.closing_s = visit.closing_s or now_s
                if now_s - visit.closing_s >= FAREWELL_S:
                    self._end(visit, "farewell")
            elif visit.due_s is not None and now_s >= visit.due_s:
                self._end(visit, visit.why)


def network_of(peer: str) -> str:
    """What counts as one address: of IPv6 the /64, which one household has to itself."""
    try:
        address = ip_address(peer)
    except ValueError:
        return peer[:60]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, 64), strict=False))
    return str(address)


def visit_of(connection: HTTPConnection) -> Visit | None:
    """The visit by which a socket came; None without a listener of ours (tests)."""
    found = connection.scope.get(SCOPE)
    return found if isinstance(found, Visit) else None


def address_of(connection: HTTPConnection) -> str | None:
    """Where the browser is: its own address, or what a proxy of ours says. None if only the proxy's is known."""
    visit = visit_of(connection)
    if visit is None or connection.client is None:
        return None
    host = connection.client.host
    return visit.address if host == visit.peer else network_of(host)


def raise_descriptors() -> int:
    """Take as many descriptors as the system allows; how many there are now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        log.info("serve.descriptors_raised", before=soft, now=wanted)
        return wanted
    return wanted if soft == resource.RLIM_INFINITY else soft
