"""The reader of the pages: an example that it overlooked would be tested by nothing."""

import pytest

from tests.docs.pages import Example, File, Other, pieces, stray_commands

PAGE = r"""# A page

<!-- setup: touch a && touch b -->

```console
$ one \
    --more
out

$ two
$ cat <<END
> in
> END
in
```

```json title="a.json"
{}
```

```python
pass
```
"""


def test_a_page_in_its_pieces() -> None:
    assert list(pieces(PAGE)) == [
        Example(3, "touch a && touch b"),
        Example(6, "one \\\n    --more", "out\n\n"),
        Example(10, "two", ""),
        Example(11, "cat <<END\nin\nEND", "in\n"),
        File(17, "a.json", "{}\n"),
        Other(21, "python", "pass\n"),
    ]


def test_a_console_fence_starts_with_a_command() -> None:
    with pytest.raises(AssertionError, match="starts with a command"):
        list(pieces("```console\nout\n$ late\n```\n"))


@pytest.mark.parametrize(
    ("language", "text", "stray"),
    [
        ("sh", "make test\n", []),
        ("sh", "make test\nrm -r /\n", ["rm -r /"]),
        ("bash", "ls\n", ["ls"]),
        ("shell", "ls\n", ["ls"]),
        ("", "$ ls\n", ["$ ls"]),
        ("text", "  openai-cli chat hi\n", ["  openai-cli chat hi"]),
        ("text", "Usage: openai-cli chat\n", []),
    ],
)
def test_commands_that_no_test_runs_are_found(language: str, text: str, stray: list[str]) -> None:
    assert stray_commands(Other(1, language, text)) == stray
