"""The configuration of coturn, a TURN server beside the media plane (written for 4.6.1): a relay to the media server's
own addresses and to nothing else.

An allowed peer goes before a denied one in coturn, wherever the lines stand. Everything is denied, IPv6 too: to coturn
`::ffff:127.0.0.1` is no IPv4 address, so a list of private networks lets it pass. Nobody from outside talks to a relay
port: the media server answers where it was asked from, so these ports need no hole in a firewall and no public address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path

from cosession.media.embedded.sockets import candidate_addresses
from cosession.settings import PREFIX, Settings

#: Allocations of one seat: a browser makes one for each of its networks, transport and family, and twice as many while
#: it comes back.
SEAT_ALLOCATIONS = 48
ALL_ALLOCATIONS = 6000
#: Bytes a second and direction of one allocation, several times what a seat sends and gets.
ALLOCATION_BPS = 1_500_000
RELAY_PORTS = (49152, 65535)


class CannotWrite(Exception):
    """One line for each thing that is missing or wrong, with its fix."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


def config(
    settings: Settings,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    listen: Sequence[str] = (),
    media: Sequence[str] = (),
) -> str:
    """The text of `turnserver.conf`; it holds the secret. `listen`: addresses of the relay's machine, all of them if
    none is named. `media`: those of the media server, else what it offers to browsers by these settings on this
    machine. Raises `CannotWrite` with all that is wrong."""
    plain = [url for url in settings.turn_urls if url.scheme == "turn"]
    secure = [url for url in settings.turn_urls if url.scheme == "turns"]
    peers = media or _own_addresses(settings)
    wrong = [
        *_no_relay(settings),
        *_ports("turn:", [url.port for url in plain]),
        *_ports("turns:", [url.port for url in secure]),
        *(_certificate(certificate, key) if secure else ()),
        *_addresses("--listen", listen),
        *_addresses("--media", peers),
    ]
    if wrong:
        raise CannotWrite(wrong)
    lines = ["# Written by `cosession turn config`. It holds the relay's secret: for root and coturn alone.", ""]
    lines += [f"realm={settings.turn_urls[0].host}", "use-auth-secret"]
    lines += [f"static-auth-secret={settings.turn_secret().decode('ascii')}", "fingerprint", "stale-nonce=600"]
    lines += ["", "# Where browsers come in."]
    lines += [f"listening-ip={address}" for address in listen]
    lines += [f"listening-port={plain[0].port}"] if plain else []
    lines += [] if any(url.transport == "udp" for url in plain) else ["no-udp"]
    lines += [] if any(url.transport == "tcp" for url in plain) else ["no-tcp"]
    lines += ["no-dtls", "no-tlsv1", "no-tlsv1_1"]
    lines += [f"tls-listening-port={secure[0].port}", f"cert={certificate}", f"pkey={key}"] if secure else ["no-tls"]
    lines += ["", "# Where they may go: to the media server. What is allowed goes before what is denied."]
    lines += [f"allowed-peer-ip={address}" for address in peers]
    lines += ["denied-peer-ip=0.0.0.0-255.255.255.255", f"denied-peer-ip=::-{':'.join(['ffff'] * 8)}"]
    if any(ipaddress.ip_address(address).is_loopback for address in peers):
        lines += ["# The media server listens on this machine alone.", "allow-loopback-peers"]
    lines += ["no-multicast-peers", "no-tcp-relay"]
    lines += ["", "# How much."]
    lines += [f"user-quota={SEAT_ALLOCATIONS}", f"total-quota={ALL_ALLOCATIONS}", f"max-bps={ALLOCATION_BPS}"]
    lines += [f"min-port={RELAY_PORTS[0]}", f"max-port={RELAY_PORTS[1]}"]
    lines += ["", "no-cli", "no-rfc5780", "no-stun-backward-compatibility", "log-file=stdout", "simple-log", ""]
    return "\n".join(lines)


def _own_addresses(settings: Settings) -> list[str]:
    """What the media server offers, loopback only if there is nothing else."""
    offered = candidate_addresses(settings.media_bind.host, settings.media_public_address)
    return [one for one in offered if not _is_loopback(one)] or list(offered)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _no_relay(settings: Settings) -> list[str]:
    lines = []
    if not settings.turn_urls:
        lines.append(f"{PREFIX}TURN_URLS is not set: name what browsers shall use, see deploy/coturn.md")
    if settings.turn_secret_file is None:
        lines.append(f"{PREFIX}TURN_SECRET_FILE is not set: openssl rand -hex 32 > FILE, and name that file")
    return lines


def _ports(scheme: str, ports: Sequence[int]) -> list[str]:
    found = sorted(set(ports))
    if len(found) < 2:
        return []
    said = " and ".join(map(str, found))
    return [f"{PREFIX}TURN_URLS: coturn listens on one port for {scheme}, and these name {said}: choose one"]


def _certificate(certificate: Path | None, key: Path | None) -> list[str]:
    lines = []
    for option, file in (("--cert", certificate), ("--key", key)):
        if file is None:
            lines.append(f"{option}: turns: needs a certificate and its key: name the PEM files")
        elif not file.is_absolute():
            lines.append(f"{option}: {file} is no absolute path: coturn runs in another folder")
        elif not file.is_file():
            lines.append(
                f"{option}: there is no file {file}: name the PEM file, which coturn's user must be able to read"
            )
    return lines


def _addresses(option: str, addresses: Sequence[str]) -> list[str]:
    lines = []
    for address in addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            lines.append(f"{option}: {address!r} is not an IP address, for instance 203.0.113.7")
    return lines
