"""The name of a parameter, of a field of the options and of a key of the file, and its flag."""


def flag_of(name: str) -> str:
    """The flag of a parameter or a field: `--max-tokens` for `max_tokens`."""
    return f"--{hyphenated(name)}"


def hyphenated(name: str) -> str:
    """A name as flags have it, which may be typed with `_` too."""
    return name.replace("_", "-")


def underscored(name: str) -> str:
    """A name as fields and parameters have it, which a file may write with `-` too."""
    return name.replace("-", "_")
