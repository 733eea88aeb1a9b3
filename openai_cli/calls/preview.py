"""Preview a request: its body, a curl command, or a line for the Batch API."""

import shlex
from collections.abc import Iterator
from typing import Self

from openai_cli.config.destination import Destination
from openai_cli.errors import UsageError
from openai_cli.flags.output import BatchLine, Previews
from openai_cli.http.address import joined
from openai_cli.jsontext import encode_json
from openai_cli.records import record
from openai_cli.request.body import Request


@record
class Preview:
    """The preview of --dry-run, --curl or --batch-line: the body, a command, or a batch line."""

    is_curl: bool = False
    custom_id: str | None = None

    @classmethod
    def of(cls, options: object) -> Self | None:
        """The preview that the options ask for, or None; UsageError if they ask for several."""
        if not isinstance(options, Previews):
            return None
        custom_id = options.batch_line if isinstance(options, BatchLine) else None
        given = [options.dry_run, options.curl, custom_id is not None]
        if sum(given) > 1:
            names = "--dry-run, --curl and --batch-line"
            raise UsageError(f"{names if custom_id else '--dry-run and --curl'}: give one of them")
        return cls(options.curl, custom_id) if any(given) else None

    @property
    def flag(self) -> str:
        """The flag that asks for this preview."""
        if self.custom_id is not None:
            return "--batch-line"
        return "--curl" if self.is_curl else "--dry-run"

    def shown(self, request: Request, server: Destination, *, terminal: bool) -> bytes:
        """Return the preview of the request; on a `terminal` a body is indented."""
        if self.custom_id is not None:
            return batch_line(request, self.custom_id)
        return curl(request, server) if self.is_curl else body(request, terminal=terminal)


def body(request: Request, *, terminal: bool) -> bytes:
    """The request body as JSON: on one line, as it is sent, or indented for a terminal."""
    if request.is_bodyless:
        return b""
    if not terminal:
        return request.encoded() + b"\n"
    return encode_json(request.wire_body, indent=2) + b"\n"


def curl(request: Request, server: Destination) -> bytes:
    """The request as a POSIX shell command; the key is a variable, --header values are masked."""
    own = {name.lower() for name in server.own_headers}
    is_json = request.files is None and not request.is_bodyless
    ours = {"Content-Type": "application/json"} if is_json else {}
    headers = {
        name: value for name, value in {**ours, **server.headers}.items() if name.lower() not in own
    }
    headers |= dict.fromkeys(server.own_headers, "***")
    words = ["curl", "--silent", "--show-error", *(["--no-buffer"] if _streams(request) else [])]
    if request.method != ("GET" if request.is_bodyless else "POST"):
        words += ["--request", request.method]
    lines = [" ".join([*words, shlex.quote(joined(server.base_url, request.path))])]
    if not server.has_own_authorization and (server.key is not None or server.is_openai):
        variable = "OPENAI_ADMIN_KEY" if server.is_admin else "OPENAI_API_KEY"
        lines.append(f'  -H "Authorization: Bearer ${variable}"')
    for option, path in (("--cert", server.client_cert), ("--key", server.client_key)):
        lines += [f"  {option} {shlex.quote(path)}"] if path else []
    lines += [f"  -H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    if is_json:
        # The body is one line, so no line of it can end the here-document.
        lines.append("  -d @- <<'JSON'")
        return " \\\n".join(lines).encode() + b"\n" + request.encoded() + b"\nJSON\n"
    return " \\\n".join([*lines, *_form_options(request)]).encode() + b"\n"


def _form_options(request: Request) -> Iterator[str]:
    """curl's options for a multipart form, with what curl would interpret in a value quoted."""
    from openai_cli.http.payload import form_fields

    for name, value in form_fields(request.body):
        yield f"  --form-string {shlex.quote(f'{name}={value}')}"
    for file in request.files or ():
        path, filename = (
            '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
            for text in (file.shown, file.filename)
        )
        form = f"{file.field}=@{path};filename={filename};type={file.content_type}"
        yield f"  -F {shlex.quote(form)}"


def batch_line(request: Request, custom_id: str) -> bytes:
    """The request as a line of a Batch API input file (docs: Batch, 'Prepare your batch file').

    Raises UsageError for files, since such a line is JSON, and for methods but POST.
    """
    if request.files:
        raise UsageError("the Batch API takes no files in a request", parameter="batch_line")
    if request.method != "POST":
        raise UsageError(f"the Batch API takes no {request.method}", parameter="batch_line")
    line = {
        "custom_id": custom_id,
        "method": "POST",
        "url": f"/v1{request.path}",
        "body": request.body,
    }
    return encode_json(line) + b"\n"


def _streams(request: Request) -> bool:
    return request.body.get("stream") is True
