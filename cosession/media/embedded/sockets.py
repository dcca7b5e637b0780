"""A worker's UDP sockets: bound by family under one number, offered by address. How they are read: `udp_reader`.

Source: RFC 8445 section 5.1.1.1 (an address for each family).
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence

import ifaddr

#: As a socket gives it: two parts for IPv4, four for IPv6.
UdpAddress = tuple[str, int] | tuple[str, int, int, int]

_BUFFER_BYTES = 4 << 20
_MAX_CANDIDATES = 8


def bind(host: str, port: int) -> list[socket.socket]:
    """The sockets for an address: for `::`, all of IPv4 and all of IPv6 under one number, IPv4 alone on a machine
    without IPv6. Raises OSError."""
    families = [(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]
    if host == "::":
        families.insert(0, (socket.AF_INET, "0.0.0.0"))
    bound: list[socket.socket] = []
    try:
        for family, name in families:
            if bound and not _has_ipv6():
                break
            one = socket.socket(family, socket.SOCK_DGRAM)
            bound.append(one)
            one.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                one.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((name, bound[0].getsockname()[1] if len(bound) > 1 else port))
    except OSError:
        for one in bound:
            one.close()
        raise
    return bound


def candidate_addresses(bound: str, public: str | None) -> Sequence[str]:
    """The addresses to offer, best first: `public` if there is one, then the bound address or, bound to all, those of
    this machine today, those that lead out of it first, then IPv4 before IPv6, loopback last, so that a page on this
    very machine finds the server without any network. Asked for each answer: networks come and go."""
    found = [public] if public else []
    if bound in {"0.0.0.0", "::"}:
        names = [ip.ip if isinstance(ip.ip, str) else ip.ip[0] for a in ifaddr.get_adapters() for ip in a.ips]
        local = [ipaddress.ip_address(name) for name in names]
        usable = [a for a in local if not a.is_link_local and (a.version == 4 or bound == "::")]
        # A machine of many bridges has more addresses than are offered: those that can be reached are not cut off.
        out = {_leading_out(socket.AF_INET, "192.0.2.1"), _leading_out(socket.AF_INET6, "2001:db8::1")}
        ranked = sorted(usable, key=lambda a: (a.is_loopback, str(a) not in out, a.version))
        found += [str(a) for a in ranked][: _MAX_CANDIDATES - 1]
        loopback = [str(a) for a in usable if a.is_loopback]
        found += [a for a in loopback if a not in found]
    else:
        found.append(bound)
    return list(dict.fromkeys(found))


def reaches_nobody(bound: str, public: str | None) -> bool:
    """Whether it is bound to all addresses and finds none that another machine could reach."""
    everything = bound in {"0.0.0.0", "::"}
    return everything and all(ipaddress.ip_address(a).is_loopback for a in candidate_addresses(bound, public))


def _leading_out(family: socket.AddressFamily, somewhere: str) -> str | None:
    """The address from which this machine would send to elsewhere (RFC 5737, RFC 3849); nothing is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((somewhere, 9))
            return str(probe.getsockname()[0])
    except OSError:
        return None


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True
