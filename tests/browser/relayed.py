"""A person whose sound and pictures go through a relay that can lose or swallow them (`tests.media.narrow`).

A browser's candidates are never contacted, so what changes is the answer that its page takes: the worker's UDP port
becomes the relay's, and the way by TCP is struck out unless it is wanted. The socket of the page does not pass here:
it lives.
"""

from __future__ import annotations

import re
from typing import Any

from tests.browser.house import House, Made
from tests.browser.person import Person
from tests.media.narrow import Relay

_BY_RELAY = """{
  const Own = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Own {
    async setRemoteDescription({type, sdp}) {
      await super.setRemoteDescription({type, sdp: await window.byRelay(sdp)});
    }
  };
}"""
_TCP = re.compile(r"a=candidate:\S+ 1 tcp .*\r\n")


async def relayed(house: House, made: Made, seat: str, *, tcp: bool = False, **context: Any) -> tuple[Person, Relay]:
    """A person with nothing opened yet, and the way between their page and the worker, wide and without loss. `tcp`:
    the worker's own port for it stays, beside the relay."""
    relay = Relay()
    person = await house.seat(made, seat, script=_BY_RELAY, **context)

    async def by_relay(answer: str) -> str:
        if " udp " not in answer:  # a trial of TCP alone
            return answer if tcp else _TCP.sub("", answer)
        return await relay.open(answer if tcp else _TCP.sub("", answer))

    await person.page.expose_function("byRelay", by_relay)
    return person, relay
