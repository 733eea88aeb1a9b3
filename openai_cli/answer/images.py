"""The answers of POST /images, whole or streamed."""

from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from openai_cli.answer.choice import Choice
from openai_cli.answer.parts import Answer
from openai_cli.answer.shape import as_objects, as_string, misshapen


class Picture(NamedTuple):
    """An image in base64, or where it is; `partial` counts those that are not final, from 1."""

    encoded: str = ""
    url: str | None = None
    partial: int | None = None

    def decoded(self) -> bytes:
        """The bytes of one that is in base64; BadAnswerError where it is not."""
        try:
            return b64decode(self.encoded, validate=True)
        except (Error, ValueError):
            raise misshapen("an image is not base64") from None


@dataclass
class Images(Answer):
    """How many images are final, and how many will be, `expected`; what they are is not kept."""

    expected: int = 1
    count: int = 0

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        self.count += str(body.get("type", "")).endswith(".completed")
        return super().add(body)

    def check(self, body: dict[str, Any]) -> None:
        if not isinstance(body.get("data"), list) or not body["data"]:
            raise misshapen("it has no images")

    @property
    def is_whole(self) -> bool:
        return self.is_done or self.count >= self.expected


def pictures(body: dict[str, Any]) -> Iterator[Picture]:
    """The images in an answer or an event; BadAnswerError for what is none."""
    kind = body.get("type")
    if kind is None:
        for item in as_objects(body.get("data"), "data"):
            yield _picture(item, None)
    elif str(kind).endswith(".partial_image"):
        index = body.get("partial_image_index")
        yield _picture(body, index + 1 if isinstance(index, int) else 1)
    elif str(kind).endswith(".completed"):
        yield _picture(body, None)


def _picture(item: dict[str, Any], partial: int | None) -> Picture:
    if item.get("b64_json") is None:
        return Picture(url=as_string(item.get("url"), "url"), partial=partial)
    return Picture(as_string(item["b64_json"], "b64_json"), partial=partial)
