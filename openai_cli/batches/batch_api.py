"""Calls to the Batch API: files, and batches of requests."""

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

# The metadata key of our batches that holds the intent of a part.
INTENT = "openai_cli_part"
# The page size: the largest for batches, and quick to read for files.
_PAGE = 100
# Bytes: the largest description of a thing, or of a page of them.
_LARGEST = 16 * 1024 * 1024

Found = dict[str, Any]


class BatchApi:
    """Calls to a session's server. A request that creates a thing is sent once: see `Queued`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def upload(self, path: Path, filename: str) -> str:
        """Upload a file of lines; return its id."""
        file = FormFile("file", filename, "application/jsonl", str(path), path)
        boundary = os.urandom(16).hex()
        found = self._ask("POST", "/files", Form([("purpose", "batch")], [file], boundary))
        return _id(found)

    def find_file(self, filename: str) -> str | None:
        """The id of the batch input file with this name; None if there is none."""
        for found in self._all("/files", purpose="batch"):
            if found.get("filename") == filename:
                return _id(found)
        return None

    def create(self, file_id: str, url: str, intent: str) -> Found:
        """Create a batch from a file of lines for an endpoint."""
        body = {
            "input_file_id": file_id,
            "endpoint": url,
            "completion_window": "24h",
            "metadata": {INTENT: intent},
        }
        return _batch(self._ask("POST", "/batches", Json(encode_json(body))))

    def find(self, intent: str) -> Found | None:
        """The batch that was created with an intent; None if there is none."""
        for found in self._all("/batches"):
            metadata = found.get("metadata")
            if isinstance(metadata, Mapping) and metadata.get(INTENT) == intent:
                return _batch(found)
        return None

    def show(self, batch_id: str) -> Found:
        """The present state of a batch."""
        return _batch(self._ask("GET", f"/batches/{quote(batch_id, safe='')}"))

    def cancel(self, batch_id: str) -> Found:
        """Cancel a batch, which may end some other way first."""
        return _batch(self._ask("POST", f"/batches/{quote(batch_id, safe='')}/cancel"))

    def download(self, file_id: str, path: Path) -> None:
        """Write the content of a file to a path; OutputError if that fails."""
        where = f"/files/{quote(file_id, safe='')}/content"

        def consume(http: "HttpResponse") -> None:
            with private(path) as file:
                file.writelines(http.pieces())

        try:
            self._session.client.call("GET", where, consume)
        except OSError as error:
            raise OutputError(
                f"cannot write '{path}': {error.strerror}",
                hint="the answers are kept at the API, and the same command resumes",
            ) from None

    def delete(self, file_id: str) -> None:
        """Delete a file."""
        self._ask("DELETE", f"/files/{quote(file_id, safe='')}")

    def _all(self, path: str, **query: str) -> Any:
        """Yield all items of a list, newest first, page by page."""
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
    """Check that the answer is a batch, with an id and a status, and return it."""
    _id(found)
    if not isinstance(found.get("status"), str):
        raise BadAnswerError("the answer has no status of a batch")
    return found
