"""Passing packets on without transcoding: the one call that sends a packet to many.

`send_batch` is the seam behind which a native helper may stand (media.md, "The design" 8). Nothing here decides who may
be heard: that is `room`.
"""

from __future__ import annotations

from collections import Counter

from cosession.media.embedded.batch_sender import BatchSender
from cosession.media.embedded.packet import Packet
from cosession.media.embedded.up_track import UpTrack


def forward(up_track: UpTrack, packet: Packet, now_s: float) -> None:
    """Pass one packet on to everyone whom `room` attached to its up track."""
    if up_track.waiting and (up_track.kind == "audio" or packet.keyframe):
        for target in up_track.waiting:
            target.sync(packet, now_s)
        up_track.targets += up_track.waiting
        up_track.waiting.clear()
        up_track.batch = None
    send_batch(packet, up_track)


def send_batch(packet: Packet, up_track: UpTrack) -> None:
    """Rewrite, protect and send one packet for each target of its up track that already takes part: all datagrams at
    once by the helper in C, where there is one, and what is left one by one."""
    batch = up_track.batch
    if batch is None or not batch.holds(up_track.targets):
        batch = up_track.batch = BatchSender(up_track.targets)
    batch.send(packet)
    for target in batch.rest:
        target.send(packet)


def pass_on(up_track: UpTrack, packet: Packet, now_s: float, dropped: Counter[str]) -> None:
    """Forward it if the plan in force lets its track through; else count why it went nowhere."""
    if up_track.open:
        forward(up_track, packet, now_s)
    else:
        up_track.dropped += up_track.refusal == "closed_floor"
        dropped[up_track.refusal] += 1
