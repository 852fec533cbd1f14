"""Which addresses Concord may call, and which point inside the network it runs in.

A person who may edit a connection must not be able to make this machine talk to
its neighbours: the metadata service of a cloud, a database, the console of a
router. Pure: no Django, and a call is made only to resolve a name.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

import idna

from connectors.networks import Ip, is_inside

Resolver = Callable[[str, int], Sequence[str]]

SETTING, PORTS_SETTING = "CONCORD_INSIDE_ALLOWED", "CONCORD_PORTS_ALLOWED"
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(?![0-9]+(?:/|$))", re.IGNORECASE)  # not the port of host:443
_NAME = re.compile(r"(?=.{1,253}$)(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)*(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PLAIN_IPV4 = re.compile(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})")
_UNFIT = re.compile(r"[\x00-\x20\x7f\\]")  # what a browser, a library and a server each read in their own way

HTTPS_PORT, HTTP_PORT = 443, 80


@dataclass(frozen=True, slots=True)
class Permit:
    """What a connection may do beyond calling public https addresses on port 443.

    `ports` are others that any connection may call. Of a rehearsal only, `inside` are the
    host names, addresses and networks that it may call although they are inside, on every
    port. A name among them may lead anywhere.
    """

    rehearsal: bool = False
    inside: Sequence[str] = ()
    ports: Sequence[int] = ()


STRICT = Permit()


class RefusedAddressError(Exception):
    """Tell that an address is not to be called; its text is a sentence for a person."""


def normal(text: str) -> str:
    """Return an address in one spelling: with its scheme, its host in ASCII, no slash at the end.

    A host in another script becomes xn--…, so that a look-alike shows. What can't
    be read as an address is returned as it came.
    """
    text = text.strip()
    text = text if _SCHEME.match(text) else f"https://{text.lstrip('/')}"
    try:
        parts = urlsplit(text)
        host, port = _host(parts), parts.port
    except ValueError:
        return text
    if not host or _UNFIT.search(text):
        return text
    shown = f"[{host}]" if ":" in host else host
    login = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    netloc = f"{login}{shown}" + (f":{port}" if port is not None else "")
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), parts.query, parts.fragment))


def wrong(url: str, permit: Permit = STRICT) -> str:
    """Return in a sentence what is wrong with an address as it is written, "" for one that may be tried.

    What its name leads to is for `refused`.
    """
    if _UNFIT.search(url):
        return "An address has no blanks, backslashes or control characters. Copy it anew."
    try:
        parts = urlsplit(url)
        host, port = _host(parts), parts.port
    except ValueError:
        return "This is not an address. It looks like https://acme.example."
    is_readable = parts.scheme == "http" and not permit.rehearsal
    plain = "Use https: over plain http the login would travel readable for all." if is_readable else ""
    # Whether a rehearsal's port is that of an allowed host shows when its name is resolved.
    port_wrong = "" if permit.rehearsal and permit.inside else _wrong_port(port or HTTPS_PORT, permit)
    return _wrong_shape(parts, port) or _wrong_host(host, permit) or plain or port_wrong


def refused(host: str, found: Sequence[str], permit: Permit = STRICT, port: int = HTTPS_PORT) -> str:
    """Return in a sentence why a name that leads to these addresses is not called, "" if it may be."""
    if _is_named(host, permit):
        return ""
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        if is_inside(address) and not _is_allowed(address, permit):
            to = "" if host == text else f" (it leads to {text})"
            return f"{host} points inside your own network{to}. {_remedy(permit)}"
    is_excepted = all(_is_allowed(ipaddress.ip_address(text.partition("%")[0]), permit) for text in found)
    return "" if is_excepted else _wrong_port(port, permit)


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses that a name has now. Raises OSError where it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


def points_inside(
    url: str, permit: Permit = STRICT, *, resolve: Resolver = resolved, within_s: float = 3.0
) -> str:
    """Return `wrong`, or `refused` for what the name leads to now; for a person who saves a form.

    A name that nobody knows, or not in time, is no reason: each connect looks again.
    """
    said = wrong(url, permit)
    if said:
        return said
    parts = urlsplit(url)
    host = _host(parts)
    pool = ThreadPoolExecutor(1, thread_name_prefix="resolve")
    try:
        port = parts.port or (HTTP_PORT if parts.scheme == "http" else HTTPS_PORT)
        asked: Future[Sequence[str]] = pool.submit(resolve, host, port)
        return refused(host, asked.result(within_s), permit, port)
    except (OSError, UnicodeError):  # TimeoutError is one of them
        return ""
    finally:
        pool.shutdown(wait=False)


@dataclass(frozen=True, slots=True)
class Guard:
    """Resolve a name right before a connect, and let only what may be called through."""

    permit: Permit = STRICT
    resolve: Resolver = resolved

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses to connect to, and to no others. Raises RefusedAddressError, OSError.

        One inside among them refuses all: who answers so is asked by a resolver
        that was tampered with, or means to change his mind.
        """
        found = list(self.resolve(host, port))
        if not found:
            raise OSError(f"{host} has no address")
        said = refused(host, found, self.permit, port)
        if said:
            raise RefusedAddressError(said)
        return found


def _wrong_shape(parts: SplitResult, port: int | None) -> str:
    if parts.scheme not in ("https", "http"):
        return f"{parts.scheme or 'Nothing'}: is no way in which Concord calls. The address begins with https://."
    if "@" in parts.netloc:
        return "The address holds a user name or a password. Leave them out; the login has its own boxes."
    if parts.query or parts.fragment:
        return "Leave out what follows ? or # in the address."
    if port == 0:
        return "Port 0 can't be called. Leave the port out."
    return ""


def _wrong_port(port: int, permit: Permit) -> str:
    usual = (HTTPS_PORT, HTTP_PORT) if permit.rehearsal else (HTTPS_PORT,)
    if port in (*usual, *permit.ports):
        return ""
    return (
        f"Concord calls port {HTTPS_PORT} only, and this is port {port}. Leave the port out, or have it "
        f"named in the setting {PORTS_SETTING} by whoever runs Concord."
    )


def _wrong_host(host: str, permit: Permit) -> str:
    if not host:
        return "The address has no host. It looks like https://acme.example."
    address = _address(host)
    if address is None and not _NAME.fullmatch(host):
        return f"{host[:100]} is not the name of a host. Copy the address anew."
    if address is None and _is_number(host):
        return (
            f"{host[:100]} is an address in disguise, which often points inside your own network. "
            "Enter the name of the host."
        )
    if address is None and (host == "localhost" or host.endswith(".localhost")):
        return refused(host, ["127.0.0.1"], permit)
    return refused(host, [str(address)], permit) if address else ""


def _host(parts: SplitResult) -> str:
    """Return the host in ASCII, small, without the dots at its end. Raises ValueError."""
    name = (parts.hostname or "").rstrip(".。．｡")
    if not name.isascii():
        name = idna.uts46_remap(name, std3_rules=False, transitional=False).rstrip(".")
    if not name.isascii():
        name = idna.encode(name, uts46=True).decode()
    address = _address(name)
    return str(address) if address else name.lower()


def _address(host: str) -> Ip | None:
    """Return the address that a host is, in the one spelling that all read alike; else None."""
    if ":" not in host and not _PLAIN_IPV4.fullmatch(host):
        return None
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_number(host: str) -> bool:
    """Return whether a library may take this name for an IPv4 address: 2130706433, 0x7f.1, 127.1.

    Source: URL Standard, "ends in a number". None of these is anybody's name.
    """
    return _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _is_named(host: str, permit: Permit) -> bool:
    return permit.rehearsal and host.lower().rstrip(".") in {name.strip().lower() for name in permit.inside}


def _is_allowed(address: Ip, permit: Permit) -> bool:
    """Return whether a network of the permit holds this address, or the one that it stands for."""
    networks = [network for entry in permit.inside if (network := _network(entry))]
    plain = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return permit.rehearsal and any((plain or address) in network for network in networks)


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry.strip(), strict=False)
    except ValueError:  # a name
        return None


def _remedy(permit: Permit) -> str:
    """Return what to do. Only a rehearsal may be allowed more, by whoever runs Concord."""
    if permit.rehearsal:
        return (
            "Enter the address that it has on the internet; a rehearsal inside must be named in the setting "
            f"{SETTING} by whoever runs Concord."
        )
    return (
        "Enter the address that it has on the internet. Only a connection whose environment is REHEARSAL may "
        "be allowed to call inside."
    )
