"""A name server for one network: browsers ask one for the names of relays, whatever stands in /etc/hosts."""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PORT = 53
_ANSWER, _UNKNOWN, _IPV4 = 0x8180, 0x8183, 1


class Names(asyncio.DatagramProtocol):
    """`known`: IPv4 addresses by name (RFC 1035). There is no other name; what is not asked for as IPv4 is empty."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        assert self.transport is not None
        name, end = _name(data)
        (kind,) = struct.unpack_from("!H", data, end)
        question, address = data[12 : end + 4], self.known.get(name)
        answer = b""
        if address is not None and kind == _IPV4:
            packed = ipaddress.IPv4Address(address).packed
            answer = struct.pack("!HHHIH", 0xC00C, _IPV4, 1, 1, len(packed)) + packed
        flags = _UNKNOWN if address is None else _ANSWER
        head = data[:2] + struct.pack("!HHHHH", flags, 1, bool(answer), 0, 0)
        self.transport.sendto(head + question + answer, addr)


def _name(data: bytes) -> tuple[str, int]:
    """The name that is asked for, and where it ends."""
    labels, at = [], 12
    while size := data[at]:
        labels.append(data[at + 1 : at + 1 + size].decode("ascii").lower())
        at += 1 + size
    return ".".join(labels), at + 1


@asynccontextmanager
async def names(host: str) -> AsyncIterator[Names]:
    transport, made = await asyncio.get_running_loop().create_datagram_endpoint(Names, local_addr=(host, PORT))
    made.transport = transport
    try:
        yield made
    finally:
        transport.close()
