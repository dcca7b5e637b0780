"""A browser for the tests: aiortc's own RTCPeerConnection, which shares no code with the server but the DTLS beneath
it.

It counts what it decodes and trusts nothing else. `Ear` is the listener of the port, with waits instead of sleeps.
"""

from __future__ import annotations

import asyncio
import fractions
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDtlsTransport,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import is_rtcp
from av import AudioFrame, VideoFrame

from cosession.core.stage import Picture, RoomPlan
from cosession.media.embedded import EmbeddedMedia
from cosession.room.ports import MediaMessage

_FPS = 10
_SAMPLES = 960


async def answer_to(
    engine: EmbeddedMedia, session: str, seat: str, connection: str, offer: str, publishes: bool = True
) -> str:
    """Join, and relay an offer; the answer."""
    await engine.join(session, seat, connection, publishes)
    return (await engine.relay(session, connection, MediaMessage("offer", offer))).body


class Tone(MediaStreamTrack):
    """A 440 Hz tone, 20 ms a frame."""

    kind = "audio"

    def __init__(self, loud: bool = True) -> None:
        super().__init__()
        self.loud = loud
        self._at = 0
        self._started = asyncio.get_running_loop().time()

    async def recv(self) -> AudioFrame:
        if self.readyState != "live":
            raise MediaStreamError
        due = self._started + self._at / 48000
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        t = (np.arange(_SAMPLES) + self._at) / 48000
        wave = np.sin(2 * np.pi * 440 * t) * (9000 if self.loud else 0)
        frame = AudioFrame.from_ndarray(wave.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, self._at, fractions.Fraction(1, 48000)
        self._at += _SAMPLES
        return frame


class Moving(MediaStreamTrack):
    """A small picture that changes with each frame."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._started = asyncio.get_running_loop().time()

    async def recv(self) -> VideoFrame:
        if self.readyState != "live":
            raise MediaStreamError
        await asyncio.sleep(max(0.0, self._started + self._count / _FPS - asyncio.get_running_loop().time()))
        picture = np.full((120, 160, 3), 40 + self._count * 7 % 160, dtype=np.uint8)
        picture[:, self._count * 5 % 150 : self._count * 5 % 150 + 10] = 255
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = self._count * 90000 // _FPS, fractions.Fraction(1, 90000)
        self._count += 1
        return frame


class Guest:
    """One connection of a seat. `frames[i]` and `sound_s[i]`: decoded frames and seconds of audible sound in slot i."""

    def __init__(self, engine: EmbeddedMedia, session: str, seat: str, connection: str = "", slots: int = 3) -> None:
        self.engine, self.session, self.seat = engine, session, seat
        self.connection = connection or f"{seat}-1"
        self.slots = slots
        self.repairs = False
        """Whether it offers RTX. With more than one slot aiortc does not know whose repairs it gets."""
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.quiet = False
        """Whether it sends no media by itself, only what a test sends with its keys."""
        self.frames: dict[int, int] = defaultdict(int)
        self.sound_s: dict[int, float] = defaultdict(float)
        self.tone: Tone | None = None
        self._pairs: list[tuple[RTCRtpTransceiver, RTCRtpTransceiver]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def offer(self, sends: bool = True) -> str:
        """The way to offer with aiortc: own tracks sendonly first, then recvonly pairs, VP8 only (48 KiB)."""
        wanted = {"video/VP8", "video/rtx"} if self.repairs else {"video/VP8"}
        vp8 = [c for c in RTCRtpSender.getCapabilities("video").codecs if c.mimeType in wanted]
        if sends:
            self.tone = Tone()
            self.pc.addTransceiver(self.tone, direction="sendonly")
            self.pc.addTransceiver(Moving(), direction="sendonly").setCodecPreferences(vp8)
        for _ in range(self.slots):
            audio = self.pc.addTransceiver("audio", direction="recvonly")
            video = self.pc.addTransceiver("video", direction="recvonly")
            video.setCodecPreferences(vp8)
            self._pairs.append((audio, video))
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.pc.localDescription.sdp

    async def join(self, sends: bool = True, publishes: bool = True) -> Guest:
        sdp = await self.offer(sends)
        if self.quiet:
            dtls = self.pc.getTransceivers()[0].sender.transport

            async def only_control(data: bytes) -> None:
                if is_rtcp(data):
                    await RTCDtlsTransport._send_rtp(dtls, data)

            dtls._send_rtp = only_control  # type: ignore[method-assign]
        answer = await answer_to(self.engine, self.session, self.seat, self.connection, sdp, publishes)
        await self.pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        for slot, (audio, video) in enumerate(self._pairs):
            self._tasks.append(asyncio.create_task(self._listen(slot, audio.receiver.track)))
            self._tasks.append(asyncio.create_task(self._watch(slot, video.receiver.track)))
        return self

    async def _watch(self, slot: int, track: MediaStreamTrack) -> None:
        while True:
            try:
                await track.recv()
            except MediaStreamError:
                return
            self.frames[slot] += 1

    async def _listen(self, slot: int, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)
            if np.abs(frame.to_ndarray()).max() > 1000:
                self.sound_s[slot] += frame.samples / frame.sample_rate

    async def leave(self) -> None:
        await self.pc.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Ear:
    """What the engine reported, in order, and the newest of each."""

    def __init__(self) -> None:
        self.notified: list[tuple[object, ...]] = []
        self.carries: dict[str, bool] = {}
        self.levels: Mapping[str, int] = {}
        self.alive_count: dict[str, int] = defaultdict(int)
        self.silent_ms = 0
        self.versions: dict[str, int] = {}

    def connected(self, session: str, seat: str, connection: str) -> None:
        self.notified.append(("connected", session, seat, connection))

    def carrying(self, session: str, seat: str, connection: str, carries: bool) -> None:
        self.carries[connection] = carries
        self.notified.append(("carrying", session, seat, connection, carries))

    def lost(self, session: str, seat: str, connection: str) -> None:
        self.notified.append(("lost", session, seat, connection))

    def alive(self, session: str, seat: str) -> None:
        self.alive_count[seat] += 1

    def voices(self, session: str, levels: Mapping[str, int]) -> None:
        self.levels = levels
        self.notified.append(("voices", session, dict(levels)))

    def in_force(self, session: str, version: int) -> None:
        self.versions[session] = version

    def restarted(self, sessions: Sequence[str], silent_ms: int) -> None:
        self.silent_ms = silent_ms
        self.notified.append(("restarted", tuple(sessions)))


def plan(version: int, hearable: Sequence[str], faces: Sequence[str]) -> RoomPlan:
    return RoomPlan(version=version, hearable=frozenset(hearable), pictures=dict.fromkeys(faces, Picture.FACE))


async def until(condition: Callable[[], bool | Awaitable[bool]], timeout_s: float = 40.0) -> None:
    """Wait for something that the network brings; fails after `timeout_s`."""
    async with asyncio.timeout(timeout_s):
        while True:
            answer = condition()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)
