"""What a packet is sent to, as those who send it know it: a `Target` is a down track of a receiving browser, an
`Outlet` the browser behind it, a `SendPath` how the helper in C reaches it by itself.

Nothing but shapes: `down_track.DownTrack` is the target, `peer_connection.PeerConnection` its outlet, `transport.Mux`
the mux below both.
"""

from __future__ import annotations

import socket
from collections import Counter
from typing import Any, NamedTuple, Protocol

from cosession.media.embedded import rtcp, rtp
from cosession.media.embedded.native import Helper
from cosession.media.embedded.packet import Packet


class SendingMux(Protocol):
    """What a batch needs of the socket by which it leaves; see `transport.Mux`."""

    helper: Helper | None
    version: int
    socket: socket.socket
    packets_out: int
    dropped: Counter[str]


class SendPath(NamedTuple):
    """How datagrams reach one browser: by the helper of `mux`, protected in libsrtp's `context` (an address, alive as
    long as `session`), to `address`."""

    mux: SendingMux
    session: object
    context: int
    address: bytes


class Outlet(Protocol):
    """The browser behind a down track: protects a packet and sends it, or drops it."""

    def send_rtp(self, packet: bytes) -> None: ...
    def send_rtcp(self, packet: bytes) -> None: ...
    def send_path(self) -> SendPath | None:
        """Where a helper may send by itself what `send_rtp` would; None: only `send_rtp` can."""


class Target(Protocol):
    """One outgoing stream: the numbers with which it writes a packet, and what it does with one."""

    outlet: Outlet
    ssrc: int
    template: rtp.HeaderTemplate
    base: int
    sequence_offset: int
    timestamp_offset: int
    picture_offset: int
    level0_offset: int
    counts: Any

    def sync(self, packet: Packet, now_s: float) -> None: ...
    def send(self, packet: Packet) -> None: ...
    def pass_on(self, report: rtcp.SenderReport, now_s: float) -> None: ...
