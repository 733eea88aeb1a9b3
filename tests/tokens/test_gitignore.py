"""Patterns of .gitignore: what they match, by gitignore(5) and git's own tests of wildmatch."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.tokens.gitignore import Patterns

# Pattern, paths that it matches, paths that it does not.
MATCHES = [
    ("foo", "foo foo/ a/foo a/b/foo/", "foo/a fo food a/foo/b"),
    ("/foo", "foo foo/", "a/foo"),
    ("foo/", "foo/ a/foo/", "foo a/foo"),
    ("a/b", "a/b a/b/", "c/a/b a/b/c"),
    ("/", "", "a a/"),
    ("//", "", "a a/"),
    ("*", "a a/ a/b", ""),
    ("*.o", "x.o .o a/x.o x.o/", "x.oo x"),
    ("a*c", "ac abc abbc", "a/c ab"),
    ("foo/*", "foo/a foo/a/", "foo/ foo foo/a/b"),
    ("?", "a a/ b/c", "ab"),
    ("a?c", "abc", "a/c ac"),
    ("**", "a a/ a/b", ""),
    ("**/foo", "foo a/foo a/b/foo/", "food a/food"),
    ("foo/**", "foo/a foo/a/b foo/a/", "foo/ foo"),
    ("a/**/b", "a/b a/x/b a/x/y/b", "ab a/xb a/b/c"),
    ("a**b", "ab axb axb/", "a/b"),
    ("x/a***b", "x/ab x/acb", "x/a/b"),
    ("**/", "a/ a/b/", "a a/b"),
    ("[abc]", "a b c", "d ab /"),
    ("[!abc]", "d e/", "a"),
    ("[^abc]", "d", "b"),
    ("[a-c]x", "ax cx", "dx -x"),
    ("[a-]", "a -", "b"),
    ("[]a]", "] a", "b"),
    ("[!]a]", "b", "] a"),
    (r"[\]]", "]", "\\"),
    (r"[\a-c]", "a b", "d"),
    ("[[:digit:]x]", "5 x", "a :"),
    ("[![:upper:]]", "a 1", "A"),
    ("[z-a]", "", "a z m"),
    ("[!z-a]", "a", ""),
    ("a[/]b", "", "a/b ab"),
    ("a[!x]b", "ayb", "a/b axb"),
    ("[a&&b]", "& a", "c"),
    ("[[:nope:]]", "", "n :"),
    ("[a", "", "[a a"),
    ("a\\", "", "a a\\"),
    (r"\*", "*", "a"),
    (r"\#a", "#a", "a"),
    (r"\!a", "!a", "a"),
    ("#a", "", "#a a"),
    ("a.b", "a.b", "axb"),
    ("a+(b)|{c}$^", "a+(b)|{c}$^", "aa"),
]


@pytest.mark.parametrize(("pattern", "matched", "others"), MATCHES)
def test_matches(pattern: str, matched: str, others: str) -> None:
    patterns = Patterns(pattern.encode() + b"\n")
    assert [path for path in matched.split() if patterns.verdict(path) is None] == []
    assert [path for path in others.split() if patterns.verdict(path) is not None] == []


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (b"a ", "a"),
        (b"a   ", "a"),
        (b"a\\ ", "a "),
        (b"a\\  ", "a "),
        (b"a\\\\ ", "a\\"),
        (b" a", " a"),
        (b"a\t", "a\t"),
        (b"a\r", "a"),
        (b"\xef\xbb\xbfa", "a"),
        (b"\xc3\xa9", "é"),
        (b"??", "é"),
        (b"\xe9", "\udce9"),
    ],
)
def test_lines(line: bytes, path: str) -> None:
    """Blanks at its end are no part of a pattern, but behind a backslash."""
    assert Patterns(line + b"\nzzz").verdict(path) is True


def test_the_last_pattern_that_matches_decides() -> None:
    patterns = Patterns(b"*.o\n!keep.o\n!*.x\n# comment\n\nkeep.x\n!!odd\n")
    assert [patterns.verdict(path) for path in ("a.o", "keep.o", "a.x", "keep.x", "a")] == [
        True,
        False,
        False,
        True,
        None,
    ]
    assert patterns.verdict("!odd") is False


@given(st.binary(max_size=40), st.text(alphabet="ab/*[]!\\.\0é", max_size=8))
def test_any_file_is_taken(content: bytes, path: str) -> None:
    assert Patterns(content).verdict(path) in (True, False, None)
