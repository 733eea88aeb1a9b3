"""Recognise addresses that the public internet cannot reach."""

from urllib.parse import urlsplit


def is_private(url: str) -> bool:
    """Return whether the URL's host is this machine or unreachable from the public internet.

    A name is private if any of its addresses is; one that does not resolve is not. The private
    addresses are those of the IANA special-purpose registries (RFC 6890).
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
