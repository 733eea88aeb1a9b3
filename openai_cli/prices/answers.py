"""Read model, tier and usage from answers, whether whole, as events, or as records.

The formats are those of OpenAI's published description and of the openai package: CompletionUsage,
ResponseUsage, ImagesResponse, the usage of transcriptions and of realtime responses, the output
file of the Batch API, and the lines of our own --usage-file.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from openai_cli.errors import UsageError
from openai_cli.models.table import tier_of
from openai_cli.prices.billed import Billed, billed_in
from openai_cli.prices.records import is_free, is_record, of_record

Json = Any

# The id prefix of lines that `batch run` sent live, so that they are billed at their answer's tier.
LIVE = "live_req_"


class Answers:
    """Reads answers, each a JSON object; `taken` is their number.

    Three kinds cost nothing: `failed` counts requests that the API refused, `free` those that it
    answers for nothing, such as moderation, and `cached` answers from the cache. The events of a
    stream are recognised by the id of their answer, and the last usage of each stream counts,
    because some servers send the usage so far with every event.
    """

    def __init__(self) -> None:
        self.taken = 0
        self.failed = 0
        self.free = 0
        self.cached = 0
        self._streams: dict[str, tuple[int, tuple[Billed, ...]]] = {}

    def read(self, objects: Iterable[tuple[int, Mapping[str, Json]]]) -> Iterator[Billed]:
        """Yield what the answers in `objects`, pairs of line and value, are billed by.

        Streams come last. Raises UsageError, with the line, for an answer without usage and for
        anything else.
        """
        from openai_cli.tokens.lines import at_line

        for line, value in objects:
            try:
                yield from self._take(line, value)
            except UsageError as error:
                raise at_line(line, error) from None
        for stream, (line, billed) in self._streams.items():
            if not billed:
                raise UsageError(
                    f"line {line}: the stream {stream} has no usage",
                    hint="--usage asks for it, as stream_options.include_usage does",
                )
            yield from billed

    def _take(self, line: int, value: Mapping[str, Json]) -> Iterator[Billed]:
        self.taken += 1
        if is_record(value):
            if is_free(value):
                if value.get("cache_age") is not None:
                    self.cached += 1
                elif value.get("exit_code") == 0:
                    self.free += 1
                else:
                    self.failed += 1
                return
            yield from of_record(line, value)
            return
        is_batch = "custom_id" in value and "response" in value
        is_live = str(value.get("id")).startswith(LIVE)
        found = _batch_body(value) if is_batch else value
        if found is None:
            self.failed += 1
            return
        value = found
        is_event = isinstance(value.get("type"), str)
        inner = value.get("response")
        body = inner if is_event and isinstance(inner, dict) else value
        tier = "batch" if is_batch and not is_live else tier_of(_string(body, "service_tier"))
        billed = tuple(billed_in(body, tier=tier, line=line))
        stream = body.get("id") if is_event or self._is_chunk(body) else None
        if isinstance(stream, str):
            known = self._streams.get(stream, (line, ()))[1]
            self._streams[stream] = line, billed or known
        elif billed:
            yield from billed
        elif not is_event:
            raise UsageError("the answer has no usage")

    def _is_chunk(self, body: Mapping[str, Json]) -> bool:
        """Return whether it is an event of a stream of chat or completions."""
        kind = body.get("object")
        if kind == "text_completion":  # so are whole answers, but those have usage
            return body.get("id") in self._streams or body.get("usage") is None
        return kind == "chat.completion.chunk"


def _batch_body(line: Mapping[str, Json]) -> dict[str, Json] | None:
    """Return the answer in a line of the Batch API's output file; None if the request failed."""
    response = line.get("response")
    if line.get("error") is not None or not isinstance(response, dict):
        return None
    body, status = response.get("body"), response.get("status_code")
    failed = isinstance(status, int) and status >= 400
    return body if isinstance(body, dict) and not failed else None


def _string(found: Mapping[str, Json], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) else None
