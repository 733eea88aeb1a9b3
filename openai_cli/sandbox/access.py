"""Access control: programs with the key are let in, web pages in a local browser are not.

It looks only at the head of a request, so that the body of a refused request is never read.
"""

import hmac
import re
import secrets

from openai_cli.sandbox.refusals import Refusal

NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header "
    "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank "
    "username) if you're accessing the API from your browser and are prompted for a username and "
    "password. You can obtain an API key from https://platform.openai.com/account/api-keys."
)
WRONG_KEY = (
    "Incorrect API key provided: it is not the key of this sandbox, which it printed when it "
    "started (openai-cli sandbox --key KEY sets it, and --any-key takes any)."
)

NOT_PERMITTED = (
    "You have insufficient permissions for this operation. Missing scopes: {scope}. The admin "
    "operations of this sandbox take its admin key, OPENAI_ADMIN_KEY, and no other operation takes "
    "that."
)

# The prefix of admin keys.
ADMIN = "sk-admin-"

# Names for loopback in a Host header (RFC 9112, section 3.2); any port, as it may be forwarded.
_LOOPBACK = r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?"


def new_key() -> str:
    """Return a random key of 128 bits."""
    return f"sandbox-{secrets.token_hex(16)}"


def check_sender(host: str, origin: str, site: str) -> None:
    """Refuse web pages, by the headers Host, Origin and Sec-Fetch-Site ('' if absent).

    A page that points its own host name to loopback (DNS rebinding) is recognized by the Host
    header, in which the browser puts that name.
    """
    if not re.fullmatch(_LOOPBACK, host, re.IGNORECASE):
        raise Refusal(
            "The sandbox only answers requests whose Host header names loopback, such as localhost "
            "or 127.0.0.1.",
            status=421,
        )
    is_foreign = bool(origin) and not re.fullmatch(f"https?://{_LOOPBACK}", origin)
    if is_foreign or site == "cross-site":
        raise Refusal(
            "The sandbox does not answer requests from web pages of other sites.", status=403
        )


def admin_key(key: str) -> str:
    """The admin key of a sandbox that requires `key`; it has the same prefix as the API's own."""
    return f"{ADMIN}{key}"


def is_admin(path: str) -> bool:
    """Whether a path belongs to the admin operations, which take only an admin key."""
    return re.match("/v1/(organization|projects)([/?]|$)", path) is not None


def check_key(authorization: str, key: str | None, path: str = "") -> None:
    """Refuse a missing or wrong key; if `key` is None, any non-empty one is accepted.

    Admin operations take only the admin key, and no other operation takes it.
    """
    scheme, _, given = authorization.partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer" or not given:
        raise Refusal(NO_KEY, status=401)
    known = key is None or any(
        hmac.compare_digest(given.encode(), one.encode()) for one in (key, admin_key(key))
    )
    if not known:
        raise Refusal(WRONG_KEY, status=401, code="invalid_api_key")
    if given.startswith(ADMIN) != is_admin(path):
        scope = "api.management.read" if is_admin(path) else "api.model.request"
        raise Refusal(NOT_PERMITTED.format(scope=scope), status=403)


def ticket_of(key: str | None, path: str) -> str:
    """A token that makes a URL usable without the key, but only by whoever was given the URL."""
    return hmac.digest((key or "").encode(), path.encode(), "sha256").hex()[:32]


def is_ticket(given: str, key: str | None, path: str) -> bool:
    """Whether a URL was handed out with this token."""
    return hmac.compare_digest(given.encode(), ticket_of(key, path).encode())
