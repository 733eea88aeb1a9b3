"""POST /images: squares of one colour, as base64 or under a URL of the sandbox."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from openai_cli.media import kind_of
from openai_cli.sandbox.access import ticket_of
from openai_cli.sandbox.exchange import (
    CREATED,
    ApiRequest,
    HttpResponse,
    Json,
    Upload,
    json_response,
    sse_event,
)
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.samples import image
from openai_cli.sandbox.usage import token_count

# Larger sizes are reduced: nobody looks at them.
LARGEST = 4096
_SIZE = re.compile("[0-9]{1,5}x[0-9]{1,5}")
# As in CreateImageEditRequest of the published description.
TAKEN = ("png", "jpeg", "webp")
TYPES = {"jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif", "svg": "image/svg+xml"}


def create_image(request: ApiRequest) -> HttpResponse:
    """POST /images/generations."""
    return _answer(request, "image_generation", 0)


def create_image_edit(request: ApiRequest) -> HttpResponse:
    """POST /images/edits, as a form or as JSON."""
    for index, named in enumerate(request.body.get("images", [])):
        if not named:
            where = f"images[{index}]"
            raise Refusal(f"Missing required parameter: '{where}.image_url'.", param=where)
    given = request.body.get("image", [])
    uploads = given if isinstance(given, list) else [given]
    for upload in uploads:
        _check(upload, "image")
    mask = request.body.get("mask")
    if isinstance(mask, Upload):
        _check(mask, "mask")
        if _size(mask) != _size(uploads[0]):
            raise Refusal("Invalid mask image format - mask size does not match image size")
    return _answer(request, "image_edit", len(uploads or request.body.get("images", [])))


def create_image_variation(request: ApiRequest) -> HttpResponse:
    """POST /images/variations."""
    upload = request.body["image"]
    _check(upload, "image")
    size = _size(upload)
    if size is None or size[0] != size[1]:
        raise Refusal("Uploaded image must be a PNG and square.", param="image")
    return _answer(request, "image_variation", 1)


def get_image(request: ApiRequest) -> HttpResponse:
    """GET /images/KIND/SIZE: the image behind a URL in an answer."""
    kind, size = request.parameters["kind"], request.parameters["size"]
    if kind not in ("png", *TYPES) or not _SIZE.fullmatch(size):
        raise Refusal(f"No such image: {kind}/{size}", status=404)
    return HttpResponse(200, content=_image(kind, size), content_type=TYPES.get(kind, "image/png"))


def _answer(request: ApiRequest, task: str, images: int) -> HttpResponse:
    body = request.body
    model = body.get("model") or "dall-e-2"
    is_dalle = model.startswith("dall-e")
    _check_combination(body, model)
    kind, size = body.get("output_format") or "png", _wanted(body)
    number = body.get("n") or 1
    usage = _usage(body, images, number)
    if body.get("stream"):
        return HttpResponse(200, events=_events(body, task, kind, size, usage))
    by_url = is_dalle and body.get("response_format") != "b64_json"
    if by_url:
        path = f"/v1/images/{kind}/{size}"
        url = f"{request.root}{path}?ticket={ticket_of(request.key, path)}"
        data = [{"url": url}] * number
    else:
        data = [{"b64_json": b64encode(_image(kind, size)).decode()}] * number
    told: Json = {"created": CREATED, "data": data}
    if not is_dalle:
        told |= {
            "background": body.get("background") or "opaque",
            "output_format": kind,
            "quality": body.get("quality") or "low",
            "size": size,
            "usage": usage,
        }
    return json_response(told)


def _check_combination(body: Mapping[str, Any], model: str) -> None:
    """Refuse parameters that the model does not accept."""
    is_dalle = model.startswith("dall-e")
    if body.get("stream") and is_dalle:
        raise Refusal(f"The model '{model}' does not support streaming.", param="stream")
    if body.get("response_format") and not is_dalle:
        raise Refusal(
            "Unknown parameter: 'response_format'.",
            param="response_format",
            code="unknown_parameter",
        )
    if body.get("partial_images") and not body.get("stream"):
        raise Refusal(
            "The 'partial_images' parameter is only allowed when 'stream' is enabled.",
            param="partial_images",
        )
    if model == "dall-e-3" and (body.get("n") or 1) > 1:
        raise Refusal("Invalid 'n': only n=1 is supported for dall-e-3.", param="n")


def _wanted(body: Mapping[str, Any]) -> str:
    size = body.get("size") or "auto"
    if size == "auto":
        return "1024x1024"
    if not _SIZE.fullmatch(size):
        raise Refusal(f"Invalid value: '{size}'.", param="size", code="invalid_value")
    return str(size)


def _image(kind: str, size: str) -> bytes:
    width, _, height = size.partition("x")
    return image(kind, *(max(1, min(int(side), LARGEST)) for side in (width, height)))


def _usage(body: Mapping[str, Any], images: int, number: int) -> Json:
    text, pictured = token_count(body.get("prompt") or "", "o200k_base"), 100 * images
    return {
        "input_tokens": text + pictured,
        "output_tokens": 272 * number,
        "total_tokens": text + pictured + 272 * number,
        "input_tokens_details": {"text_tokens": text, "image_tokens": pictured},
        "output_tokens_details": {"text_tokens": 0, "image_tokens": 272 * number},
    }


def _events(
    body: Mapping[str, Any], task: str, kind: str, size: str, usage: Json
) -> Iterator[bytes]:
    start: Json = {
        "b64_json": b64encode(_image(kind, size)).decode(),
        "created_at": CREATED,
        "size": size,
        "quality": body.get("quality") or "low",
        "background": body.get("background") or "opaque",
        "output_format": kind,
    }
    for index in range(body.get("partial_images") or 0):
        part = {"type": f"{task}.partial_image", **start, "partial_image_index": index}
        yield sse_event(part, is_named=True)
    for _ in range(body.get("n") or 1):
        yield sse_event({"type": f"{task}.completed", **start, "usage": usage}, is_named=True)


def _check(upload: Upload, name: str) -> None:
    if kind_of(upload.data) not in TAKEN:
        raise Refusal(
            f"Invalid image file or mode for '{name}', please check your image file.",
            param=name,
            code="invalid_image_file",
        )


def _size(upload: Upload) -> Any:
    from openai_cli.tokens.images import image_size

    return image_size(upload.data)
