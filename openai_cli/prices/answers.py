"""What answers say of their tokens: model, tier and usage, whole, in events, or in records.

The forms are those of OpenAI's published description and of the openai package: CompletionUsage,
ResponseUsage, ImagesResponse, the usage of transcriptions and of realtime responses, the output
file of the Batch API, and the lines of our own --usage-file.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from math import inf
from typing import Any, NamedTuple

from openai_cli.errors import UsageError
from openai_cli.models.table import tier_of
from openai_cli.prices.charges import Usage

Json = Any

# What all tokens of an answer are whose usage does not tell them apart, by the model's mode.
_ONE_KIND = {
    "audio_transcription": ("input", "audio_input"),
    "audio_speech": ("output", "audio_output"),
    "image_generation": ("output", "image_output"),
}


class Billed(NamedTuple):
    """One answer: `usage` is its usage object, `line` where it stands, from 1."""

    line: int
    model: str | None
    tier: str
    usage: Mapping[str, Json]


class Answers:
    """Reads answers, a JSON object each; `failed` counts those of the Batch API that failed.

    A failed request costs nothing. Events of streams are told apart by the id of their answer,
    and the last usage of each stands: some servers send it with every event, as far as it came.
    """

    def __init__(self) -> None:
        self.failed = 0
        self._streams: dict[str, tuple[int, Billed | None]] = {}

    def read(self, objects: Iterable[tuple[int, Mapping[str, Json]]]) -> Iterator[Billed]:
        """The answers among `objects`, each with its line; streams come at the end.

        UsageError, with the line, for an answer without usage, and for what is none.
        """
        from openai_cli.tokens.lines import at_line

        for line, value in objects:
            try:
                yield from self._take(line, value)
            except UsageError as error:
                raise at_line(line, error) from None
        for stream, (line, billed) in self._streams.items():
            if billed is None:
                raise UsageError(
                    f"line {line}: the stream {stream} has no usage",
                    hint="--usage asks for it, as stream_options.include_usage does",
                )
            yield billed

    def _take(self, line: int, value: Mapping[str, Json]) -> Iterator[Billed]:
        is_batch = "custom_id" in value and "response" in value
        found = _batch_body(value) if is_batch else value
        if found is None:
            self.failed += 1
            return
        value = found
        is_event = isinstance(value.get("type"), str)
        inner = value.get("response")
        body = inner if is_event and isinstance(inner, dict) else value
        tier = "batch" if is_batch else tier_of(_string(body, "service_tier"))
        billed = _billed(line, body, tier)
        if isinstance(drawing := body.get("svg_usage"), dict):
            yield Billed(line, _string(drawing, "model"), tier, drawing)
        stream = body.get("id") if is_event or self._is_chunk(body) else None
        if isinstance(stream, str):
            known = self._streams.get(stream, (line, None))[1]
            self._streams[stream] = line, billed or known
        elif billed is not None:
            yield billed
        elif not is_event:
            raise UsageError("the answer has no usage")

    def _is_chunk(self, body: Mapping[str, Json]) -> bool:
        """Whether it is an event of a stream of chat or completions."""
        kind = body.get("object")
        if kind == "text_completion":  # whole answers are named so too, but have usage
            return body.get("id") in self._streams or body.get("usage") is None
        return kind == "chat.completion.chunk"


def usage_of(found: Mapping[str, Json], *, mode: str | None = None) -> Usage:
    """The tokens that a usage object of a model of that mode reports, or what stands for them.

    That is the seconds of speech, by the API, or the characters of a text, by a record of ours.
    UsageError for a usage without any, and for numbers that contradict each other.
    """
    if found.get("seconds") is not None:
        return Usage(seconds=_seconds(found["seconds"]))
    if "characters" in found:
        return Usage(characters=_tokens(found, "characters"))
    if not any(name in found for name in ("prompt_tokens", "input_tokens", "output_tokens")):
        raise UsageError("the usage has no tokens")
    into = _details(found, "prompt_tokens_details", "input_tokens_details", "input_token_details")
    out = _details(
        found, "completion_tokens_details", "output_tokens_details", "output_token_details"
    )
    cached = _details(into, "cached_tokens_details")
    by_life = _details(into, "cache_write_tokens_details")
    written, written_12h = _tokens(into, "cache_write_tokens"), _tokens(by_life, "ttl_12h_tokens")
    usage = Usage(
        input=_tokens(found, "prompt_tokens", "input_tokens"),
        output=_tokens(found, "completion_tokens", "output_tokens"),
        cached=_tokens(into, "cached_tokens"),
        cache_write=written - written_12h,
        cache_write_12h=written_12h,
        audio_input=_tokens(into, "audio_tokens"),
        image_input=_tokens(into, "image_tokens"),
        cached_audio=_tokens(cached, "audio_tokens"),
        cached_image=_tokens(cached, "image_tokens"),
        audio_output=_tokens(out, "audio_tokens"),
        image_output=_tokens(out, "image_tokens"),
    )
    _check(usage)
    whole, part = _ONE_KIND.get(mode or "", ("", ""))
    if part and not (into if whole == "input" else out):
        usage = usage._replace(**{part: getattr(usage, whole)})
    return usage


def _check(usage: Usage) -> None:
    """UsageError where parts are more than what they are parts of."""
    written = usage.cache_write + usage.cache_write_12h
    wrong = (
        usage.cache_write < 0
        or usage.cached + written > usage.input
        or usage.audio_input + usage.image_input > usage.input
        or usage.audio_output + usage.image_output > usage.output
        or usage.cached_audio + usage.cached_image > usage.cached
        or usage.cached_audio > usage.audio_input
        or usage.cached_image > usage.image_input
    )
    if wrong:
        raise UsageError("the usage has parts that are more than their whole")


def _billed(line: int, body: Mapping[str, Json], tier: str) -> Billed | None:
    """The answer, where it has a usage."""
    usage = _record_usage(body) if "usd" in body else body.get("usage")
    return Billed(line, _string(body, "model"), tier, usage) if isinstance(usage, dict) else None


def _batch_body(line: Mapping[str, Json]) -> dict[str, Json] | None:
    """The answer in a line of the Batch API's output file, None where the request failed."""
    response = line.get("response")
    if line.get("error") is not None or not isinstance(response, dict):
        return None
    body, status = response.get("body"), response.get("status_code")
    failed = isinstance(status, int) and status >= 400
    return body if isinstance(body, dict) and not failed else None


def _record_usage(record: Mapping[str, Json]) -> dict[str, Json] | None:
    """The usage in a line of --usage-file, in the form of /responses; None where it has none."""
    for name in ("seconds", "characters"):
        if name in record:
            return {name: record[name]}
    if record.get("input_tokens") is None and record.get("output_tokens") is None:
        return None
    parts = ("cached_tokens", "cache_write_tokens")
    return {
        "input_tokens": record.get("input_tokens"),
        "output_tokens": record.get("output_tokens"),
        "input_tokens_details": {name: record.get(name) for name in parts},
    }


def _details(found: Mapping[str, Json], *names: str) -> Mapping[str, Json]:
    """The first of these objects that there is."""
    for name in names:
        if isinstance(value := found.get(name), dict):
            return value
    return {}


def _tokens(found: Mapping[str, Json], *names: str) -> int:
    """The first of these numbers that there is, 0 where there is none."""
    for name in names:
        if (value := found.get(name)) is not None:
            if type(value) is not int or value < 0:
                raise UsageError(f"{name} of the usage must be an integer of at least 0")
            return value
    return 0


def _seconds(value: Json) -> Decimal:
    if type(value) not in (int, float) or not 0 <= value < inf:
        raise UsageError("seconds of the usage must be a number of at least 0")
    return Decimal(str(value))


def _string(found: Mapping[str, Json], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) else None
