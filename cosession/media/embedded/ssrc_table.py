"""The table of what one browser may send (decision 21): which SSRC is its voice, which its picture, which repairs what.

The sound's SSRC stands in the SDP. The picture's, one for each layer and one for the repairs of each, are learned once
from authenticated packets of its line, and pinned; there is no other way into the table, and none out of it. Sources:
RFC 8852 (RID in packets), RFC 4588 (repair streams).
"""

from __future__ import annotations

from cosession.media.embedded import rtp, sdp
from cosession.media.embedded.up_track import DeviceClock, UpTrack

#: A layer from which nothing came for so long is not there: the browser's uplink does not carry it.
LAYER_LIVES_S = 0.7


class SsrcTable:
    """`up_tracks` by SSRC; `pictures` by layer, "" where there is only one."""

    def __init__(self, seat: str, offer: sdp.Offer, publishes: bool) -> None:
        sending = [media for media in offer.media if media.sends and publishes]
        self.up_tracks: dict[int, UpTrack] = {}
        self.pictures: dict[str, UpTrack] = {}
        self.sound: UpTrack | None = None
        feedback = [media for media in sending if "transport-cc" in media.feedback]
        self.transport_id = next((media.extensions.get(rtp.URI_TRANSPORT_SEQUENCE, 0) for media in feedback), 0)
        """The extension in which the browser numbers its packets for all streams together, 0 if it does not."""
        self._seat, self._device = seat, DeviceClock()
        self._repairs: dict[int, str] = {}
        """The layer that a repair stream repairs."""
        self._picture_media = next((media for media in sending if media.kind == "video"), None)
        for media in sending:
            if media.kind == "audio":
                self.sound = self.up_tracks[media.ssrcs[0]] = self._up_track(media, media.ssrcs[0])
        if self._picture_media is not None and not self._picture_media.rids and self._picture_media.rtx:
            self._repairs = dict.fromkeys(self._picture_media.repairs, "")

    def _up_track(self, media: sdp.MediaDescription, ssrc: int, rid: str = "") -> UpTrack:
        return UpTrack(media.kind, self._seat, ssrc, media, rid, self.transport_id, self._device)

    def may_be_new(self, ssrc: int) -> bool:
        """Whether a packet with this SSRC could still find a place: known before anything is decrypted."""
        media = self._picture_media
        if media is None:
            return False
        if media.rids:
            return len(self.pictures) < len(media.rids) or (media.rtx > 0 and len(self._repairs) < len(media.rids))
        return ssrc in self._repairs or (not self.pictures and (not media.ssrcs or ssrc in media.ssrcs))

    def repaired_by(self, data: bytes, header: rtp.Header) -> str | None:
        """The layer whose repair stream an authenticated packet belongs to, None if it is no repair. A layer's repair
        stream is pinned by the first packet that names it."""
        media = self._picture_media
        if media is None or not media.rtx or header.payload_type != media.rtx:
            return None
        if header.ssrc in self._repairs:
            return self._repairs[header.ssrc]
        rid = self._named(data, header, rtp.URI_REPAIRED_RID)
        if rid not in media.rids or rid in self._repairs.values():
            return None
        self._repairs[header.ssrc] = rid
        return rid

    def learn(self, data: bytes, header: rtp.Header) -> UpTrack | None:
        """Pin a picture's SSRC by an authenticated packet, once for each layer: right payload type, and the SDP's own
        SSRC, or the layer's name or the line's mid in the packet. None if it has no place."""
        media = self._picture_media
        if media is None or header.payload_type != media.payload_type or not self.may_be_new(header.ssrc):
            return None
        rid = self._named(data, header, rtp.URI_RID) if media.rids else ""
        if rid in self.pictures or (media.rids and rid not in media.rids) or header.ssrc in self._repairs:
            return None
        if not media.rids and not media.ssrcs and self._named(data, header, rtp.URI_MID) != media.mid:
            return None
        up_track = self.pictures[rid] = self.up_tracks[header.ssrc] = self._up_track(media, header.ssrc, rid)
        return up_track

    def layer(self, large: bool, now_s: float) -> UpTrack | None:
        """The layer to pass on: the large one if it is wanted and arrives, else the small one; or the only one."""
        media = self._picture_media
        if media is None or not media.rids:
            return self.pictures.get("")
        known = [self.pictures[rid] for rid in media.rids if rid in self.pictures]
        if not known:
            return None
        living = [up_track for up_track in known if now_s - up_track.last_s < LAYER_LIVES_S] or known[:1]
        return living[-1] if large else living[0]

    def _named(self, data: bytes, header: rtp.Header, uri: str) -> str:
        media = self._picture_media
        value = rtp.element(data, header, media.extensions.get(uri, 0)) if media is not None else None
        return value.decode("latin-1") if value else ""
