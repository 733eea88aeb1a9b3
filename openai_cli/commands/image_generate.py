"""`image generate`: POST /images/generations."""

from openai_cli.calls.session import Session
from openai_cli.commands.images import ImageOptions, save_images, with_prompt
from openai_cli.context import Context
from openai_cli.flags import api, images
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import argument, options_group
from openai_cli.records import Annotated
from openai_cli.request.body import assembled, given_of
from openai_cli.request.inputs import Inputs

EXAMPLES = (
    'openai-cli image generate "A cat in a hat" -o cat.png',
    'openai-cli image generate "A logo" -n 2 --quality low --usage',
    'echo "A small house" | openai-cli image generate --quality low -o house.png',
)


@options_group
class Options(ImageOptions):
    """PROMPT says what the image shows. Without PROMPT, piped stdin does.

    Each image is saved, and its path is printed. With -o cat.png, the files are cat.png, cat-2.png
    and so on; without it, image.png or the next free name. `-o -` writes one image to stdout.
    """

    endpoint = Endpoint("/images/generations", "gpt-image-1-mini")

    text: Annotated[str | None, argument("[PROMPT]", "What the image shows; - reads stdin")] = None
    prompt: images.ImagePrompt = None
    model: api.Model = None
    background: images.Background = None
    complexity: images.Complexity = None
    frame_count: images.FrameCount = None
    frame_duration_ms: images.FrameDurationMs = None
    moderation: images.ImageModeration = None
    n: images.ImageN = None
    output_compression: images.OutputCompression = None
    output_format: images.OutputFormat = None
    partial_images: images.PartialImages = None
    quality: images.Quality = None
    response_format: images.ImageResponseFormat = None
    safety_identifier: images.ImageSafetyIdentifier = None
    size: images.Size = None
    stream: api.Stream = None
    style: images.Style = None
    svg: images.Svg = None
    user: api.User = None


def run(context: Context, options: Options) -> None:
    """Build the request from the options, and save the images of its answer."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        request = assembled(context, given_of(options, inputs))
        example = "openai-cli image generate 'A cat' -o cat.png"
        save_images(session, with_prompt(request, inputs, options.text, example))
