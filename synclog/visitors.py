"""Who sent a request: the address, and the networks that one person may hold whole."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

# An IPv6 customer chooses freely within a /64, and many providers give a /48; IPv4 is sold by the /24.
OWN_BITS, WIDE_BITS = {4: 32, 6: 64}, {4: 24, 6: 48}

# Some proxies add the port: 203.0.113.1:4711, [2001:db8::1]:4711.
_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]+)\](:\d+)?|(?P<v4>[\d.]+):\d+")


def address_of(request: HttpRequest) -> str:
    """Read the visitor's address; "" where the proxy tells none, or what is none.

    Behind a proxy the last hop of X-Forwarded-For is the one that the proxy wrote;
    those before it come from the visitor and are not believed.
    """
    if settings.BEHIND_PROXY:
        return _address(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
    return _address(str(request.META.get("REMOTE_ADDR", "")))


def network_of(address: str) -> str:
    """Name the smallest network that counts as one visitor: an IPv4 address, an IPv6 /64.

    Takes what address_of returns, unless that is "".
    """
    return _network(address, OWN_BITS)


def wide_network_of(address: str) -> str:
    """Name the network that one customer of a provider may hold: a /24, an IPv6 /48."""
    return _network(address, WIDE_BITS)


def hashed(*parts: str) -> str:
    """Hash what a counter is for: keys in the broker name nobody."""
    return salted_hmac(__name__, "\n".join(parts)).hexdigest()


def _address(said: str) -> str:
    with_port = _WITH_PORT.fullmatch(said)
    bare = (with_port["v6"] or with_port["v4"]) if with_port else said
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return ""
    return bare


def _network(address: str, bits: dict[int, int]) -> str:
    ip = ipaddress.ip_address(address)
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network((str(ip).partition("%")[0], bits[ip.version]), strict=False))
