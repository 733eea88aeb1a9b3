"""What is imported when: each costs every command that does not need it."""

import subprocess
import sys


def modules_after(code: str) -> set[str]:
    """The names of the modules that a new Python has loaded after running `code`."""
    code += "\nimport sys; print(*sys.modules)"
    return set(subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).split())


def test_importing_the_package_loads_neither_tiktoken_nor_marisa() -> None:
    loaded = modules_after("from openai_cli.tokens import count, decode, encode")
    assert loaded.isdisjoint({"tiktoken", "marisa_trie", "requests", "typer"})


def test_counting_loads_no_requests() -> None:
    loaded = modules_after(
        "from openai_cli.tokens import count, encoding_for_model\n"
        "assert count('hello world', encoding=encoding_for_model('gpt-4o')) == 2"
    )
    assert "tiktoken" in loaded
    assert loaded.isdisjoint({"requests", "regex", "numpy", "typer"})


def test_decoding_loads_no_tiktoken() -> None:
    loaded = modules_after(
        "from openai_cli.tokens import decode\n"
        "assert decode([24912], encoding='o200k_base') == b'hello'"
    )
    assert "tiktoken" not in loaded


def test_reading_the_names_opens_no_vocabulary() -> None:
    loaded = modules_after("from openai_cli.tokens import encoding_names; encoding_names()")
    assert loaded.isdisjoint({"tiktoken", "marisa_trie"})
