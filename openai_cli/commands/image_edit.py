"""`image edit`: POST /images/edits."""

from typing import TYPE_CHECKING, Any

from openai_cli.calls.session import Session
from openai_cli.commands.images import ImageOptions, save_images, with_prompt
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import api
from openai_cli.flags import images as aliases
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import argument, options_group
from openai_cli.flags.values import Object
from openai_cli.media import one_of
from openai_cli.records import Annotated, replace
from openai_cli.request.body import Request, assembled, given_of
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.payload import FormFile

# https://platform.openai.com/docs/api-reference/images/createEdit
LARGEST = 50 * 1024 * 1024
LARGEST_MASK = 4 * 1024 * 1024

EXAMPLES = (
    'openai-cli image generate "A cat" -o cat.png',
    'openai-cli image edit "Add a scarf" --image cat.png -o scarf.png',
)


@options_group
class Options(ImageOptions):
    """PROMPT says what to change. Without PROMPT, piped stdin does.

    Give the images as files with --image, or with --images as URLs or stored files. Each resulting
    image is saved, and its path is printed, as by image generate.
    """

    endpoint = Endpoint("/images/edits", "gpt-image-1-mini")

    text: Annotated[str | None, argument("[PROMPT]", "What to change; - reads stdin")] = None
    image: aliases.Image = None
    mask: aliases.Mask = None
    markup: aliases.Markup = None
    images: aliases.Images = None
    prompt: aliases.ImagePrompt = None
    model: api.Model = None
    background: aliases.Background = None
    complexity: aliases.Complexity = None
    frame_count: aliases.FrameCount = None
    frame_duration_ms: aliases.FrameDurationMs = None
    input_fidelity: aliases.InputFidelity = None
    moderation: aliases.ImageModeration = None
    n: aliases.ImageN = None
    output_compression: aliases.OutputCompression = None
    output_format: aliases.OutputFormat = None
    partial_images: aliases.PartialImages = None
    quality: aliases.Quality = None
    response_format: aliases.ImageResponseFormat = None
    safety_identifier: aliases.ImageSafetyIdentifier = None
    size: aliases.Size = None
    stream: api.Stream = None
    svg: aliases.Svg = None
    user: api.User = None


def run(context: Context, options: Options) -> None:
    """Build the request from the options, and save the images of its answer."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        given = given_of(options, inputs)
        request = assembled(context, given)
        if "image" in given.parts.file and "images" in request.body:
            raise UsageError("--image sends files, and --images names them: give one of them")
        if "images" in request.body:
            request = _as_json(request, given.parts.file, inputs)
        else:
            request = _as_form(request, given.parts.file, inputs)
        example = "openai-cli image edit 'Add a hat' --image cat.png"
        save_images(session, with_prompt(request, inputs, options.text, example))


def _as_json(request: Request, given: dict[str, Any], inputs: Inputs) -> Request:
    """The request that names its images by id or URL; its mask is then an object."""
    if "markup" in given:
        raise UsageError("--markup is a file, and goes with --image")
    if "mask" not in given:
        return request
    try:
        mask = Object().parse([given["mask"]], lambda path: inputs.source("--mask", path))
    except ValueError as error:
        raise UsageError(f"mask {error}", hint="with --images: --mask file_id=ID") from None
    return request.with_body(mask=mask)


def _as_form(request: Request, given: dict[str, Any], inputs: Inputs) -> Request:
    """The request that sends its images as files."""
    from openai_cli.request.uploads import Rule, form_file

    if not given.get("image"):
        raise UsageError(
            "there is no image to change",
            hint="for example: openai-cli image edit 'Add a hat' --image cat.png",
        )
    rule = Rule(one_of("png", "jpeg", "webp"), "it takes PNG, JPEG and WebP", LARGEST)
    field = "image" if len(given["image"]) == 1 else "image[]"
    files = [form_file(field, source, inputs, rule=rule) for source in given["image"]]
    for name in ("mask", "markup"):
        if name in given:
            rule = Rule(one_of("png"), f"a {name} is a PNG", LARGEST_MASK)
            file = form_file(name, given[name], inputs, rule=rule)
            _check_size(file, files[0])
            files.append(file)
    return replace(request, files=tuple(files))


def _check_size(mask: "FormFile", image: "FormFile") -> None:
    """Raise UsageError if the mask and the image differ in size."""
    from openai_cli.tokens.images import image_size

    of_mask, of_image = image_size(mask.start()), image_size(image.start())
    if of_mask is not None and of_image is not None and of_mask != of_image:
        raise UsageError(
            f"'{mask.shown}' has {of_mask.width} x {of_mask.height} pixels, and '{image.shown}' "
            f"has {of_image.width} x {of_image.height}: a {mask.field} must have the image's size"
        )
