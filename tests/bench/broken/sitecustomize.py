"""Python imports this by itself when its folder is on PYTHONPATH: a media worker that forgets every tenth packet."""

import itertools

from cosession.media.embedded import forward
from cosession.media.embedded.packet import Packet
from cosession.media.embedded.up_track import UpTrack

_numbers = itertools.count(1)
_send_batch = forward.send_batch


def _send_most(packet: Packet, up_track: UpTrack) -> None:
    if next(_numbers) % 10:
        _send_batch(packet, up_track)


forward.send_batch = _send_most
