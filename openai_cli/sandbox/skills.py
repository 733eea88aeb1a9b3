"""/skills and their versions: uploads, numbered from 1 and returned as a zip."""

import io
import re
import zipfile
import zlib

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, Json, Upload
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.things import (
    Shelfmark,
    Thing,
    all_in,
    found,
    here,
    keep,
    last_of,
    mark_of,
    new_id,
    remove,
    told,
)

SKILLS = "/skills"
VERSIONS = f"{SKILLS}/{{}}/versions"
# The file that describes a skill.
ABOUT = "SKILL.md"


def create_skill(request: ApiRequest) -> HttpResponse:
    """POST /skills."""
    content = _zipped(request.body["files"])
    mark = here(request)
    skill = keep(request, mark, {**_about(content), "default_version": "1"})
    _add(request, _versions(mark, skill), skill, content)
    return told(request, skill.facts)


def create_version(request: ApiRequest) -> HttpResponse:
    """POST /skills/ID/versions; with `default`, the new version becomes the skill's default."""
    mark = mark_of(request, SKILLS)
    skill = found(request, mark, last_of(request))
    version = _add(request, _versions(mark, skill), skill, _zipped(request.body["files"]))
    if request.body.get("default"):
        skill.facts["default_version"] = version.name
    return told(request, version.facts)


def _versions(mark: Shelfmark, skill: Thing) -> Shelfmark:
    return Shelfmark(VERSIONS, f"{mark.of(skill.name)}/versions")


def _add(request: ApiRequest, mark: Shelfmark, skill: Thing, content: bytes) -> Thing:
    number = str(int(skill.facts.get("latest_version", "0")) + 1)
    skill.facts["latest_version"] = number
    facts = {**_about(content), "skill_id": skill.name}
    version = keep(request, mark, facts, number, content)
    version.facts["id"] = new_id(request, "skillver_")
    return version


def change_skill(request: ApiRequest) -> HttpResponse:
    """POST /skills/ID: set the default version."""
    mark = here(request)
    skill = found(request, mark, last_of(request))
    wanted = request.body["default_version"]
    found(request, _versions(mark, skill), wanted)
    skill.facts["default_version"] = wanted
    return told(request, skill.facts)


def delete_version(request: ApiRequest) -> HttpResponse:
    """DELETE /skills/ID/versions/VERSION, unless it is the default."""
    mark, name = here(request), last_of(request)
    version = found(request, mark, name)
    skill = found(request, mark_of(request, SKILLS), mark.path.split("/")[2])
    if name == skill.facts["default_version"] and len(all_in(request, mark)) > 1:
        raise Refusal("The default version cannot be deleted.", param="version")
    remove(request, mark, name)
    return told(request, {**version.facts, "deleted": True})


def show_content(request: ApiRequest) -> HttpResponse:
    """GET /skills/ID/content: the content of the default version."""
    mark = mark_of(request, SKILLS)
    skill = found(request, mark, last_of(request))
    version = found(request, _versions(mark, skill), skill.facts["default_version"])
    return HttpResponse(200, version.content, content_type="application/zip")


def show_version_content(request: ApiRequest) -> HttpResponse:
    """GET /skills/ID/versions/VERSION/content."""
    version = found(request, here(request), last_of(request))
    return HttpResponse(200, version.content, content_type="application/zip")


def _zipped(files: Upload | list[Upload]) -> bytes:
    """The files of a skill as a zip; a zip is used as it is."""
    given = files if isinstance(files, list) else [files]
    if len(given) == 1 and zipfile.is_zipfile(io.BytesIO(given[0].data)):
        return given[0].data
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for file in given:
            archive.writestr(zipfile.ZipInfo(file.filename), file.data)
    return made.getvalue()


def _about(content: bytes) -> Json:
    """The name and the description at the beginning of SKILL.md."""
    text = ""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                if name.rpartition("/")[2] == ABOUT:
                    text = archive.open(name).read(10_000).decode("utf-8", "replace")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, zlib.error):
        raise Refusal("The zip of the skill cannot be read.", param="files") from None
    told_of = dict(re.findall(r"^(name|description):[ \t]*(\S.*?)[ \t]*$", text, re.MULTILINE))
    return {"name": told_of.get("name", "sandbox"), "description": told_of.get("description", "")}
