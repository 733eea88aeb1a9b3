"""A request as it would be sent: its body, a curl command, a line for the Batch API."""

import shlex

from openai_cli.config.destination import Destination
from openai_cli.messages import escaped
from openai_cli.request import Request, encode_json


def body(request: Request, *, terminal: bool) -> bytes:
    """The body as JSON: on one line as it is sent, indented for a terminal."""
    if not terminal:
        return request.encoded() + b"\n"
    return escaped(encode_json(request.body, indent=2).decode()).encode() + b"\n"


def curl(request: Request, server: Destination) -> bytes:
    """A POSIX shell command: $OPENAI_API_KEY for the key, values of --header masked.

    The body is one line, so that no line of it can end the here-document.
    """
    own = {name.lower() for name in server.own_headers}
    ours = {"Content-Type": "application/json", **server.headers}
    headers = {name: value for name, value in ours.items() if name.lower() not in own}
    headers |= dict.fromkeys(server.own_headers, "***")
    words = ["curl", "--silent", "--show-error", *(["--no-buffer"] if _streams(request) else [])]
    lines = [" ".join([*words, shlex.quote(server.base_url + request.path)])]
    if not server.has_own_authorization and (server.key is not None or server.is_openai):
        lines.append('  -H "Authorization: Bearer $OPENAI_API_KEY"')
    lines += [f"  -H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    lines.append("  -d @- <<'JSON'")
    return " \\\n".join(lines).encode() + b"\n" + request.encoded() + b"\nJSON\n"


def batch_line(request: Request, custom_id: str) -> bytes:
    """The line of a Batch API input file (docs: Batch, 'Prepare your batch file')."""
    line = {
        "custom_id": custom_id,
        "method": "POST",
        "url": f"/v1{request.path}",
        "body": request.body,
    }
    return encode_json(line) + b"\n"


def _streams(request: Request) -> bool:
    return request.body.get("stream") is True
