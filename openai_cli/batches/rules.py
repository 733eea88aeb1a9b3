"""The rules for the lines of one file, each by itself and all together."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from openai_cli.batches.lines import VERSION, Line, parsed
from openai_cli.batches.readers import inputs_of
from openai_cli.batches.seen import Seen
from openai_cli.batches.source import Source
from openai_cli.errors import UsageError
from openai_cli.records import NamedTuple

# Limits of one batch: https://platform.openai.com/docs/guides/batch ("Rate limits" and "Prepare
# your batch file").
MOST_LINES = 50_000
MOST_BYTES = 200 * 1024 * 1024
MOST_INPUTS = 50_000

# Checks a body for an endpoint such as `/embeddings`; raises UsageError for a fault.
JudgeBody = Callable[[str, Mapping[str, Any]], None]


class Fault(NamedTuple):
    """A fault in a file, and its line, if it is on one."""

    line: int | None
    problem: str
    hint: str | None = None

    def error(self, shown: str) -> UsageError:
        """The fault as an error; `shown` names the file."""
        return UsageError(f"{shown}: {self.problem}", hint=self.hint)


@dataclass
class Rules:
    """Reads the requests of a file, and collects its faults; a context manager.

    With `is_for_batch` the limits of one batch apply too. `faults` holds at most `most`; `count` is
    the number of requests, and `inputs` that of embedding inputs.
    """

    judge: JudgeBody
    is_for_batch: bool = False
    most: int = 100
    faults: list[Fault] = field(default_factory=list)
    count: int = 0
    inputs: int = 0
    path: str | None = None
    model: Any = None
    _seen: Seen = field(default_factory=Seen)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._seen.__exit__(kind, error, trace)

    def read(self, source: Source) -> Iterator[Line]:
        """Yield the requests without faults, then check the file as a whole."""
        for number, start, raw in source.lines():
            if raw.isspace():
                continue
            self.count += 1
            try:
                line = parsed(number, start, raw)
            except UsageError as error:
                self._add(Fault(number, error.problem, error.hint))
                continue
            before = len(self.faults)
            self._check(line)
            if len(self.faults) == before:
                yield line
        self._check_whole(source)

    def _add(self, fault: Fault) -> None:
        if len(self.faults) < self.most:
            self.faults.append(fault)

    def _check(self, line: Line) -> None:
        for problem in self._problems(line):
            hint = None
            self._add(Fault(line.number, f"line {line.number}: {problem}", hint))
        try:
            self.judge(line.path, line.body)
        except UsageError as error:
            parameter = f" (parameter {error.parameter})" if error.parameter else ""
            problem = f"line {line.number}: {error.problem}{parameter}"
            self._add(Fault(line.number, problem, None))

    def _problems(self, line: Line) -> Iterator[str]:
        if (before := self._seen.add(line.custom_id, line.number)) is not None:
            yield f"the custom_id '{line.custom_id}' is already used on line {before}"
        if self.path is None:
            self.path, self.model = line.path, line.body.get("model")
        if line.path != self.path:
            yield f"url is {VERSION}{line.path}, but {VERSION}{self.path} on earlier lines"
            return
        model = line.body.get("model")
        if not isinstance(model, str) or not model:
            yield "the body names no model"
        elif self.is_for_batch and model != self.model:
            yield f"model is {model}, but {self.model} on earlier lines"
        if line.body.get("stream"):
            yield "a batch cannot stream: leave stream out"
        if line.path == "/embeddings":
            self.inputs += inputs_of(line.body)

    def _check_whole(self, source: Source) -> None:
        if not self.count:
            self._add(Fault(None, "there is no request in it"))
        if not self.is_for_batch:
            return
        for what, have, most in (
            ("lines", self.count, MOST_LINES),
            ("bytes", source.size, MOST_BYTES),
            ("inputs of embeddings", self.inputs, MOST_INPUTS),
        ):
            if have > most:
                self._add(
                    Fault(None, f"it has {have:,} {what}, but a batch takes at most {most:,}",
                          "batch run --via batch splits it")
                )  # fmt: skip
