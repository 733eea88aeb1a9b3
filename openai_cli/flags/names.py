"""Convert between the names of flags, of parameters and of keys in the configuration file."""


def flag_of(name: str) -> str:
    """Return the flag of a parameter or a field: `--max-tokens` for `max_tokens`.

    A field whose name would be a word of Python ends in `_`: `import_`.
    """
    return f"--{hyphenated(name.removesuffix('_'))}"


def hyphenated(name: str) -> str:
    """Return a name in the form of flags, which may also be typed with `_`."""
    return name.replace("_", "-")


def underscored(name: str) -> str:
    """Return a name in the form of fields and parameters, which a file may also write with `-`."""
    return name.replace("-", "_")
