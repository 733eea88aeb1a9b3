"""Show a request as a curl command."""

import shlex
from collections.abc import Iterator

from openai_cli.config.destination import Destination
from openai_cli.http.address import joined
from openai_cli.request.body import Request


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


def _streams(request: Request) -> bool:
    return request.body.get("stream") is True
