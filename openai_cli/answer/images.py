"""The responses of POST /images/…, whole or streamed."""

from collections.abc import Iterator
from typing import Any

from openai_cli.answer.base import Answer, fewer
from openai_cli.answer.choice import Choice
from openai_cli.answer.encoded import decoded
from openai_cli.answer.shape import as_objects, as_string, misshapen
from openai_cli.records import NamedTuple, mutable_record


class Picture(NamedTuple):
    """An image in a response; `partial` is its number, from 1, or None if it is final.

    Its properties raise BadAnswerError if it does not have the API's shape.
    """

    item: dict[str, Any]
    partial: int | None = None

    @property
    def encoded(self) -> str:
        """The data in base64 or as a `data:` URL; empty if the image has only an address."""
        return as_string(self.item.get("b64_json") or self._data_url or "", "b64_json")

    @property
    def url(self) -> str | None:
        """The image's address, or None if its data are included."""
        if self.encoded:
            return None
        if not (url := self.item.get("url")):
            raise misshapen("an image has neither data nor an address")
        return as_string(url, "url")

    @property
    def _data_url(self) -> str | None:
        url = self.item.get("url")
        return url if isinstance(url, str) and url[:5].lower() == "data:" else None

    def decoded(self) -> bytes:
        """Decode the included data."""
        return decoded(self.encoded, "an image")


@mutable_record
class Images(Answer):
    """The number of final images so far, of `expected` ones; the images are not kept."""

    largest = 512 * 1024 * 1024
    largest_event = 64 * 1024 * 1024
    own_types = ("image_generation.", "image_edit.")

    expected: int = 1
    count: int = 0

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        if body.get("type") is None:
            self.count += len(as_objects(body.get("data"), "data"))
        else:
            self.count += str(body["type"]).endswith(".completed")
        return super().add(body)

    def check(self, body: dict[str, Any]) -> None:
        if not isinstance(body.get("data"), list) or not body["data"]:
            raise misshapen("it has no images")

    def end(self) -> None:
        if not self.count:
            raise misshapen("the stream has no image")

    @property
    def is_ended(self) -> bool:
        return self.count >= self.expected

    @property
    def incomplete(self) -> list[str]:
        return []

    @property
    def remarks(self) -> list[str]:
        return [*super().remarks, *fewer(self.count, self.expected, "images")]


def pictures(body: dict[str, Any]) -> Iterator[Picture]:
    """Yield the images in a response or an event; BadAnswerError if `data` is not an array."""
    kind = body.get("type")
    if kind is None:
        for item in as_objects(body.get("data"), "data"):
            yield Picture(item)
    elif str(kind).endswith(".partial_image"):
        index = body.get("partial_image_index")
        yield Picture(body, index + 1 if isinstance(index, int) else 1)
    elif str(kind).endswith(".completed"):
        yield Picture(body)
