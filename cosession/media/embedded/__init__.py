"""The media plane that needs nothing else: an SFU on aiortc's DTLS-SRTP in processes of its own (media.md).

The application imports `EmbeddedMedia` from here and nothing deeper. The parts, from the network up: `transport` (one
UDP port, ICE-lite) and `tcp`, `aiortc_seam` (keys), `rtp` and `rtcp` (bytes), `sdp` (offer and answer), `ssrc_table`
(who may send what), `up_track`, `forward` and `down_track` (packets in, packets out; `native`, `batch_reader`,
`batch_sender`: the same in C), `packet` and `target` (what all of these hand to each other), `peer_connection`,
`twcc` and `bandwidth_allocation` (what its uplink and downlink carry), `room` (the floor), `voice_activity`,
`rtcp_scheduler` (reports), `connection_stats`, `control_channel` and `worker` (the process), and on this side of the
socket pair `worker_process` and `engine`; `control` has the messages between both sides.
"""

from cosession.media.embedded.engine import EmbeddedMedia

__all__ = ["EmbeddedMedia"]
