"""Patterns of .gitignore: what they match, by gitignore(5) and git's own tests of wildmatch."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
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
    ("[z-a]", "z", "a m"),
    ("[!z-a]", "a", "z"),
    ("[b-a-c]", "b - c", "a"),
    ("build**/out", "buildx/out build/out build/a/out buildout", "out bui/out build/outer"),
    ("a**/**", "ab a/b ab/c/ ab/c/d", "b ba"),
    ("x/a**", "x/a x/ab x/a/b x/ab/c", "a x/b y/x/a"),
    ("*a*b*c", "abc xaybzc", "acb ab/c abca"),
    ("a/**/b/**/c", "a/b/c a/x/b/y/z/c a/b/b/c", "a/c b/c a/b/c/d"),
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


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 12 + "b", "a" * 4000),
        ("x/" + "*a" * 12 + "b", "x/" + "a" * 4000),
        ("**/a/" * 6 + "b", "a/" * 2000 + "c"),
        ("a**/**/" * 5 + "b", "a/" * 2000 + "c"),
    ],
)
def test_a_pattern_takes_time_as_the_path_is_long(pattern: str, path: str) -> None:
    """Tried again at each star, each of these takes longer than anybody waits."""
    assert Patterns(pattern.encode() + b"\n").verdict(path) is None


# What pieces of patterns are made of, with all that is special between them.
ATOMS = st.sampled_from(
    ["a", "b", "ab", "*", "**", "***", "/", "?", "[ab]", "[!a]", "[b-a]", "[a-b]", "**/", "/**",
     "\\a", ".", "[]a]", "[a-", "\\", "build", " ", "!", "[[:alpha:]]", "[a-c-b]"]
)  # fmt: skip
NAMES = st.sampled_from(["a", "b", "ab", "ba", "abc", "build", "builda", "aab", ".a", "a b"])


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    return folder


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    lines=st.lists(st.lists(ATOMS, min_size=1, max_size=6).map("".join), min_size=1, max_size=4),
    paths=st.lists(
        st.lists(NAMES, min_size=1, max_size=4).map("/".join), min_size=1, max_size=30, unique=True
    ),
)
def test_git_has_the_same(repository: Path, lines: list[str], paths: list[str]) -> None:
    content = "".join(f"{line}\n" for line in lines).encode()
    (repository / ".gitignore").write_bytes(content)
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin", "-z"],
        cwd=repository, input="\0".join(paths).encode(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    patterns = Patterns(content)
    ignored = [path for path in paths if any(map(patterns.verdict, [*folders_of(path), path]))]
    assert ignored == [path for path in done.stdout.decode().split("\0") if path]


def folders_of(path: str) -> list[str]:
    """What a path is in: git leaves out what is in a folder that it leaves out."""
    parts = path.split("/")
    return ["/".join(parts[:end]) + "/" for end in range(1, len(parts))]


@given(st.binary(max_size=40), st.text(alphabet="ab/*[]!\\.\0é", max_size=8))
def test_any_file_is_taken(content: bytes, path: str) -> None:
    assert Patterns(content).verdict(path) in (True, False, None)
