"""One manager's WebRTC: an independent client on aiortc that shows a picture, says a tone, and consumes every track.

What it counts is what it decodes. The private names of aiortc and aioice that simulated managers need are all in this
file: `aioice.ice.get_host_addresses` (it leaves loopback out), `aioice.ice.CONSENT_INTERVAL` (browsers give signs of
life more often than every five seconds), `aiortc.codecs.vpx.PACKET_MAX` `RTCIceTransport._recv` and
`RTCRtpReceiver._handle_rtp_packet` (packets are to be counted as they arrive, before any jitter buffer). Offers are
as the wire asks (protocols/wire.md): audio and video sendonly, then a pair for each other seat."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

import aioice.ice
import aiortc.codecs.vpx
import numpy as np
from aiortc import (
    MediaStreamError,
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.rtcrtpreceiver import RemoteStreamTrack
from av import AudioFrame, VideoFrame

from cosession.simulate import sources
from cosession.simulate.arrivals import Datagram
from cosession.simulate.runs import Runs

#: Decoded sound quieter than this (root mean square of 16 bit samples) is silence.
SILENT = 150.0
#: Every so many decoded pictures, whose picture is it?
LOOK_EVERY = 5

#: Chromium's and Firefox's packets carry at most so much; aiortc's own 1300 leave no room for a rewritten header.
PAYLOAD_BYTES = 1200
LIFE_EVERY_S = 2

_host_addresses = aioice.ice.get_host_addresses


def behave_like_a_browser() -> None:
    """From now on offers carry 127.0.0.1 beside the machine's other addresses, signs of life are as frequent as a
    browser's, and packets no longer. May be repeated."""

    def addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return ["127.0.0.1", *_host_addresses(use_ipv4, False)]

    aioice.ice.get_host_addresses = addresses
    aioice.ice.CONSENT_INTERVAL = LIFE_EVERY_S
    aiortc.codecs.vpx.PACKET_MAX = PAYLOAD_BYTES


@dataclass
class Received:
    """What one seat got of another one."""

    frames: int = 0
    strange_frames: int = 0
    """Pictures that were somebody else's."""
    sound_s: float = 0.0
    packets: Runs = field(default_factory=Runs)


@dataclass
class Senses:
    """What one seat got of all others, and when it made a sound itself, over all its connections."""

    said: Runs = field(default_factory=Runs)
    received: dict[str, Received] = field(default_factory=dict)

    def of(self, seat: str) -> Received:
        return self.received.setdefault(seat, Received())


class Voice(MediaStreamTrack):
    """Sound while `speaking` is set, nothing otherwise: like a browser whose microphone is closed."""

    kind = "audio"

    def __init__(self, frames: Sequence[sources.Samples], speaking: asyncio.Event, said: Runs) -> None:
        super().__init__()
        self._frames = frames
        self._speaking = speaking
        self._said = said
        self._began_s = time.monotonic()
        self._number = 0

    async def recv(self) -> AudioFrame:
        step_s = sources.FRAME_SAMPLES / sources.SAMPLE_RATE
        if not self._speaking.is_set():
            await self._speaking.wait()
        due = self._began_s + self._number * step_s
        late_s = time.monotonic() - due
        if late_s > 5 * step_s:  # there was a silence: the clock of the sound went on
            self._number += int(late_s / step_s)
        elif late_s < 0:
            await asyncio.sleep(-late_s)
        frame = AudioFrame.from_ndarray(
            self._frames[self._number % len(self._frames)].reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = sources.SAMPLE_RATE
        frame.pts = self._number * sources.FRAME_SAMPLES
        frame.time_base = Fraction(1, sources.SAMPLE_RATE)
        self._number += 1
        self._said.add(time.monotonic())
        return frame


class Camera(MediaStreamTrack):
    """The loop of pictures, `rate` a second, while `showing` is set."""

    kind = "video"

    def __init__(self, pictures: Sequence[VideoFrame], showing: asyncio.Event, rate: int) -> None:
        super().__init__()
        self._pictures = pictures
        self._showing = showing
        self._step_s = 1 / rate
        self._began_s = time.monotonic()
        self._due_s = self._began_s
        self._number = 0

    async def recv(self) -> VideoFrame:
        await self._showing.wait()
        now = time.monotonic()
        self._due_s = max(self._due_s + self._step_s, now - self._step_s)
        await asyncio.sleep(max(0.0, self._due_s - now))
        frame = self._pictures[self._number % len(self._pictures)]
        self._number += 1
        frame.pts = int((time.monotonic() - self._began_s) * 90_000)
        frame.time_base = Fraction(1, 90_000)
        return frame


class PeerConnection:
    """One connection of one seat. `others` are the other seats in slot order with their places (for their colours)."""

    def __init__(
        self,
        others: Sequence[tuple[str, int]],
        senses: Senses,
        voice: Sequence[sources.Samples],
        pictures: Sequence[VideoFrame],
        speaking: asyncio.Event,
        showing: asyncio.Event,
        rate: int,
        on_state: Callable[[str], None],
    ) -> None:
        self._others = others
        self._senses = senses
        self._arrived_s = 0.0
        self._consumers: list[asyncio.Task[None]] = []
        self._pc = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._pc.on("connectionstatechange", lambda: on_state(self._pc.connectionState))
        self._add(Voice(voice, speaking, senses.said), "sendonly")
        self._add(Camera(pictures, showing, rate), "sendonly")
        self._slots = [(self._add("audio", "recvonly"), self._add("video", "recvonly")) for _ in others]

    def _add(self, track_or_kind: MediaStreamTrack | str, direction: str) -> RTCRtpTransceiver:
        transceiver = self._pc.addTransceiver(track_or_kind, direction=direction)
        capabilities = RTCRtpReceiver.getCapabilities(transceiver.kind)
        assert capabilities is not None
        wanted = {"audio": "audio/opus", "video": "video/VP8"}[transceiver.kind]
        transceiver.setCodecPreferences([codec for codec in capabilities.codecs if codec.mimeType == wanted])
        return transceiver

    async def offer(self) -> str:
        """The offer's SDP, candidates included (no trickle)."""
        await self._pc.setLocalDescription(await self._pc.createOffer())
        return self._pc.localDescription.sdp

    async def answer(self, sdp: str) -> None:
        """Take the server's answer; the connection then comes up by itself. Raises ValueError if the SDP makes no
        sense."""
        self._note_arrivals()
        for (seat, _), (audio, _) in zip(self._others, self._slots, strict=True):
            self._count_arrivals(audio.receiver, self._senses.of(seat).packets)
        await self._pc.setRemoteDescription(RTCSessionDescription(sdp=sdp, type="answer"))
        for (seat, place), (audio, video) in zip(self._others, self._slots, strict=True):
            got = self._senses.of(seat)
            self._consume(audio.receiver.track, partial(_hear, got))
            self._consume(video.receiver.track, partial(_see, got, place))

    def _consume(self, track: MediaStreamTrack | None, take: Callable[[Any], None]) -> None:
        if not isinstance(track, RemoteStreamTrack):
            return  # the answer gives nothing on this line

        async def consume() -> None:
            with contextlib.suppress(MediaStreamError):
                while True:
                    take(await track.recv())

        self._consumers.append(asyncio.create_task(consume()))

    def _note_arrivals(self) -> None:
        """All lines share one transport: what it reads next is what a receiver is handed next."""
        ice = self._pc.getTransceivers()[0].receiver.transport.transport
        read = ice._recv

        async def noting() -> bytes:
            datagram: bytes = await read()
            self._arrived_s = datagram.at_s if isinstance(datagram, Datagram) else time.monotonic()
            return datagram

        ice._recv = noting

    def _count_arrivals(self, receiver: RTCRtpReceiver, packets: Runs) -> None:
        handle = receiver._handle_rtp_packet

        async def counting(packet: Any, arrival_time_ms: int) -> None:
            packets.add(self._arrived_s)
            await handle(packet, arrival_time_ms=arrival_time_ms)

        receiver._handle_rtp_packet = counting  # type: ignore[method-assign]

    async def close(self) -> None:
        await self._pc.close()
        for consumer in self._consumers:
            consumer.cancel()
        await asyncio.gather(*self._consumers, return_exceptions=True)


def _hear(got: Received, frame: AudioFrame) -> None:
    samples = frame.to_ndarray().astype(np.float32)
    if float(np.sqrt(np.mean(samples * samples))) > SILENT:
        got.sound_s += frame.samples / frame.sample_rate


def _see(got: Received, place: int, frame: VideoFrame) -> None:
    got.frames += 1
    if got.frames % LOOK_EVERY:
        return
    u, v = (_corner(frame, plane) for plane in (1, 2))
    if sources.seat_of_colour(u, v) != place % sources.SEATS:
        got.strange_frames += 1


def _corner(frame: VideoFrame, plane: int) -> float:
    """The mean of one chroma plane in the middle of the flat strip."""
    chroma = frame.planes[plane]
    rows = max(2, round(chroma.height * sources.STRIP) - 2)
    pixels = np.frombuffer(memoryview(chroma), dtype=np.uint8).reshape(-1, chroma.line_size)
    return float(pixels[1:rows, 4 : chroma.width - 4].mean())
