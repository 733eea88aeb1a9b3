"""/organization: activated certificates, archived projects, and keys that are shown once."""

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Json
from openai_cli.sandbox.things import (
    Shelfmark,
    all_in,
    found,
    here,
    keep,
    last_of,
    mark_of,
    new_id,
    paged,
    told,
)

CERTIFICATES = Shelfmark("/organization/certificates", "/organization/certificates")
PROJECTS = "/organization/projects"


def toggle_certificates(request: ApiRequest) -> HttpResponse:
    """POST /organization/certificates/activate and deactivate."""
    return told(request, {"data": _toggled(request, CERTIFICATES)})


def toggle_project_certificates(request: ApiRequest) -> HttpResponse:
    """POST /organization/projects/ID/certificates/activate and deactivate."""
    found(request, Shelfmark(PROJECTS, PROJECTS), last_of(request))
    mark = mark_of(request, f"{PROJECTS}/{{}}/certificates")
    there = {certificate.name for certificate in all_in(request, mark)}
    for name in request.body["certificate_ids"]:
        certificate = found(request, CERTIFICATES, name)
        if name not in there:
            keep(request, mark, dict(certificate.facts), name)
    return told(request, {"data": _toggled(request, mark)})


def _toggled(request: ApiRequest, mark: Shelfmark) -> list[Json]:
    things = [found(request, mark, name) for name in request.body["certificate_ids"]]
    for thing in things:
        thing.facts["active"] = request.operation.path.endswith("/activate")
    return [thing.facts for thing in things]


def list_projects(request: ApiRequest) -> HttpResponse:
    """GET /organization/projects; archived ones only if the query asks for them."""
    mark = here(request)
    archived = request.query.get("include_archived", False)
    things = all_in(request, mark)
    return paged(
        request, mark, [one for one in things if archived or one.facts["status"] == "active"]
    )


def archive_project(request: ApiRequest) -> HttpResponse:
    """POST /organization/projects/ID/archive."""
    project = found(request, Shelfmark(PROJECTS, PROJECTS), last_of(request))
    project.facts |= {"status": "archived", "archived_at": CREATED}
    return told(request, project.facts)


def create_admin_key(request: ApiRequest) -> HttpResponse:
    """POST /organization/admin_api_keys: only the answer has the key, which is of no use."""
    value = new_id(request, "sk-admin-made-up-")
    owner = {"type": "user", "id": "user-sandbox", "name": "sandbox", "role": "owner"}
    facts = {
        "value": value,
        "redacted_value": f"sk-admin-...{value[-3:]}",
        "owner": owner,
        **request.body,
    }
    return told(request, keep(request, here(request), facts).facts)


def create_service_account(request: ApiRequest) -> HttpResponse:
    """POST /organization/projects/ID/service_accounts: with a key, which is of no use."""
    key = {**_service_key(request), "name": "Secret Key"}
    facts = {"role": "member", **request.body, "api_key": key}
    return told(request, keep(request, here(request), facts).facts)


def create_service_account_key(request: ApiRequest) -> HttpResponse:
    """POST /organization/projects/ID/service_accounts/ID/api_keys."""
    here(request)
    return told(request, {"name": "Secret Key", **_service_key(request), **request.body})


def _service_key(request: ApiRequest) -> Json:
    made = new_id(request, "")
    return {"id": f"key_{made}", "value": f"sk-svcacct-made-up-{made}", "created_at": CREATED}
