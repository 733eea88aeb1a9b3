"""Addresses that only a machine's own network has."""

from urllib.parse import urlsplit


def is_private(url: str) -> bool:
    """Whether the URL's host is this machine, or one that the internet cannot reach.

    Of a name all addresses count; one that does not resolve is not private. The registries that
    tell are IANA's (RFC 6890).
    """
    import socket

    host = urlsplit(url).hostname or ""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(_is_inside(str(entry[4][0])) for entry in found)


def _is_inside(host: str) -> bool:
    from ipaddress import IPv6Address, ip_address

    address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_multicast or not address.is_global
