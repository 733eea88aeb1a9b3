"""The parameters of POST /images/generations, /images/edits and /images/variations."""

from typing import Annotated

from openai_cli.flags.api import FROM_0, Repeated, Scalar, api
from openai_cli.flags.values import Number, Object, PromptText, Structure, Text, Texts

Background = Annotated[
    Scalar,
    api("background", Text("NAME", names=("transparent", "opaque", "auto")),
        "transparent, opaque or auto"),
]  # fmt: skip
Complexity = Annotated[
    Scalar,
    api("complexity", Text("NAME", names=("low", "medium", "high")),
        "Planning of the image: low, medium or high"),
]  # fmt: skip
FrameCount = Annotated[
    Scalar, api("frame_count", Number(2, 16, integer=True), "Frames of a GIF, 2 to 16")
]
FrameDurationMs = Annotated[
    Scalar, api("frame_duration_ms", FROM_0, "How long a frame of a GIF is shown")
]
Image = Annotated[
    Repeated,
    api(
        "image",
        Texts("PATH", most=16),
        "An image to change; repeated, up to 16; - is stdin",
        place="file",
    ),
]
ImageToVary = Annotated[
    Scalar, api("image", Text("PATH"), "The image as a flag; - is stdin", place="file")
]
Images = Annotated[
    Scalar,
    api("images", Structure(least=1, most=16), "Images by file_id or image_url, not as files"),
]
InputFidelity = Annotated[
    Scalar,
    api("input_fidelity", Text("NAME", names=("high", "low")),
        "How closely to keep to the images: high, low"),
]  # fmt: skip
Markup = Annotated[
    Scalar,
    api("markup", Text("PATH"), "A transparent PNG over the first image, as a guide", place="file"),
]
Mask = Annotated[
    Scalar,
    api(
        "mask",
        Text("PATH|JSON"),
        "A PNG, transparent where to change; JSON with --images",
        place="file",
    ),
]
ImageModeration = Annotated[
    Scalar, api("moderation", Text("NAME", names=("low", "auto")), "Filtering: low or auto")
]
ImageN = Annotated[
    Scalar, api("n", Number(1, 10, integer=True), "How many images, 1 to 10", short="-n")
]
OutputCompression = Annotated[
    Scalar,
    api("output_compression", Number(0, 100, integer=True), "Quality of JPEG and WebP, 0 to 100"),
]
OutputFormat = Annotated[
    Scalar,
    api("output_format", Text("NAME", names=("png", "jpeg", "webp", "gif", "svg")),
        "png, jpeg, webp, gif or svg"),
]  # fmt: skip
PartialImages = Annotated[
    Scalar,
    api("partial_images", Number(0, 3, integer=True), "Images on the way of a stream, 0 to 3"),
]
ImagePrompt = Annotated[
    Scalar,
    api(
        "prompt",
        PromptText(longest=32_000, is_input=True),
        "The text as a flag, up to 32000 characters",
    ),
]
Quality = Annotated[
    Scalar,
    api("quality", Text("NAME", names=("auto", "low", "medium", "high", "standard", "hd")),
        "auto, low, medium, high; dall-e: standard, hd"),
]  # fmt: skip
ImageResponseFormat = Annotated[
    Scalar,
    api("response_format", Text("NAME", names=("url", "b64_json")), "dall-e: url or b64_json"),
]
ImageSafetyIdentifier = Annotated[
    Scalar, api("safety_identifier", Text(), "Your stable id of the end user, hashed")
]
Size = Annotated[
    Scalar,
    api("size", Text("SIZE", names=("auto", "1024x1024", "1536x1024", "1024x1536")),
        "auto, 1024x1024, 1536x1024, 1024x1536 or another"),
]  # fmt: skip
Style = Annotated[
    Scalar, api("style", Text("NAME", names=("vivid", "natural")), "dall-e-3: vivid or natural")
]
Svg = Annotated[Repeated, api("svg", Object(), "The author of an SVG: model, reasoning")]
