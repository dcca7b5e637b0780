"""Who speaks, from the levels in the packets themselves (decision 22): never from what a browser says about itself.

Only seats that may be heard are told of. Source: RFC 6464.
"""

from __future__ import annotations

from cosession.media.embedded.room import Room

#: Below this loudness (0 to 127, from -dBov) it is breath, a fan, comfort noise.
_SOUND = 64
#: DTX sends a packet every 400 ms in silence; a source that is quiet for longer says nothing.
_STALE_S = 0.5


class Voices:
    """The last word about one room's voices."""

    def __init__(self) -> None:
        self._speaking = False

    def levels(self, room: Room, now_s: float) -> dict[str, int] | None:
        """Loudness by seat of those with sound, an empty one once when the last falls silent, else None. Ask 5 times
        a second."""
        found: dict[str, int] = {}
        for seat in room.hearable():
            publisher = room.publisher(seat)
            sound = publisher.sound if publisher else None
            if sound is not None and now_s - sound.last_s < _STALE_S and sound.loudness >= _SOUND:
                found[seat] = round(sound.loudness)
        said = found if found or self._speaking else None
        self._speaking = bool(found)
        return said
