"""/containers and their files."""

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Upload
from openai_cli.sandbox.files import file_of
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.things import Shelfmark, Thing, found, here, keep, last_of, told

FILES = "/containers/{}/files"
FOLDER = "/mnt/data"


def create_container(request: ApiRequest) -> HttpResponse:
    """POST /containers."""
    mark, names = here(request), request.body.get("file_ids", ())
    uploads = [file_of(request, name, "file_ids") for name in names]
    facts = {"last_active_at": CREATED, "network_policy": {"type": "disabled"}, **request.body}
    container = keep(request, mark, facts)
    for upload in uploads:
        _add(request, Shelfmark(FILES, f"{mark.of(container.name)}/files"), upload)
    return told(request, container.facts)


def create_file(request: ApiRequest) -> HttpResponse:
    """POST /containers/ID/files: a form with the file, or the id of one."""
    mark, body = here(request), request.body
    if ("file" in body) == ("file_id" in body):
        raise Refusal("Exactly one of 'file' and 'file_id' must be provided.", param="file")
    upload = body["file"] if "file" in body else file_of(request, body["file_id"], "file_id")
    return told(request, _add(request, mark, upload).facts)


def _add(request: ApiRequest, mark: Shelfmark, upload: Upload) -> Thing:
    facts = {
        "container_id": mark.path.split("/")[2],
        "bytes": len(upload.data),
        "path": f"{FOLDER}/{upload.filename}",
    }
    return keep(request, mark, facts, content=upload.data)


def show_content(request: ApiRequest) -> HttpResponse:
    """GET /containers/ID/files/ID/content."""
    file = found(request, here(request), last_of(request))
    return HttpResponse(200, file.content, content_type="application/octet-stream")
