"""`image vary`: POST /images/variations."""

from dataclasses import replace
from typing import Annotated

from openai_cli.commands.images import Picturing, one_of, picture
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags import api, images
from openai_cli.flags.adapter import body_of
from openai_cli.flags.ours import argument, options_group
from openai_cli.request.body import VARIATIONS, assembled
from openai_cli.request.inputs import Inputs

# https://platform.openai.com/docs/api-reference/images/createVariation
LARGEST = 4 * 1024 * 1024


@options_group
class Options(Picturing):
    """IMAGE is a square PNG of less than 4 MB; without it, a piped stdin is.

    Each image that comes back is saved, and its path is printed: see image generate.
    """

    path: Annotated[str | None, argument("[IMAGE]", "The image; - is stdin")] = None
    image: images.ImageToVary = None
    model: api.Model = None
    n: images.ImageN = None
    response_format: images.ImageResponseFormat = None
    size: images.Size = None
    user: api.User = None


def run(context: Context, options: Options) -> None:
    """Build the request from the options, and save the images of its answer."""
    from openai_cli.request.uploads import Rule, form_file
    from openai_cli.tokens.images import image_size

    inputs = Inputs(context, options.stdin)
    flags = body_of(options, inputs.source)
    named = flags.pop("image", None)
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
            f"'{source}' has {size.width} x {size.height} pixels, and the API takes squares"
        )
    request = assembled(context, options, inputs, VARIATIONS, flags)
    picture(context, options, inputs, replace(request, files=(file,)))
