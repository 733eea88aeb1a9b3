"""Recognise possible secrets by their name or form, and mask them in what is shown.

The forms are those of vendors whose keys such a client may get; a key of another form is recognised
by where it was given.
"""

import re
from collections.abc import Callable, Iterable, Iterator

MASK = "***"

# The prefixes that 16 or more characters follow: Groq, xAI, Perplexity, NVIDIA, Hugging Face,
# Replicate, Google, Cerebras, Fireworks, Together and GitHub; last, OpenAI's session keys.
_LONG = (
    "gsk_", "xai-", "pplx-", "nvapi-", "hf_", "r8_", "AIza", "csk-", "fw_", "tgp_v1_",
    "gho_", "ghp_", "ghs_", "ghu_", "github_pat_", "sess-", "ek_",
)  # fmt: skip
# The prefixes of all keys: OpenAI and those who use its form, AWS, a JWT, and those above.
_BEGINNINGS = ("sk-", "AKIA", "eyJ", *_LONG)
# Patterns are compiled on first use, because few calls mask anything.
KEY = rf"""(?x)(?:(?<![A-Za-z0-9])|(?<=-[A-Za-z]))(?:  # also right behind a short flag
        sk-[A-Za-z0-9_-]{{3,}}
      | (?:{"|".join(_LONG)})[A-Za-z0-9_-]{{16,}}
      | AKIA[A-Z0-9]{{16}}
      | eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]*
    )"""
# A long word of letters and digits, which may be a key without a known prefix.
_BARE = r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9]{20,}={0,2}"
_WORDS = r"[A-Z]?[a-z0-9]+|[A-Z]+"
_SECRETS = frozenset(
    {
        "apikey", "auth", "authorization", "bearer", "code", "cookie", "credential", "credentials",
        "key", "pass", "passwd", "password", "pwd", "secret", "session", "sig", "signature",
        "token",
    }
)  # fmt: skip
_HARMLESS = frozenset({"prompt_cache_key"})
# The harmless query parameter of Azure's base URLs, which names a version.
_PLAIN_QUERY = frozenset({"api-version"})
_STRING = r'(?s)"(?:[^"\\]|\\.)*"'


def bare_keys(arguments: Iterable[str]) -> Iterator[str]:
    """Yield possible keys of no known form in a command line, including attached flag values."""
    for argument in arguments:
        is_flag = argument.startswith("-")
        parts = (argument[2:], argument.partition("=")[2]) if is_flag else (argument,)
        yield from (part for part in parts if re.fullmatch(_BARE, part))


def is_secret_name(name: str) -> bool:
    """Return whether a name is that of a secret: `api_key`, `X-Auth-Token`; not `max_tokens`."""
    words = {word.lower() for word in re.findall(_WORDS, name)}
    return name not in _HARMLESS and not words.isdisjoint(_SECRETS)


def without_keys(text: str) -> str:
    """Mask everything in a text that has the form of a key."""
    return re.sub(KEY, MASK, text) if any(each in text for each in _BEGINNINGS) else text


def without(secret: str, text: str) -> str:
    """Mask a secret in a text, even if the text was cut off in the middle of it."""
    text = text.replace(secret, MASK)
    if "…" in text:
        for size in range(len(secret) - 1, 3, -1):
            text = text.replace(f"{secret[:size]}…", f"{MASK}…")
    return text


def in_json(text: str, mask: Callable[[str], str]) -> str:
    """Mask the JSON strings in a text, whatever escapes they contain."""
    import json

    def masked(match: re.Match[str]) -> str:
        if "\\" not in match[0]:
            return match[0]
        try:
            value = json.loads(match[0], strict=False)
        except ValueError:
            return match[0]
        shown = mask(value)
        return match[0] if shown == value else json.dumps(shown, ensure_ascii=False)

    return re.sub(_STRING, masked, text) if "\\" in text else text


def shown_url(url: str) -> str:
    """Mask a URL's user and those query values that may be secrets."""
    url = re.sub(r"^(\w+://)[^/?#]*@", rf"\1{MASK}@", url)
    base, mark, query = url.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")]
    return f"{base}{mark}" + "&".join(
        f"{name}{equals}{value if name in _PLAIN_QUERY else MASK}" if value else name + equals
        for name, equals, value in pairs
    )


def query_secrets(url: str) -> list[str]:
    """Return the query values of a URL that may be secrets."""
    pairs = (pair.partition("=") for pair in url.partition("?")[2].split("&"))
    return [value for name, _, value in pairs if value and name not in _PLAIN_QUERY]
