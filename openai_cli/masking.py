"""What may be a secret, by its name or by its form, and what stands for it where it would be shown.

Forms are those of the vendors whose keys such a client is given; a key of no known form is told by
what it was given as.
"""

import re
from collections.abc import Callable, Iterable, Iterator

MASK = "***"

# The beginnings of keys: OpenAI and those who took its form (sk-), Groq, xAI, Perplexity, NVIDIA,
# Hugging Face, Replicate, Google, Cerebras, Fireworks, Together, GitHub, AWS; then a JWT.
# Patterns are compiled when first used: few calls mask anything.
KEY = r"""(?x)(?:(?<![A-Za-z0-9])|(?<=-[A-Za-z]))(?:  # also right behind a short flag
        sk-[A-Za-z0-9_-]{3,}
      | (?:gsk_|xai-|pplx-|nvapi-|hf_|r8_|AIza|csk-|fw_|tgp_v1_|gh[opsu]_|github_pat_|sess-|ek_)
        [A-Za-z0-9_-]{16,}
      | AKIA[A-Z0-9]{16}
      | eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*
    )"""
# Letters and digits in one long word, as a key has them that has no beginning of its own.
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
# Of a base URL's query: Azure's, which names a version.
_PLAIN_QUERY = frozenset({"api-version"})
_STRING = r'(?s)"(?:[^"\\]|\\.)*"'


def bare_keys(arguments: Iterable[str]) -> Iterator[str]:
    """What may be a key of no known form in the words of a command line, behind a flag too."""
    for argument in arguments:
        is_flag = argument.startswith("-")
        parts = (argument[2:], argument.partition("=")[2]) if is_flag else (argument,)
        yield from (part for part in parts if re.fullmatch(_BARE, part))


def is_secret_name(name: str) -> bool:
    """Whether what has this name is a secret: `api_key`, `X-Auth-Token`; not `max_tokens`."""
    words = {word.lower() for word in re.findall(_WORDS, name)}
    return name not in _HARMLESS and not words.isdisjoint(_SECRETS)


def without_keys(text: str) -> str:
    """The text with all that has the form of a key masked."""
    return re.sub(KEY, MASK, text)


def without(secret: str, text: str) -> str:
    """The text without this secret, also where it was cut off in the middle of it."""
    text = text.replace(secret, MASK)
    if "…" in text:
        for size in range(len(secret) - 1, 3, -1):
            text = text.replace(f"{secret[:size]}…", f"{MASK}…")
    return text


def in_json(text: str, mask: Callable[[str], str]) -> str:
    """The text with its JSON strings masked, whatever escapes they are written with."""
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
    """A URL without the user and the values of its query that may be secrets."""
    url = re.sub(r"^(\w+://)[^/?#]*@", rf"\1{MASK}@", url)
    base, mark, query = url.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")]
    return f"{base}{mark}" + "&".join(
        f"{name}{equals}{value if name in _PLAIN_QUERY else MASK}" if value else name + equals
        for name, equals, value in pairs
    )


def query_secrets(url: str) -> list[str]:
    """The values of a URL's query that may be secrets."""
    pairs = (pair.partition("=") for pair in url.partition("?")[2].split("&"))
    return [value for name, _, value in pairs if value and name not in _PLAIN_QUERY]
