"""Keep one comment on a pull request up to date; action.yml runs this after `cost diff`.

    python3 pull_request_comment.py REPORT CHANGED

REPORT is Markdown whose first line identifies the comment. The comment is created if it is missing,
updated if it differs, and removed if CHANGED is `false`. Everything else comes from variables of
GitHub Actions: GITHUB_EVENT_PATH, GITHUB_REPOSITORY, GITHUB_API_URL, and GITHUB_TOKEN. A token that
may not comment, such as that of a fork, gets a notice, and any other failure a warning.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
_PATIENCE = 30


def main() -> int:
    """Bring the pull request's comment in line with the report; return the exit code."""
    report, changed = Path(sys.argv[1]), sys.argv[2]
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    number = event.get("pull_request", {}).get("number")
    if number is None or not report.exists():
        print("there is no pull request, or no report: nothing to comment")
        return 0
    try:
        print(_kept(number, report.read_text(encoding="utf-8"), is_wanted=changed != "false"))
    except (OSError, ValueError) as error:  # ValueError for an answer that is not JSON
        if isinstance(error, HTTPError) and error.code in (403, 404):
            print("::notice::the token may not comment here: the summary has the report")
        else:
            print(f"::warning::the comment could not be written: {error}")
    return 0


def _kept(number: int, text: str, *, is_wanted: bool) -> str:
    """Create, update or remove the comment; return what was done."""
    comments = f"{_repository()}/issues/{number}/comments"
    marker = text.partition("\n")[0]
    before = next(
        (
            one
            for one in _pages(f"{comments}?per_page=100")
            if (one["body"] or "").startswith(marker)
        ),
        None,
    )
    if not is_wanted:
        if before is None:
            return "nothing is left to say"
        _ask("DELETE", f"{_repository()}/issues/comments/{before['id']}")
        return "the comment is removed: nothing is left to say"
    if before is None:
        _ask("POST", comments, {"body": text})
        return "the comment is written"
    if before["body"].splitlines() == text.splitlines():
        return "the comment says so already"
    _ask("PATCH", f"{_repository()}/issues/comments/{before['id']}", {"body": text})
    return "the comment is changed"


def _repository() -> str:
    return f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}"


def _pages(url: str | None) -> Any:
    """Yield the comments, page by page."""
    while url is not None:
        found, link = _ask("GET", url)
        yield from found
        following = _NEXT.search(link)
        url = following[1] if following else None


def _ask(method: str, url: str, body: dict[str, Any] | None = None) -> tuple[Any, str]:
    """The API's response and its Link header; raises OSError, which includes HTTPError.

    Raises ValueError for a response that is not JSON.
    """
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Content-Type": "application/json",
    }
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, headers, method=method)  # noqa: S310 - GitHub's own variable
    with urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
        text = answer.read()
        return (json.loads(text) if text else None), answer.headers.get("Link", "")


if __name__ == "__main__":
    sys.exit(main())
