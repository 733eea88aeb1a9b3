"""The parameters of POST /images/generations, /images/edits and /images/variations."""

from openai_cli.flags.api import FROM_0, Repeated, Scalar, api
from openai_cli.flags.values import Number, Object, PromptText, Structure, Text, Texts
from openai_cli.records import Annotated

Background = Annotated[
    Scalar,
    api("background", Text("NAME", names=("transparent", "opaque", "auto")),
        "transparent, opaque or auto"),
]  # fmt: skip
Complexity = Annotated[
    Scalar,
    api("complexity", Text("NAME", names=("low", "medium", "high")),
        "How much to plan the image: low, medium or high"),
]  # fmt: skip
FrameCount = Annotated[
    Scalar, api("frame_count", Number(2, 16, integer=True), "Number of frames in a GIF, 2 to 16")
]
FrameDurationMs = Annotated[
    Scalar, api("frame_duration_ms", FROM_0, "Milliseconds per frame of a GIF")
]
Image = Annotated[
    Repeated,
    api(
        "image",
        Texts("PATH", most=16),
        "An image to change; repeatable, up to 16; - reads stdin",
        place="file",
    ),
]
ImageToVary = Annotated[
    Scalar, api("image", Text("PATH"), "The image; - reads stdin", place="file")
]
Images = Annotated[
    Scalar,
    api("images", Structure(least=1, most=16), "Images by file_id or image_url instead of --image"),
]
InputFidelity = Annotated[
    Scalar,
    api("input_fidelity", Text("NAME", names=("high", "low")),
        "How closely to match the input images: high, low"),
]  # fmt: skip
Markup = Annotated[
    Scalar,
    api(
        "markup",
        Text("PATH"),
        "A transparent PNG to lay over the first image as a guide",
        place="file",
    ),
]
Mask = Annotated[
    Scalar,
    api(
        "mask",
        Text("PATH|JSON"),
        "A PNG, transparent where to edit; JSON with --images",
        place="file",
    ),
]
ImageModeration = Annotated[
    Scalar,
    api("moderation", Text("NAME", names=("low", "auto")), "How strictly to filter: low or auto"),
]
ImageN = Annotated[
    Scalar, api("n", Number(1, 10, integer=True), "How many images to make, 1 to 10", short="-n")
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
    api("partial_images", Number(0, 3, integer=True), "Partial images in a stream, 0 to 3"),
]
ImagePrompt = Annotated[
    Scalar,
    api(
        "prompt",
        PromptText(longest=32_000, is_input=True),
        "The prompt, up to 32000 characters",
    ),
]
Quality = Annotated[
    Scalar,
    api("quality", Text("NAME", names=("auto", "low", "medium", "high", "standard", "hd")),
        "auto, low, medium, high; for dall-e standard, hd"),
]  # fmt: skip
ImageResponseFormat = Annotated[
    Scalar,
    api("response_format", Text("NAME", names=("url", "b64_json")), "For dall-e: url or b64_json"),
]
ImageSafetyIdentifier = Annotated[
    Scalar, api("safety_identifier", Text(), "A stable, hashed id for the end user")
]
Size = Annotated[
    Scalar,
    api("size", Text("SIZE", names=("auto", "1024x1024", "1536x1024", "1024x1536")),
        "auto, 1024x1024, 1536x1024, 1024x1536 or others"),
]  # fmt: skip
Style = Annotated[
    Scalar, api("style", Text("NAME", names=("vivid", "natural")), "For dall-e-3: vivid or natural")
]
Svg = Annotated[Repeated, api("svg", Object(), "How to write an SVG: model, reasoning")]
