"""Count the content of a message: a text, or parts with text, images, files or audio."""

from collections.abc import Mapping

from openai_cli.tokens.prompt import Prompt
from openai_cli.tokens.shapes import Json, array, mapping, optional, string

# The property of a content part that has its text, by the part's type.
_TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}


def content_text(content: object, place: str, prompt: Prompt) -> str:
    """Return the texts of a content, joined; all other parts are added to the prompt.

    Raises UsageError, with the place, for a content that does not have the API's shape.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    texts = []
    for index, value in enumerate(array(content, place)):
        where = f"{place}[{index}]"
        part = mapping(value, where)
        kind = part.get("type")
        if isinstance(kind, str) and kind in _TEXTS:
            texts.append(string(part, _TEXTS[kind], f"{where}."))
            if kind == "refusal":
                prompt.has("refusals")
        else:
            _add_part(part, where, prompt)
    return "".join(texts)


def _add_part(part: Json, place: str, prompt: Prompt) -> None:
    kind = part.get("type")
    if kind in ("image_url", "input_image"):
        _add_image(part, f"{place}.image_url", prompt)
    elif kind in ("file", "input_file"):
        from openai_cli.tokens.files import add_file

        add_file(mapping(part.get("file", part), f"{place}.file"), place, prompt)
    else:
        prompt.doubt(f"{place} is not counted: no bill had a part of type {kind}", None)


def _add_image(part: Json, place: str, prompt: Prompt) -> None:
    """Add an image part of chat, with URL and detail in an object, or of responses."""
    from openai_cli.tokens.images import MOST_ABOVE_GUIDE, above_guide, image_tokens

    image = part.get("image_url")
    fields = image if isinstance(image, Mapping) else {**part, "url": image}
    url, detail = optional(fields, "url", f"{place}."), optional(fields, "detail", f"{place}.")
    taken = image_tokens(url, detail, model=prompt.model, place=place)
    prompt.overhead += taken.tokens
    for doubt in taken.doubts:
        prompt.doubt(doubt, doubt.more)
    if more := above_guide(prompt.model):
        prompt.overhead += more
        reason = f"bills of images for {prompt.model} are a little above the guide's figure"
        prompt.doubt(reason, within=MOST_ABOVE_GUIDE)
