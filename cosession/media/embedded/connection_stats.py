"""What is measured of a peer connection, as its tracks have counted it (the statistics of WebRTC, on the server's
side)."""

from __future__ import annotations

from cosession.media.embedded.room import Peer
from cosession.room.ports import ConnectionStats


def connection_stats(peer: Peer, now_s: float) -> ConnectionStats:
    """As measured since the connection began; loss is the worse of the two directions, bit rates are of the last
    second."""
    up_tracks, down, sound = peer.up_tracks.values(), peer.down, peer.sound
    expected, lost = (sum(column) for column in zip((0, 0), *(track.losses() for track in up_tracks), strict=True))
    up = 100 * lost / expected if expected else 0.0
    round_trip_ms = down.round_trip_ms
    jitters = [track.jitter_ms for track in up_tracks if track.packets]
    return ConnectionStats(
        connection=peer.connection,
        seat=peer.seat,
        path=peer.path,
        packets_in=peer.packets_in,
        packets_out=down.packets,
        loss_percent=round(max(up, 100 * down.loss(now_s)), 2),
        round_trip_ms=None if round_trip_ms is None else round(round_trip_ms, 2),
        video_packets_in=sum(picture.packets for picture in peer.pictures.values()),
        audio_packets_in=sound.packets if sound else 0,
        audio_packets_dropped=sound.dropped if sound else 0,
        jitter_ms=round(max(jitters), 1) if jitters else None,
        kbps_in=round(sum(track.kbps for track in up_tracks)),
        kbps_out=round(down.kbps),
        level=down.allocation.level.name.lower(),
    )
