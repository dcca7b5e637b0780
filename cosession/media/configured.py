"""Which media engine the settings ask for. Here alone an implementation is chosen."""

from __future__ import annotations

from cosession.media.embedded.engine import EmbeddedMedia
from cosession.room.ports import MediaEngine
from cosession.settings import Settings


def media_engine(settings: Settings) -> MediaEngine:
    """The media plane that these settings ask for, not started."""
    return EmbeddedMedia(
        settings.media_bind.host,
        settings.media_bind.port,
        settings.media_public_address,
        settings.media_workers,
        settings.media_native,
        settings.media_tcp_port,
    )
