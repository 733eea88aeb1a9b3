"""/uploads: a file in parts. Once complete, it is one of /files."""

import hashlib

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Upload
from openai_cli.sandbox.files import store_file
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.shapes import HOUR
from openai_cli.sandbox.things import (
    Shelfmark,
    Thing,
    found,
    here,
    keep,
    last_of,
    mark_of,
    remove,
    told,
)

UPLOADS = "/uploads"
PARTS = f"{UPLOADS}/{{}}/parts"
# Bytes, as in the API.
LARGEST_PART = 64 * 1024 * 1024


def create_upload(request: ApiRequest) -> HttpResponse:
    """POST /uploads."""
    facts = {**request.body, "status": "pending", "expires_at": CREATED + HOUR}
    return told(request, keep(request, here(request), facts).facts)


def add_part(request: ApiRequest) -> HttpResponse:
    """POST /uploads/ID/parts."""
    upload = _pending(request, mark_of(request, UPLOADS))
    data: Upload = request.body["data"]
    if len(data.data) > LARGEST_PART:
        raise Refusal(
            f"A part has at most {LARGEST_PART} bytes, but this one has {len(data.data)}.",
            param="data",
        )
    part = keep(request, mark_of(request, PARTS), {"upload_id": upload.name}, content=data.data)
    return told(request, part.facts)


def complete_upload(request: ApiRequest) -> HttpResponse:
    """POST /uploads/ID/complete."""
    mark = mark_of(request, UPLOADS)
    upload = _pending(request, mark)
    parts = mark_of(request, PARTS)
    names = request.body["part_ids"]
    whole = b"".join(found(request, parts, name).content for name in names)
    wanted = upload.facts["bytes"]
    if len(whole) != wanted:
        raise Refusal(
            f"The upload was declared with {wanted} bytes, but its parts have {len(whole)}.",
            param="part_ids",
        )
    digest = request.body.get("md5")
    if digest and digest != hashlib.md5(whole, usedforsecurity=False).hexdigest():
        raise Refusal("The MD5 of the parts does not match 'md5'.", param="md5")
    facts = upload.facts
    file = Upload(facts["filename"], facts["mime_type"], whole)
    facts["file"] = store_file(request, file, facts["purpose"], facts.get("expires_after"))
    upload.end("completed")
    for name in names:
        remove(request, parts, name)
    return told(request, facts)


def cancel_upload(request: ApiRequest) -> HttpResponse:
    """POST /uploads/ID/cancel."""
    upload = _pending(request, mark_of(request, UPLOADS))
    upload.end("cancelled")
    return told(request, upload.facts)


def _pending(request: ApiRequest, mark: Shelfmark) -> Thing:
    upload = found(request, mark, last_of(request))
    status = upload.facts["status"]
    if status != "pending":
        raise Refusal(f"Upload '{upload.name}' has status '{status}'.", param="upload_id")
    return upload
