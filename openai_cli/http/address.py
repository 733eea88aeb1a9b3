"""Where a URL leads, and what may stand in one.

What is checked of a URL and what is asked are read by different libraries; a URL that two of them
could read in two ways is none.
"""

import re
from urllib.parse import SplitResult, urlsplit

# Letters of any script, digits and hyphens, or an IP literal (RFC 3986, section 3.2.2): all parsers
# agree on these.
_HOST = re.compile(r"[\w.-]+|\[[0-9A-Fa-f:.]+(%25[\w.-]+)?\]")
_NOWHERE = re.compile(r"[\s\\\"<>^`{|}]")


def parsed(url: str) -> SplitResult:
    """The parts of a base URL, without user and fragment; ValueError for what is none."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.port == 0:
        raise ValueError("its scheme or port is not valid")
    host = parts.netloc.removesuffix("" if parts.port is None else f":{parts.port}")
    # urlsplit passes over control characters, and what passes them over may lead elsewhere.
    if not _HOST.fullmatch(host.removesuffix(":")) or not url.isprintable() or _NOWHERE.search(url):
        raise ValueError("it has characters that no URL has")
    return parts


def joined(base_url: str, path: str) -> str:
    """The URL of what is below a base URL, whose query goes with it.

    A parameter that the path has itself goes before the base URL's of that name.
    """
    base, _, query = base_url.partition("?")
    own = {pair.partition("=")[0] for pair in path.partition("?")[2].split("&")}
    pairs = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in own]
    mark = "&" if "?" in path else "?"
    return f"{base}{path}{mark if pairs else ''}{'&'.join(pairs)}"


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine (RFC 6761, section 6.3; RFC 1122; RFC 4291).

    A name below `localhost` is where it resolves so: not every resolver keeps to the RFC.
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host.endswith(".localhost"):
        return _resolves_to_loopback(host)
    return host == "localhost" or _is_loopback_address(host)


def has_version(url: str) -> bool:
    """Whether a part of the URL's path names a version of the API, as /v1 and /v1beta do."""
    return re.search(r"/v\d", urlsplit(url).path) is not None


def name_and_port(url: str) -> str:
    """The host of the URL with the port that is meant, as `localhost:80`."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _resolves_to_loopback(host: str) -> bool:
    import socket

    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return bool(found) and all(_is_loopback_address(str(entry[4][0])) for entry in found)


def _is_loopback_address(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
