"""Transport-wide congestion control (TWCC): when the packets of one browser arrived, reported back to it. Its own
estimate of its uplink lives on this.

Without it the estimate falls to 50 to 80 kbit/s after an outage and stays there (media.md, "The design" 5). One account
for all streams of a connection, by their transport-wide sequence numbers. Source:
draft-holmer-rmcat-transport-wide-cc-extensions-01.
"""

from __future__ import annotations

from cosession.media.embedded import rtcp

_UNITS_PER_S = 4000
#: One report covers at most so many packets; what is older than that is not reported at all.
_MOST = 512
#: A step back or ahead of more than this is another stream's numbering, or somebody's joke.
_JUMP = 0x4000
#: A face has 17 packets a second, a voice 50.
_FEW = 4


class TwccRecorder:
    """Records arrivals until `report`."""

    def __init__(self) -> None:
        self._noted: list[tuple[int, float]] = []
        self.note = self._noted.append
        """A packet with this transport-wide number (16 bits) came at this moment, both in one; it is all that happens
        for each packet."""
        self._next: int | None = None
        """The first number that no report has covered, extended beyond 16 bits."""
        self._count = 0

    @property
    def few(self) -> bool:
        """Whether so little came that the next report will do: as the browsers' own receivers do it, slow streams get
        reports less often."""
        return len(self._noted) < _FEW

    def report(self, reporter: int, media: int) -> bytes | None:
        """What came since the last report, as RTCP; None if nothing did. Every 100 ms, every 200 ms if few."""
        pending = self._take()
        if not pending or self._next is None:
            return None
        last = max(pending)
        first = max(min(*pending, self._next), last - _MOST + 1)
        arrivals = list(map(pending.get, range(first, last + 1)))
        self._next = max(self._next, last + 1)
        self._count += 1
        return rtcp.transport_feedback(reporter, media, first & 0xFFFF, self._count - 1, arrivals)

    def _take(self) -> dict[int, int]:
        """When the packets that were noted came, by their extended numbers."""
        pending: dict[int, int] = {}
        for sequence, at_s in self._noted:
            if self._next is None:
                self._next = 0x10000 + sequence
            step = (sequence - self._next + 0x8000 & 0xFFFF) - 0x8000
            if step > _JUMP:
                pending.clear()
                self._next += step
                step = 0
            if step >= -_MOST:
                pending.setdefault(self._next + step, int(at_s * _UNITS_PER_S))
        self._noted.clear()
        return pending
