"""The reader of the pages: an example that it overlooked would be tested by nothing."""

import pytest

from tests.docs.pages import Example, File, Other, Part, parts, pieces, replies, stray_commands

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


RECIPES = """# Recipes

```console
$ zero
```

## In vim

<!-- recipe: needs vim, jq -->

```md title="a.md"
## No heading
```

```console
$ one
```

## Plain

<!-- recipe -->

```console
$ two
```

## The answers

<!-- replies -->

```json title="replies.jsonl"
{}
```
"""


def test_a_recipe_runs_by_itself() -> None:
    answers = File(31, "replies.jsonl", "{}\n")
    assert parts(RECIPES) == [
        Part("", (), [Example(4, "zero", ""), answers]),
        Part(
            "In vim", ("vim", "jq"), [File(11, "a.md", "## No heading\n"), Example(16, "one", "")]
        ),
        Part("Plain", (), [Example(24, "two", "")]),
    ]


def test_the_answers_of_a_page() -> None:
    assert (replies(RECIPES), replies(PAGE)) == ("{}\n", None)


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
