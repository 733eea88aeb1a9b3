"""Parse and validate URLs.

One library checks a URL and another connects to it, so a URL that two parsers could read
differently is rejected.
"""

import re
from urllib.parse import SplitResult, urlsplit

# Letters of any script, digits and these, or an IP literal (RFC 3986, section 3.2.2): all parsers
# agree on them. With letters in their place, str.isalnum takes them too.
_MARKS = str.maketrans("._-", "aaa")
_LITERAL = r"\[[0-9A-Fa-f:.]+(%25[\w.-]+)?\]"
_NOWHERE = frozenset(' \\"<>^`{|}')
# The end of the hosts that process in one region, such as eu.api.openai.com.
_REGIONAL = ".api.openai.com"


def parsed(url: str) -> SplitResult:
    """Split a base URL, which must have no user and no fragment; ValueError if it is malformed."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or parts.port == 0:
        raise ValueError("its scheme or port is not valid")
    host = parts.netloc.removesuffix("" if parts.port is None else f":{parts.port}")
    # urlsplit drops some control characters, so its host may not be the one that is connected to.
    is_plain = url.isprintable() and _NOWHERE.isdisjoint(url)
    if not is_plain or not _is_host(host.removesuffix(":")):
        raise ValueError("it has characters that no URL has")
    return parts


def _is_host(text: str) -> bool:
    return text.translate(_MARKS).isalnum() or re.fullmatch(_LITERAL, text) is not None


def joined(base_url: str, path: str) -> str:
    """Append a path to a base URL and keep the base URL's query.

    A query parameter of the path replaces the base URL's parameter of the same name.
    """
    base, _, query = base_url.partition("?")
    own = {pair.partition("=")[0] for pair in path.partition("?")[2].split("&")}
    pairs = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in own]
    mark = "&" if "?" in path else "?"
    return f"{base}{path}{mark if pairs else ''}{'&'.join(pairs)}"


def is_loopback(url: str) -> bool:
    """Return whether the URL's host is this machine (RFC 6761, section 6.3; RFC 1122; RFC 4291).

    A name under `.localhost` is resolved first, because not every resolver follows the RFC.
    """
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host.endswith(".localhost"):
        return _resolves_to_loopback(host)
    return host == "localhost" or _is_loopback_address(host)


def has_version(url: str) -> bool:
    """Return whether the URL's path contains an API version, such as /v1 or /v1beta."""
    return re.search(r"/v\d", urlsplit(url).path) is not None


def name_and_port(url: str) -> str:
    """Return the URL's host and effective port, such as `localhost:80`."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def region_of(base_url: str) -> str | None:
    """Return the region of a base URL's host; None for the global host and for other servers.

    The hosts are listed at https://developers.openai.com/api/docs/guides/your-data.
    """
    host = urlsplit(base_url).hostname or ""
    region = host.removesuffix(_REGIONAL)
    is_region = host.endswith(_REGIONAL) and 2 <= len(region) <= 4 and region.isalpha()
    return region if is_region else None


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
