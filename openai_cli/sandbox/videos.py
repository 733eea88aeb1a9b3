"""/videos: queued, then in progress, then completed. The bytes are a sample without a film."""

import struct
from collections.abc import Mapping
from typing import Any

from openai_cli.sandbox.exchange import CREATED, ApiRequest, HttpResponse, Upload
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.samples import image
from openai_cli.sandbox.things import Shelfmark, Thing, found, here, keep, last_of, told

VIDEOS = Shelfmark("/videos", "/videos")
_DEFAULTS = {"model": "sora-2", "seconds": "4", "size": "720x1280", "progress": 0}
_PROGRESS = {"in_progress": 50, "completed": 100}


def create_video(request: ApiRequest) -> HttpResponse:
    """POST /videos."""
    return _made(request, {})


def edit_video(request: ApiRequest) -> HttpResponse:
    """POST /videos/edits and /videos/extensions: from an upload, or from one of /videos."""
    video = request.body["video"]
    if isinstance(video, Upload):
        return _made(request, {})
    return _made(request, _source(request, video["id"]))


def remix_video(request: ApiRequest) -> HttpResponse:
    """POST /videos/ID/remix."""
    name = last_of(request)
    return _made(request, {**_source(request, name), "remixed_from_video_id": name})


def _source(request: ApiRequest, name: str) -> Mapping[str, Any]:
    facts = found(request, VIDEOS, name).facts
    return {key: facts[key] for key in ("model", "seconds", "size")}


def _made(request: ApiRequest, known: Mapping[str, Any]) -> HttpResponse:
    given = {name: value for name, value in request.body.items() if name != "input_reference"}
    return told(request, keep(request, VIDEOS, {**_DEFAULTS, **known, **given}).facts)


def bring_up_to_date(_request: ApiRequest, _mark: Shelfmark, video: Thing) -> None:
    """Update the progress of a video."""
    status = video.facts["status"]
    video.facts["progress"] = _PROGRESS.get(status, 0)
    if status == "completed":
        video.facts["completed_at"] = CREATED


def show_content(request: ApiRequest) -> HttpResponse:
    """GET /videos/ID/content: the video, or its thumbnail or sprite sheet as an image."""
    video = found(request, here(request), last_of(request))
    if video.facts["status"] != "completed":
        raise Refusal("Video is not ready yet, use GET /v1/videos/{id} to check its status.")
    variant = request.query.get("variant", "video")
    if variant == "thumbnail":
        return HttpResponse(200, image("webp", 16, 16), content_type="image/webp")
    if variant == "spritesheet":
        return HttpResponse(200, image("jpeg", 16, 16), content_type="image/jpeg")
    return HttpResponse(200, _mp4(), content_type="video/mp4")


def _mp4() -> bytes:
    """An MPEG-4 file without tracks: only its brand (ISO/IEC 14496-12, section 4.3)."""
    brand = b"isom" + struct.pack(">I", 512) + b"isommp41"
    boxes = ((b"ftyp", brand), (b"free", b"sandbox"), (b"mdat", b""))
    return b"".join(struct.pack(">I", 8 + len(data)) + name + data for name, data in boxes)
