"""What `cost` prices from files: requests, answers, and texts."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from openai_cli.commands.ledger import KEYS, Line, day, within
from openai_cli.commands.long_stdin import count_stdin, with_stdin
from openai_cli.commands.pricing import Pricing, limit_of
from openai_cli.errors import UsageError
from openai_cli.prices.answers import Answers
from openai_cli.prices.bill import Bill, Statement
from openai_cli.prices.billed import Billed
from openai_cli.prices.bodies import Asked, asked, body_of
from openai_cli.prices.bound import bounded, counted_as, prompt_tokens
from openai_cli.prices.calls import AskedCalls, asked_calls
from openai_cli.prices.report import Label
from openai_cli.reading import is_there

if TYPE_CHECKING:
    from openai_cli.tokens.counted import TokenCount
    from openai_cli.tokens.lines import Group

# The doubts of many requests repeat each other.
_MOST_DOUBTS = 5

Pricer = Callable[[Iterable[bytes], str | None], list[Statement]]


def answered(call: Pricing, path: str) -> list[Statement]:
    """What the answers in a file cost, or would have cost with each of the models.

    A missing file counts as empty, as usage files are at the start of a month.
    """
    return _for_each_model(call, _lines_if_any(call, path), lambda *given: _answers(call, *given))


def requested(call: Pricing, path: str) -> list[Statement]:
    """What the requests in a file can cost, with the models that they name or each model given."""
    lines = call.inputs.lines("--request", path)
    return _for_each_model(call, lines, lambda *given: _requests(call, *given))


def _for_each_model(call: Pricing, lines: Iterable[bytes], price: Pricer) -> list[Statement]:
    """The statements for the file or, with several models, one for each, the cheapest first."""
    models = list(dict.fromkeys(call.options.model or ()))
    if len(models) < 2:
        return price(lines, models[0] if models else None)
    kept, found = list(lines), []
    for model in models:
        priced = price(kept, model)
        if len(priced) > 1:
            raise UsageError(
                "the file has several tiers, regions or days",
                hint="--tier chooses the one to compare the models at",
            )
        found += priced
    return sorted(found, key=lambda statement: statement.usd)


def _lines_if_any(call: Pricing, path: str) -> Iterator[bytes]:
    from pathlib import Path

    if path == "-" or is_there(path) or Path(path).is_symlink():
        yield from call.inputs.lines("--response", path)
    else:
        call.context.messages.notice(f"there is no file '{path}' yet, so it has no answers")


def _answers(call: Pricing, lines: Iterable[bytes], model: str | None) -> list[Statement]:
    from openai_cli.tokens.lines import at_line, objects

    bill, answers = call.bill(), Answers()
    found: list[Statement] = []
    groups: dict[str | None, Bill] = {}
    for answer in answers.read(_taken(call, objects(lines, may_be_empty=True))):
        own = bill.empty() if call.options.by_request else bill
        if call.options.by is not None:
            key = model if call.options.by == "model" and model else KEYS[call.options.by](answer)
            own = groups.setdefault(key, bill.empty())
        try:
            _add(call, own, answer, model)
            if call.options.by_request:
                found += _labelled(call, own, "", answer.line)
        except UsageError as error:
            if not answer.is_unpriced:
                raise at_line(answer.line, error) from None
            call.unpriced.append(at_line(answer.line, error).problem)
    free = {
        "failed requests": answers.failed,
        "free requests": answers.free,
        "answers from the cache": answers.cached,
    }
    for what, count in free.items():
        if count:
            call.context.messages.notice(f"{what}, which cost nothing and are in no sum: {count}")
    found = found or (_grouped(call, groups) if groups else bill.statements())
    if answers.taken and not (found or call.unpriced or any(free.values())):
        raise UsageError("--response: there is no answer in the file")
    return found


def _taken(call: Pricing, lines: Iterable[Line]) -> Iterator[Line]:
    """The lines of the days that were asked for."""
    since, until = (day(f"--{name}", getattr(call.options, name)) for name in ("since", "until"))
    if since and until and until < since:
        raise UsageError("--until is before --since")
    return within(lines, since, until, call.unpriced)


def _grouped(call: Pricing, groups: Mapping[str | None, Bill]) -> list[Statement]:
    """The labelled statements of the groups in order, the group without a key last."""
    found: list[Statement] = []
    for key in sorted(groups, key=lambda key: (key is None, key or "")):
        priced = groups[key].statements()
        label = Label("(none)" if key is None else key, {str(call.options.by): key})
        call.labels += [label] * len(priced)
        found += priced
    return found


def _add(call: Pricing, bill: Bill, answer: Billed, model: str | None) -> None:
    """Add an answer; if `model` is given, as of that model, at the day's prices."""
    if model is not None and not answer.is_extra:
        answer = answer._replace(model=model, day=None)
    if answer.model is None:
        raise UsageError("the answer names no model", hint="--model names it")
    day = call.on if call.options.as_of is not None else answer.day
    bill.add_answer(answer._replace(day=day), model=answer.model, tier=call.tier)


def _labelled(call: Pricing, bill: Bill, name: str, line: int) -> list[Statement]:
    """The statements of one request or answer, labelled with its name or line."""
    priced = bill.statements()
    label = Label(name or f"line {line}", {"custom_id": name or None, "line": line})
    call.labels += [label] * len(priced)
    return priced


def _requests(call: Pricing, lines: Iterable[bytes], model: str | None) -> list[Statement]:
    from openai_cli.tokens.lines import at_line, count_lines

    def stand_in(name: str) -> str | None:
        return counted_as(name, call.table.model(name))

    bill, bounds = call.bill(), call.bill()
    found: list[Statement] = []
    counted = count_lines(
        lines, model=call.default_model, instead=model, stand_in=stand_in, on=call.on
    )
    for group in counted:
        try:
            request, calls = _asked(call, bill, group)
            _bound(call, bounds, group, request, calls)
            if call.options.by_request:
                found += _each(call, bill, group, request, calls)
            else:
                bill.add_requests(request, group.tokens, calls=calls)
        except UsageError as error:
            raise at_line(group.numbers[0], error) from None
        if len(call.doubts) < _MOST_DOUBTS:
            call.doubts |= dict.fromkeys(group.doubts)
    call.most += bounds.statements()
    return found or bill.statements()


def _bound(call: Pricing, bounds: Bill, group: "Group", request: Asked, calls: AskedCalls) -> None:
    """With --max-cost, add the requests to the upper bound of the cost."""
    if call.options.max_cost is None:
        return
    doubts = bounded(group.doubts, group.body, call.table.model(request.model))
    call.unbounded = call.unbounded or next((one for one in doubts if one.more is None), None)
    more = sum(doubt.more or 0 for doubt in doubts)
    bounds.add_requests(request, [tokens + more for tokens in group.tokens], calls=calls)


def _asked(call: Pricing, bill: Bill, group: "Group") -> tuple[Asked, AskedCalls]:
    """What a group of requests asks for; if it sets no limit, the one of the options applies."""
    model = group.body.get("model")
    name = call.default_model if model is None else model
    tier = call.tier or (None if group.custom_ids[0] is None else "batch")
    request = asked(group.body, model=name, tier=tier)
    if request.limit is None:
        request = request._replace(limit=limit_of(call.options))
    searches = bill.tariff(request.model, request.tier).model.searches
    return request, asked_calls(group.body, searches=searches)


def _each(
    call: Pricing, bill: Bill, group: "Group", request: Asked, calls: AskedCalls
) -> Iterator[Statement]:
    for line, name, tokens in zip(group.numbers, group.custom_ids, group.tokens, strict=True):
        own = bill.empty()
        own.add_requests(request, [tokens], calls=calls)
        yield from _labelled(call, own, name or "", line)


def of_files(call: Pricing, paths: Sequence[str]) -> list[Statement]:
    """What each file, or stdin for `-`, costs as the message that `chat < FILE` sends."""
    from openai_cli.commands.counting_files import tell_left_out
    from openai_cli.tokens.corpus import FileCount, count_files

    if not paths:
        raise UsageError("--files needs paths", hint="for example: openai-cli cost --files prompts")
    (model,) = call.options.model or (call.default_model,)
    bill = call.bill()
    request, frame, encoding = message_of(bill, model, call.tier or "standard")
    call.doubts |= dict.fromkeys(frame.doubts)
    request = request._replace(limit=limit_of(call.options))
    found: list[Statement] = []
    left_out = Counter[str]()

    def of_stdin() -> int:
        return count_stdin(call.inputs.stdin_blocks("--files"), encoding)

    of_disk = partial(count_files, encoding=encoding, left_out=left_out)
    for one in with_stdin(paths, of_disk, of_stdin):
        if isinstance(one, FileCount):
            own = bill.empty()
            own.add_requests(request, [one.tokens + frame])
            call.labels.append(Label(one.path, {"path": one.path}))
            found += own.statements()
        elif isinstance(one, UsageError):
            call.unpriced.append(one.problem)
    tell_left_out(call.context, left_out)
    return found


def message_of(bill: Bill, model: str, tier: str) -> "tuple[Asked, TokenCount, str]":
    """The message that a text is priced as: what it asks for, its frame, and its encoding.

    The frame is the tokens that the message has without the text.

    Raises UsageError for a model or a tier without a price.
    """
    from openai_cli.tokens.encoding import encoding_for_model

    prices = bill.tariff(model, tier)
    body, endpoint = body_of("", prices)
    frame = prompt_tokens(body, endpoint, prices, bill.on)
    encoding = encoding_for_model(counted_as(model, prices.model) or model)
    return asked(body, model=model, tier=prices.tier), frame, encoding
