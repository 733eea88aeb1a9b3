"""/files: uploaded files, kept as long as the sandbox runs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.sandbox.exchange import (
    CREATED,
    ApiRequest,
    HttpResponse,
    Json,
    Upload,
    json_response,
    strict_json,
)
from openai_cli.sandbox.refusals import Refusal

# Purposes whose files must be JSONL on upload; the lines of a batch are checked later.
OF_LINES = ("fine-tune", "evals")
MOST = 10_000


@dataclass(frozen=True)
class _StoredFile:
    description: Json
    upload: Upload


def create_file(request: ApiRequest) -> HttpResponse:
    """POST /files."""
    file: Upload = request.body["file"]
    expiry = request.body.get("expires_after")
    return json_response(store_file(request, file, request.body["purpose"], expiry))


def store_file(
    request: ApiRequest, file: Upload, purpose: str, expiry: Mapping[str, Any] | None = None
) -> Json:
    """Store a file, and return its description; a Refusal if it is invalid."""
    if not file.data:
        raise Refusal("File is empty.", param="file", code="empty_file")
    if purpose in OF_LINES:
        _check_lines(file)
    told: Json = {
        "id": f"file-{request.store.files.fresh(request.digest)[:24]}",
        "object": "file",
        "bytes": len(file.data),
        "created_at": CREATED,
        "filename": file.filename,
        "purpose": purpose,
        "status": "processed",
        "status_details": None,
    }
    if expiry:
        told["expires_at"] = CREATED + int(expiry["seconds"])
    request.store.files.put(told["id"], _StoredFile(told, file), len(file.data))
    return told


def file_of(request: ApiRequest, name: str, param: str, status: int = 404) -> Upload:
    """The file named in the request's parameter `param`; a Refusal if it does not exist."""
    try:
        stored: _StoredFile = request.store.files.get(name)
    except Refusal:
        raise Refusal(
            f"File '{name}' does not exist.", status=status, param=param, code="file_not_found"
        ) from None
    return stored.upload


def purpose_of(request: ApiRequest, name: str) -> str:
    """The purpose of an existing file."""
    stored: _StoredFile = request.store.files.get(name)
    return str(stored.description["purpose"])


def _check_lines(file: Upload) -> None:
    for number, line in enumerate(file.data.splitlines(), 1):
        try:
            is_object = isinstance(strict_json(line), dict)
        except (ValueError, RecursionError):
            is_object = False
        if not is_object:
            raise Refusal(
                f"Invalid file format for {file.filename}: line {number} is not a JSON object.",
                param="file",
                code="invalid_file_format",
            )


def list_files(request: ApiRequest) -> HttpResponse:
    """GET /files: newest first, unless the query asks for another order."""
    query = request.query
    found: list[Any] = [stored.description for stored in request.store.files.all]
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise Refusal(
            f"Invalid value: '{order}'. Supported values are: 'asc' and 'desc'.",
            param="order",
            code="invalid_value",
        )
    if order == "desc":
        found.reverse()
    if purpose := query.get("purpose"):
        found = [told for told in found if told["purpose"] == purpose]
    if after := query.get("after"):
        ids = [told["id"] for told in found]
        if after not in ids:
            raise request.store.files.missing(after)
        found = found[ids.index(after) + 1 :]
    limit = query.get("limit", str(MOST))
    if not re.fullmatch("[0-9]{1,5}", limit) or not 1 <= int(limit) <= MOST:
        raise Refusal(f"Invalid value for 'limit': {limit}.", param="limit")
    page = found[: int(limit)]
    return json_response(
        {
            "object": "list",
            "data": page,
            "first_id": page[0]["id"] if page else None,
            "last_id": page[-1]["id"] if page else None,
            "has_more": len(found) > len(page),
        }
    )


def retrieve_file(request: ApiRequest) -> HttpResponse:
    """GET /files/ID."""
    return json_response(request.store.files.get(request.parameters["id"]).description)


def download_file(request: ApiRequest) -> HttpResponse:
    """GET /files/ID/content."""
    stored = request.store.files.get(request.parameters["id"])
    return HttpResponse(200, content=stored.upload.data, content_type="application/octet-stream")


def delete_file(request: ApiRequest) -> HttpResponse:
    """DELETE /files/ID."""
    name = request.parameters["id"]
    request.store.files.remove(name)
    return json_response({"id": name, "object": "file", "deleted": True})
