"""Where a URL leads."""

import re
from urllib.parse import urlsplit


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine (RFC 6761, section 6.3; RFC 1122; RFC 4291)."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    return host in ("localhost", "::1") or host.endswith(".localhost") or _is_127(host)


def has_version(url: str) -> bool:
    """Whether a part of the URL's path names a version of the API, as /v1 and /v1beta do."""
    return re.search(r"/v\d", urlsplit(url).path) is not None


def name_and_port(url: str) -> str:
    """The host of the URL with the port that is meant, as `localhost:80`."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _is_127(host: str) -> bool:
    parts = host.split(".")
    return len(parts) == 4 and parts[0] == "127" and all(part.isdigit() for part in parts)
