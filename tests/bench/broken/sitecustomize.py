"""Python imports this by itself when its folder is on PYTHONPATH: a media worker that forgets every tenth packet."""

import itertools

from cosession.media.embedded import forward
from cosession.media.embedded.packet import Packet
from cosession.media.embedded.stream import Source

_numbers = itertools.count(1)
_send_batch = forward.send_batch


def _send_most(packet: Packet, source: Source) -> None:
    if next(_numbers) % 10:
        _send_batch(packet, source)


forward.send_batch = _send_most
