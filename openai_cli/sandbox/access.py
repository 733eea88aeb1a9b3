"""Who may ask: the program that has the key, and no web page in a browser on this machine.

It goes by the head of a request alone, so that nothing else of a request that is refused is read.
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

# How the keys of admins begin.
ADMIN = "sk-admin-"

# The names of loopback in a Host header (RFC 9112, section 3.2); any port, as one may be forwarded.
_LOOPBACK = r"(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]{1,5})?"


def new_key() -> str:
    """A key of 128 random bits."""
    return f"sandbox-{secrets.token_hex(16)}"


def check_sender(host: str, origin: str, site: str) -> None:
    """Refuse what a web page has sent; the headers Host, Origin and Sec-Fetch-Site, '' if absent.

    A page of another site that has its own name lead to loopback (DNS rebinding) is told by the
    Host, for a browser puts the page's name there.
    """
    if not re.fullmatch(_LOOPBACK, host, re.IGNORECASE):
        raise Refusal(
            "The sandbox answers to a Host header that names loopback, as localhost or 127.0.0.1, "
            "and to no other.",
            status=421,
        )
    is_foreign = bool(origin) and not re.fullmatch(f"https?://{_LOOPBACK}", origin)
    if is_foreign or site == "cross-site":
        raise Refusal("The sandbox does not answer to web pages of other sites.", status=403)


def admin_key(key: str) -> str:
    """The admin key of a sandbox that demands `key`: it begins as the API's own do."""
    return f"{ADMIN}{key}"


def is_admin(path: str) -> bool:
    """Whether a path is one of the admin operations, which take an admin key and no other."""
    return re.match("/v1/(organization|projects)([/?]|$)", path) is not None


def check_key(authorization: str, key: str | None, path: str = "") -> None:
    """Refuse a missing or wrong key; where `key` is None, any that is not empty is right.

    The admin operations take the admin key alone, and no other operation takes it.
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
    """What stands in a URL that needs no key, so that only who was told it can ask for it."""
    return hmac.digest((key or "").encode(), path.encode(), "sha256").hex()[:32]


def is_ticket(given: str, key: str | None, path: str) -> bool:
    """Whether a URL was handed out with this ticket."""
    return hmac.compare_digest(given.encode(), ticket_of(key, path).encode())
