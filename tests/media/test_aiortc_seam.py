"""The contract on what aiortc does not promise. If one of these fails, aiortc moved: fix `aiortc_seam`, nowhere
else."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from aiortc import RTCDtlsTransport
from aiortc.rtcdtlstransport import SRTP_PROFILES, RTCCertificate, RTCDtlsParameters, State
from aiortc.rtcicetransport import RTCIceTransport

from cosession.media.embedded.aiortc_seam import MAX_PROTECT_BYTES, Certificate, DtlsSrtp, SrtpError, srtp_profiles
from tests.media.guest import until

RTP = bytes.fromhex("8060000100000000000000aa") + b"sound"
RTCP = bytes.fromhex("81c9000700000001") + bytes(24)


class Pipe:
    """All that RTCDtlsTransport may need of what is below it."""

    role = "controlled"

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[bytes] = asyncio.Queue()
        self.other: Pipe

    async def _recv(self) -> bytes:
        return await self.incoming.get()

    async def _send(self, data: bytes) -> None:
        self.other.incoming.put_nowait(data)


async def test_the_private_names_mean_what_we_think() -> None:
    left, right = Pipe(), Pipe()
    left.other, right.other = right, left
    certificates = RTCCertificate.generateCertificate(), RTCCertificate.generateCertificate()
    ends = [
        RTCDtlsTransport(cast(RTCIceTransport, pipe), [certificate])
        for pipe, certificate in zip((left, right), certificates, strict=True)
    ]
    server, client = ends
    assert [end._state for end in ends] == [State.NEW, State.NEW]
    assert server._srtp_profiles is SRTP_PROFILES
    server._set_role("server")
    client._set_role("client")
    changes: list[State] = []
    server.on("statechange", lambda: changes.append(server._state))
    await asyncio.gather(
        server.start(RTCDtlsParameters(certificates[1].getFingerprints())),
        client.start(RTCDtlsParameters(certificates[0].getFingerprints())),
    )
    assert [end._state for end in ends] == [State.CONNECTED, State.CONNECTED]
    assert server._rx_srtp.unprotect(client._tx_srtp.protect(RTP)) == RTP
    assert client._rx_srtp.unprotect_rtcp(server._tx_srtp.protect_rtcp(RTCP)) == RTCP
    await client.stop()
    await until(lambda: changes[-1] is State.CLOSED)
    await server.stop()


def pair(certificates: tuple[Certificate, Certificate]) -> tuple[DtlsSrtp, DtlsSrtp, list[str]]:
    closed: list[str] = []

    def to_client(datagram: bytes) -> None:
        client.feed(datagram)

    def to_server(datagram: bytes) -> None:
        server.feed(datagram)

    server = DtlsSrtp(certificates[0], "server", to_client, lambda: closed.append("server"))
    client = DtlsSrtp(certificates[1], "client", to_server, lambda: closed.append("client"))
    return server, client, closed


async def test_two_ends_agree_on_gcm_and_part_with_a_word() -> None:
    assert srtp_profiles()[0] == "SRTP_AEAD_AES_256_GCM"
    mine, theirs = Certificate(), Certificate()
    server, client, closed = pair((mine, theirs))
    both = await asyncio.gather(
        server.handshake([("sha-256", theirs.sha256)]), client.handshake([("sha-256", mine.sha256)])
    )
    assert all(both)
    protected = client.protect(RTP)
    assert len(protected) == len(RTP) + 16
    assert server.unprotect(protected) == RTP
    with pytest.raises(SrtpError):
        server.unprotect(protected)
    assert server.feed(b"\x16garbage")
    assert len(client.protect(RTP + bytes(MAX_PROTECT_BYTES - len(RTP)))) > MAX_PROTECT_BYTES
    await client.close()
    await client.close()
    await until(lambda: closed == ["server"])
    await server.close()


async def test_another_certificate_than_the_offers_is_refused() -> None:
    server, client, _ = pair((Certificate(), Certificate()))
    stranger = Certificate()
    run = asyncio.create_task(client.handshake([("sha-256", stranger.sha256)]))
    assert not await server.handshake([("sha-256", stranger.sha256)])
    assert not server.up
    await client.close()
    await server.close()
    assert not await run
