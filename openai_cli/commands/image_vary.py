"""`image vary`: POST /images/variations."""

from typing import TYPE_CHECKING

from openai_cli.calls.session import Session
from openai_cli.commands.images import ImageOptions, save_images
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import api, images
from openai_cli.flags.endpoint import Endpoint
from openai_cli.flags.ours import argument, options_group
from openai_cli.media import one_of
from openai_cli.records import Annotated, replace
from openai_cli.request.body import assembled, given_of
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.http.payload import FormFile

# https://platform.openai.com/docs/api-reference/images/createVariation
LARGEST = 4 * 1024 * 1024

EXAMPLES = (
    'openai-cli image generate "A cat" -o cat.png',
    "openai-cli image vary cat.png -n 2 -o variant.png",
)


@options_group
class Options(ImageOptions):
    """IMAGE is a square PNG of less than 4 MB. Without IMAGE, piped stdin is sent.

    Each resulting image is saved, and its path is printed, as by image generate.
    """

    endpoint = Endpoint("/images/variations", "dall-e-2")

    path: Annotated[str | None, argument("[IMAGE]", "The image; - reads stdin")] = None
    image: images.ImageToVary = None
    model: api.Model = None
    n: images.ImageN = None
    response_format: images.ImageResponseFormat = None
    size: images.Size = None
    user: api.User = None


def run(context: Context, options: Options) -> None:
    """Build the request from the options, and save the images of its answer."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        given = given_of(options, inputs)
        request = assembled(context, given)
        file = _file(options, inputs, given.parts.file.get("image"))
        save_images(session, replace(request, files=(file,)))


def _file(options: Options, inputs: Inputs, named: str | None) -> "FormFile":
    from openai_cli.request.uploads import Rule, form_file
    from openai_cli.tokens.images import image_size

    if options.path is not None and named is not None:
        raise UsageError("the image is given twice: as the argument and by --image")
    source = options.path or named or ("-" if inputs.is_piped else None)
    if source is None:
        raise UsageError(
            "there is no image to vary", hint="for example: openai-cli image vary cat.png"
        )
    rule = Rule(one_of("png"), "it takes PNG", LARGEST)
    file = form_file("image", source, inputs, rule=rule)
    size = image_size(file.start())
    if size is not None and size.width != size.height:
        raise UsageError(
            f"'{source}' has {size.width} x {size.height} pixels, and the API takes square images"
        )
    return file
