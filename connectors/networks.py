"""Which internet addresses are public: by a list of our own, the same under every version of Python.

Everything with a purpose of its own is taken for inside: what never leaves a network,
what stands for examples and tests, and what is answered by whoever is nearest. Pure.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries, Multicast Address Space
and IPv6 Global Unicast Address Assignments, read 2026-11.
"""

import ipaddress

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

INSIDE_IPV4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a provider's customers; a cloud's metadata service, too
        "127.0.0.0/8",  # this machine
        "168.63.129.16/32",  # a public address that Azure answers inside each machine's network
        "169.254.0.0/16",  # link-local; most clouds' metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata service at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112, answered by whoever is nearest
        "192.52.193.0/24",  # AMT, likewise
        "192.88.99.0/24",  # former relays of 6to4
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
UNICAST_IPV6 = ipaddress.IPv6Network("2000::/3")  # all that is given out; the rest is inside or nowhere
INSIDE_IPV6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments; Teredo, the one exception, stands below
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
# Addresses that stand for an IPv4 address on its way: as public as that one.
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_TEREDO = ipaddress.IPv6Network("2001::/32")
_6TO4 = ipaddress.IPv6Network("2002::/16")
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: before an IPv4 address in the last half of any prefix
_32_BITS = 0xFFFFFFFF


def is_inside(address: Ip) -> bool:
    """Return whether an address is anything but a public one, also where it carries another in it."""
    if isinstance(address, ipaddress.IPv4Address):
        return any(address in network for network in INSIDE_IPV4)
    if any(is_inside(one) for one in carried(address)):
        return True
    if any(address in network for network in (_MAPPED, _NAT64, _TEREDO, _6TO4)):
        return False
    return address not in UNICAST_IPV6 or any(address in network for network in INSIDE_IPV6)


def carried(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that this one stands for, or may."""
    number = int(address)
    found = []
    if address in _MAPPED or address in _NAT64 or (number >> 32) & _32_BITS in _ISATAP:
        found.append(number & _32_BITS)
    if address in _6TO4:
        found.append((number >> 80) & _32_BITS)
    if address in _TEREDO:  # the server's, and the client's with its bits turned
        found += [(number >> 64) & _32_BITS, ~number & _32_BITS]
    return [ipaddress.IPv4Address(one) for one in found]
