"""What the sandbox refuses with: the API's status and error body, as an exception."""

from typing import Any


class Refusal(Exception):  # noqa: N818 - an answer to the client, not a failure of ours
    """An answer other than 200: an HTTP `status` and the API's error body."""

    def __init__(
        self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "error": {
                "message": message,
                "type": "server_error" if status >= 500 else "invalid_request_error",
                "param": param,
                "code": code,
            }
        }
