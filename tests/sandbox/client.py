"""A client of the sandbox that hides nothing: one connection for each request."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.sandbox import Sandbox

Json = dict[str, Any]

# Of the sandboxes of these tests; those of users make their own.
KEY = "sandbox-made-up-key"

MESSAGES = [{"role": "user", "content": "hello"}]
CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"


@dataclass(frozen=True)
class Answer:
    """An answer as it came; the names of its headers in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The body of an answer that is not streamed."""
        return json.loads(self.content)

    @property
    def events(self) -> list[Json]:
        """The chunks of a stream, which must end as a stream ends."""
        *events, done, rest = self.content.decode().split("\n\n")
        assert (done, rest) == ("data: [DONE]", "")
        assert all(event.startswith("data: ") for event in events)
        return [json.loads(event.removeprefix("data: ")) for event in events]

    def steps(self, index: int = 0) -> list[Json]:
        """The pieces of one choice of a stream."""
        found = [choice for event in self.events for choice in event["choices"]]
        return [choice for choice in found if choice["index"] == index]


def connect(sandbox: Sandbox) -> http.client.HTTPConnection:
    """A connection to the sandbox."""
    host = sandbox.base_url.removeprefix("http://").removesuffix("/v1")
    return http.client.HTTPConnection(host, timeout=30)


def send(
    sandbox: Sandbox,
    path: str,
    body: object = None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send bytes as they are, all else as JSON; with its key unless `headers` are given."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {sandbox.key}"} if headers is None else headers
    connection = connect(sandbox)
    try:
        connection.request(method, path, None if body is None else content, dict(given))
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())
    finally:
        connection.close()


def chat(sandbox: Sandbox, **body: object) -> Answer:
    """POST a chat completion, with a model and a message of ours where none are given."""
    return send(sandbox, CHAT, {"model": "gpt-6-luna", "messages": MESSAGES, **body})


def complete(sandbox: Sandbox, **body: object) -> Answer:
    """POST a completion, with a model and a prompt of ours where none are given."""
    return send(sandbox, COMPLETIONS, {"model": "davinci-002", "prompt": "hello", **body})


def error(
    message: str, param: str | None = None, code: str | None = None
) -> dict[str, dict[str, str | None]]:
    """The API's error body."""
    return {
        "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    }
