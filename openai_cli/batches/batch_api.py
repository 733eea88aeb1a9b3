"""What the Batch API is asked for: files, and batches of them."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from openai_cli.batches.files import private
from openai_cli.calls.session import Session
from openai_cli.errors import BadAnswerError, OutputError
from openai_cli.http.payload import Form, FormFile, Json
from openai_cli.jsontext import encode_json, parse_json

if TYPE_CHECKING:
    from openai_cli.http.client import HttpResponse

# The key in the metadata of a batch of ours that has the intent of its part.
INTENT = "openai_cli_part"
# The longest page that the API gives of batches, and one of files that is short enough to read.
_PAGE = 100
# In bytes: what is told of a thing, or of a page of them.
_LARGEST = 16 * 1024 * 1024

Found = dict[str, Any]


class BatchApi:
    """Asks the server of a session. What makes a thing is sent once: see `Queued`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def upload(self, path: Path, filename: str) -> str:
        """Upload a file of lines; gives its id."""
        file = FormFile("file", filename, "application/jsonl", str(path), path)
        boundary = os.urandom(16).hex()
        found = self._ask("POST", "/files", Form([("purpose", "batch")], [file], boundary))
        return _id(found)

    def find_file(self, filename: str) -> str | None:
        """The id of a file for batches of this name; None where there is none."""
        for found in self._all("/files", purpose="batch"):
            if found.get("filename") == filename:
                return _id(found)
        return None

    def create(self, file_id: str, url: str, intent: str) -> Found:
        """Make a batch of a file of lines for an endpoint."""
        body = {
            "input_file_id": file_id,
            "endpoint": url,
            "completion_window": "24h",
            "metadata": {INTENT: intent},
        }
        return _batch(self._ask("POST", "/batches", Json(encode_json(body))))

    def find(self, intent: str) -> Found | None:
        """The batch that was made with an intent; None where there is none."""
        for found in self._all("/batches"):
            metadata = found.get("metadata")
            if isinstance(metadata, Mapping) and metadata.get(INTENT) == intent:
                return _batch(found)
        return None

    def show(self, batch_id: str) -> Found:
        """The batch as it is now."""
        return _batch(self._ask("GET", f"/batches/{quote(batch_id, safe='')}"))

    def cancel(self, batch_id: str) -> Found:
        """Cancel a batch; it may end otherwise before."""
        return _batch(self._ask("POST", f"/batches/{quote(batch_id, safe='')}/cancel"))

    def download(self, file_id: str, path: Path) -> None:
        """Write what is in a file to a path; OutputError where that cannot be."""
        where = f"/files/{quote(file_id, safe='')}/content"

        def consume(http: "HttpResponse") -> None:
            with private(path) as file:
                file.writelines(http.pieces())

        try:
            self._session.client.call("GET", where, consume)
        except OSError as error:
            raise OutputError(
                f"cannot write '{path}': {error.strerror}",
                hint="the answers are kept at the API, and the same command goes on",
            ) from None

    def delete(self, file_id: str) -> None:
        """Delete a file."""
        self._ask("DELETE", f"/files/{quote(file_id, safe='')}")

    def _all(self, path: str, **query: str) -> Any:
        """All things of a list, the newest first, page by page."""
        seen: set[str] = set()
        after: dict[str, str] = {}
        while True:
            told = {**query, "limit": str(_PAGE), **after}
            page = self._ask("GET", f"{path}?{urlencode(told)}")
            data = page.get("data")
            things = (
                [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
            )
            yield from things
            last = things[-1].get("id") if things else None
            if not page.get("has_more") or not isinstance(last, str) or last in seen:
                return
            seen.add(last)
            after = {"after": last}

    def _ask(self, method: str, path: str, payload: "Form | Json | None" = None) -> Found:
        from openai_cli.answer.parts import collected

        body = self._session.client.call(
            method,
            path,
            lambda http: collected(http.pieces(), _LARGEST),
            payload=payload,
            may_retry=lambda: method != "POST",
        )
        try:
            found = parse_json(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise BadAnswerError("the answer is not a JSON object", body=body)
        return found


def _id(found: Found) -> str:
    name = found.get("id")
    if not isinstance(name, str) or not name:
        raise BadAnswerError("the answer has no id")
    return name


def _batch(found: Found) -> Found:
    """A batch, once it is known to be one: its id and its status are there."""
    _id(found)
    if not isinstance(found.get("status"), str):
        raise BadAnswerError("the answer has no status of a batch")
    return found
