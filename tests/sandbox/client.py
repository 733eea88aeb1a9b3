"""A bare client for the sandbox: one connection per request."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openai_cli.sandbox import Sandbox

Json = dict[str, Any]

# The key of the sandboxes in these tests; those of users create their own.
KEY = "sandbox-made-up-key"

MESSAGES = [{"role": "user", "content": "hello"}]
CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"


@dataclass(frozen=True)
class Answer:
    """A response as it came, with lower-case header names."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The body of a response that is not a stream."""
        return json.loads(self.content)

    @property
    def events(self) -> list[Json]:
        """The chunks of a stream, which must end properly."""
        *events, done, rest = self.content.decode().split("\n\n")
        assert (done, rest) == ("data: [DONE]", "")
        assert all(event.startswith("data: ") for event in events)
        return [json.loads(event.removeprefix("data: ")) for event in events]

    def steps(self, index: int = 0) -> list[Json]:
        """The steps of one choice in a stream."""
        found = [choice for event in self.events for choice in event["choices"]]
        return [choice for choice in found if choice["index"] == index]


def connect(sandbox: Sandbox) -> http.client.HTTPConnection:
    """Open a connection to the sandbox."""
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
    """Send bytes as they are, anything else as JSON; with the key, unless `headers` are given."""
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
    """POST a chat completion, with a default model and message."""
    return send(sandbox, CHAT, {"model": "gpt-6-luna", "messages": MESSAGES, **body})


def complete(sandbox: Sandbox, **body: object) -> Answer:
    """POST a completion, with a default model and prompt."""
    return send(sandbox, COMPLETIONS, {"model": "davinci-002", "prompt": "hello", **body})


def error(
    message: str, param: str | None = None, code: str | None = None
) -> dict[str, dict[str, str | None]]:
    """The API's error body."""
    return {
        "error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    }
