"""Sound by the page's own connection: a seat whose network lets no media through is in the room all the same.

To `room` it is a connection like any other, with one up track and a down track for each other seat, but without
pictures, keys and reports: the same floor, the same levels, the same counts. Its frames go over the control channel;
the application holds the socket and never looks into them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import structlog

from cosession.media.embedded import sound_frame
from cosession.media.embedded.down_track import DownTrack
from cosession.media.embedded.downlink import Downlink
from cosession.media.embedded.forward import pass_on
from cosession.media.embedded.packet import Packet
from cosession.media.embedded.peer_connection import CARRIES_S, Site
from cosession.media.embedded.sdp import MediaDescription
from cosession.media.embedded.target import SendPath
from cosession.media.embedded.up_track import UpTrack
from cosession.room.pace import SOUND_FRAME, Bucket

log = structlog.get_logger()

_OPUS = MediaDescription("audio", "sound", "sendonly", 111, "opus/48000/2", "", (), {}, ())


class Owner(Protocol):
    """What it reports to its room."""

    def on_carrying(self, peer: SoundConnection) -> None: ...


class SoundOut:
    """What leaves by the control channel: one message for each frame, with everybody who gets it.

    `send(handles, frame)` takes what is complete; `later` runs a callback at the end of this turn of the loop."""

    def __init__(
        self, send: Callable[[Sequence[int], bytes], None], later: Callable[[Callable[[], None]], object]
    ) -> None:
        self._send, self._later = send, later
        self._packet: Packet | None = None
        self._place = 0
        self._handles: list[int] = []

    def hear(self, handle: int, place: int, packet: Packet) -> None:
        """The listener behind `handle` gets the packet of the seat at `place`."""
        if packet is not self._packet:
            if self._packet is None:
                self._later(self.flush)
            else:
                self._hand_over()
            self._packet, self._place = packet, place
        self._handles.append(handle)

    def flush(self) -> None:
        self._hand_over()
        self._packet = None

    def _hand_over(self) -> None:
        packet, handles = self._packet, self._handles
        if packet is not None and handles:
            frame = sound_frame.write(self._place, packet.extended, packet.timestamp, packet.level, packet.payload)
            self._send(handles, frame)
        self._handles = []


class SoundTrack(DownTrack):
    """One seat as a listener hears it: the packets keep the numbers that they came with, so that one frame serves
    everybody."""

    place = 0
    """Of the seat that it passes on, among all of the room."""
    handle = 0
    out: SoundOut

    def send(self, packet: Packet) -> None:
        if packet.extended >= self.base:
            self._packets += 1
            self._octets += len(packet.payload)
            self.out.hear(self.handle, self.place, packet)


class SoundConnection:
    """A seat's connection by frames; its members are those of `PeerConnection`. `places`: of the other seats among all
    of the room, in slot order; `handle` names it on the control channel."""

    path = "socket"
    connected = True
    twcc = None

    def __init__(
        self,
        site: Site,
        owner: Owner,
        seat: str,
        connection: str,
        handle: int,
        places: Sequence[int],
        out: SoundOut,
        publishes: bool,
    ) -> None:
        self.seat, self.connection, self.handle, self.publishes = seat, connection, handle, publishes
        self.turn = next(site.turns)
        self.carrying = False
        self.life_s = site.clock()
        self.reporter = secrets.randbits(32) | 1
        self.packets_in = 0
        self.sound = UpTrack("audio", seat, secrets.randbits(32), _OPUS) if publishes else None
        self.up_tracks = {self.sound.ssrc: self.sound} if self.sound else {}
        self.pictures: Mapping[str, UpTrack] = {}
        self.down = Downlink([(_OPUS, None)] * len(places), self, self.life_s, SoundTrack)
        for place, (track, _) in zip(places, self.down.slots, strict=True):
            assert isinstance(track, SoundTrack)
            track.place, track.handle, track.out = place, handle, out
        self._site, self._owner = site, owner
        self._bucket = Bucket(SOUND_FRAME)
        self._refused: set[str] = set()

    # -- what comes in --------------------------------------------------------------------------------------------

    def on_frame(self, data: bytes, now_s: float) -> None:
        """One message of the page's socket. Never raises."""
        self.life_s = now_s
        if len(data) == sound_frame.RECEIPT_BYTES:
            return
        frame, sound = sound_frame.read(data), self.sound
        if len(data) > sound_frame.MAX_FRAME_BYTES:
            self._refuse("oversized")
        elif frame is None or sound is None or self._is_old(sound, frame.sequence):
            self._refuse("not_negotiated")
        elif self._bucket.take(1000 * now_s) > 0:
            self._refuse("flood")
        else:
            self.packets_in += 1
            if not self.carrying:
                self.carrying = True
                sound.last_s = now_s
                self._owner.on_carrying(self)
            arrived = sound.payload_type, 0, frame.sequence, frame.timestamp, -1, frame.level, None, frame.payload
            pass_on(sound, sound.accept(arrived, now_s), now_s, self._site.dropped)

    @staticmethod
    def _is_old(sound: UpTrack, sequence: int) -> bool:
        """Its socket keeps order: what does not count on is a repeat, or was made up."""
        return sound.packets > 0 and not 0 < (sequence - sound.highest) & 0xFFFF < 0x8000

    def _refuse(self, reason: str) -> None:
        self._site.dropped[reason] += 1
        if reason not in self._refused:
            self._refused.add(reason)
            log.info("sound.refused", seat=self.seat, reason=reason)

    # -- what a connection with keys and reports has besides ------------------------------------------------------

    def send_rtp(self, packet: bytes) -> None:
        """`target.Outlet`: nothing leaves as a packet."""

    def send_rtcp(self, packet: bytes) -> None:
        """There is nobody who reads it."""

    def send_path(self) -> SendPath | None:
        """`target.Outlet`: no helper reaches it."""
        return None

    def begin_second(self) -> None: ...

    def is_silent(self, now_s: float) -> bool:
        """Whether no sound came for 3 s."""
        return self.sound is None or now_s - self.sound.last_s >= CARRIES_S

    def layer(self, large: bool, now_s: float) -> UpTrack | None:
        """No pictures come by it."""
        return None

    async def close(self) -> None: ...
