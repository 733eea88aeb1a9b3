"""Run an operation's command: preview or send its request, and print the answer."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from openai_cli.calls.consent import demand_consent
from openai_cli.calls.plan import Plan
from openai_cli.calls.send import send
from openai_cli.calls.session import Session
from openai_cli.commands.operation.lasting import thing_of
from openai_cli.commands.operation.options import (
    OperationOptions,
    WholeUpload,
    collisions,
    is_bounded,
    may_cost,
)
from openai_cli.context import Context
from openai_cli.errors import UsageError
from openai_cli.flags.adapter import Parts
from openai_cli.flags.names import flag_of
from openai_cli.jsontext import encode_json
from openai_cli.operations.table import Facts, Operation
from openai_cli.records import replace
from openai_cli.request.body import (
    Given,
    Request,
    assembled,
    bodyless,
    given_body,
    told_parts,
    unchecked_params,
    with_query,
)
from openai_cli.request.inputs import Inputs

if TYPE_CHECKING:
    from openai_cli.calls.parts import Source
    from openai_cli.http.payload import FormFile


def run(context: Context, options: OperationOptions) -> None:
    """Send the operation's request, and print the response."""
    inputs = Inputs(context, options.stdin)
    with Session(context, options, inputs) as session:
        source = _source(options)
        request = request_of(context, options, inputs, {} if source is None else source.facts)
        if session.preview is not None:
            session.show((request,))
            if request.is_bodyless and options.dry_run:
                context.messages.notice(f"{request.method} {request.path} has no body")
            return
        demand_consent(context, options)
        session.receipts.has_told_alone = True
        if source is not None:
            from openai_cli.commands.operation.uploading import deliver_upload

            deliver_upload(session, options, request, source)
            return
        _deliver(session, options, request)


def _source(options: OperationOptions) -> "Source | None":
    """The file of an upload in parts, or None; UsageError if it is not one."""
    if not isinstance(options, WholeUpload) or options.file is None:
        return None
    from openai_cli.calls.parts import Source

    return Source.of(options.file)


def _deliver(session: Session, options: OperationOptions, request: Request) -> None:
    from openai_cli.commands.operation import printing

    operation = options.operation
    if operation.answer == "list":
        from openai_cli.calls.listing import print_list

        lines = printing.Rows(operation.columns).lines
        print_list(session, request, options, lines, operation.pages)
    elif operation.answer == "bytes":
        from openai_cli.calls.download import download, download_billed

        (download_billed if may_cost(operation) else download)(session, request)
    elif getattr(options, "wait", False) and (words := thing_of(operation)) is not None:
        from openai_cli.commands.operation.waiting import deliver_ended

        deliver_ended(session, words, operation, _plan(operation, request))
    else:
        send(session, _plan(operation, request))


def _plan(operation: Operation, request: Request) -> Plan:
    from openai_cli.answer.page import AnyWhole, Lasting
    from openai_cli.commands.operation import printing

    if operation.method == "DELETE":
        deleted = printing.Deleted(request)
        return Plan(request, answer=deleted.reader, writer=deleted.writer, is_free=True)
    if operation.answer == "nothing":
        return Plan(
            request,
            answer=lambda: AnyWhole(instead={}),
            writer=printing.NothingWriter,
            is_free=not may_cost(operation),
        )
    if is_bounded(operation):
        from openai_cli.answer.endpoints import reader_of

        answer = reader_of(operation.method, operation.path)
        return Plan(request, answer=answer, writer=printing.ThingWriter, forgets=True)
    answer = AnyWhole if thing_of(operation) is None else Lasting
    is_free = not may_cost(operation)
    return Plan(request, answer=answer, writer=printing.ThingWriter, is_free=is_free)


def request_of(
    context: Context,
    options: OperationOptions,
    inputs: Inputs,
    beside: Mapping[str, Any] = MappingProxyType({}),
) -> Request:
    """Build the operation's request from the options; `beside` has values for what is not given.

    Raises UsageError for a required property that is missing, or a property of the wrong kind.
    """
    operation = options.operation
    parts = told_parts(options, inputs)
    request = (
        _with_body(context, options, inputs, parts)
        if operation.has_body
        else _without_body(context, options, parts)
    )
    known = {name: value for name, value in beside.items() if name not in request.body}
    request = request.with_body(**known) if known else request
    query = _names_in_query(request.path)
    _check_needed(operation, operation.query, query)
    given = {*request.body, *(file.field.removesuffix("[]") for file in request.files or ())}
    _check_needed(operation, operation.body, given)
    return request


def _without_body(context: Context, options: OperationOptions, parts: Parts) -> Request:
    """A request without a body; --param and configured parameters go into the query."""
    known = options.operation.query
    defaults = {name: value for name, value in context.settings.properties.items() if name in known}
    query = {**defaults, **unchecked_params(options.param), **parts.query}
    return bodyless(options.endpoint, parts._replace(query=query))


def _with_body(context: Context, options: Any, inputs: Inputs, parts: Parts) -> Request:
    operation: Operation = options.operation
    files = list(_files(parts.file, inputs))
    objects = {name: value for name, value in parts.file.items() if isinstance(value, dict)}
    given = Given(
        options.endpoint,
        parts._replace(body={**parts.body, **objects}),
        unchecked_params(options.param),
        given_body(options.body, inputs),
    )
    request = assembled(context, given)
    in_query = {name: value for name, value in request.body.items() if name in operation.query}
    if in_query:  # given by --param
        body = {name: value for name, value in request.body.items() if name not in in_query}
        request = replace(request, path=with_query(request.path, in_query), body=body)
    is_form = operation.form == "always" or bool(files)
    for name in operation.as_json if is_form else ():
        if name in request.body:
            request = request.with_body(**{name: encode_json(request.body[name]).decode()})
    return replace(request, files=tuple(files) if is_form else None, has_body=bool(operation.body))


def _files(given: Mapping[str, Any], inputs: Inputs) -> "Iterator[FormFile]":
    """The files of a form; several files of one property are an array.

    A file in an array keeps the folders of its relative path in its name, as those of a skill must.
    """
    from openai_cli.request.uploads import Rule, form_file

    for name, value in given.items():
        paths = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        field = f"{name}[]" if len(paths) > 1 else name
        for typed in paths:
            path = typed.removeprefix("@")
            kept = isinstance(value, list) and path != "-" and not path.startswith(("/", ".."))
            filename = path.removeprefix("./") if kept else None
            yield form_file(field, path, inputs, rule=Rule(), filename=filename)


def _names_in_query(path: str) -> set[str]:
    """The names of the parameters in a path's query; for an array or object, its own name."""
    from urllib.parse import parse_qsl

    pairs = parse_qsl(path.partition("?")[2], keep_blank_values=True)
    return {name.partition("[")[0] for name, _ in pairs}


def _check_needed(operation: Operation, properties: Mapping[str, Facts], given: set[str]) -> None:
    missing = [
        name for name, facts in properties.items() if facts.get("required") and name not in given
    ]
    if missing:
        ours = collisions(operation)
        flags = ", ".join(name.upper() if name in ours else flag_of(name) for name in missing)
        raise UsageError(
            f"missing {' and '.join(missing)}",
            parameter=missing[0],
            hint=f"give {flags}; --param and --body set properties too",
        )
