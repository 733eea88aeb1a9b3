"""What the tests with the `openai` package's client share."""

from typing import Any

import openai
import pytest

MODEL = "gpt-6-luna"


def file_id(client: openai.OpenAI, text: str, purpose: Any = "assistants") -> str:
    return client.files.create(file=("notes.txt", text.encode()), purpose=purpose).id


def refused(call: Any, *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(openai.APIStatusError) as refusal:
        call(*arguments, **named)
    body: Any = refusal.value.body
    return refusal.value.status_code, body["message"]
