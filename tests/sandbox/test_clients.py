"""Other programs against the sandbox, as their users run them: curl and llm."""

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from openai_cli.sandbox import Sandbox
from tests.sandbox.client import KEY

CURL = shutil.which("curl")
LLM = shutil.which("llm", path=sysconfig.get_path("scripts"))

BODY = '{"model": "gpt-6-luna", "messages": [{"role": "user", "content": "Say hi"}]}'
STREAM = '{"model": "davinci-002", "prompt": "Say one two", "stream": true}'


def output(command: list[str], env: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def curl(sandbox: Sandbox, path: str, *arguments: str) -> str:
    key = f"Authorization: Bearer {KEY}"
    return output(["curl", "-sS", "-H", key, *arguments, f"{sandbox.base_url}{path}"])


@pytest.mark.skipif(CURL is None, reason="this machine has no curl")
class TestCurl:
    """Plain curl."""

    def test_chat(self, sandbox: Sandbox) -> None:
        said = json.loads(curl(sandbox, "/chat/completions", "-d", BODY))
        assert said["choices"][0]["message"]["content"] == "hi"

    def test_a_stream(self, sandbox: Sandbox) -> None:
        *events, done, end = curl(sandbox, "/completions", "-N", "-d", STREAM).split("\n\n")
        texts = [json.loads(event.removeprefix("data: "))["choices"][0]["text"] for event in events]
        assert texts == ["one", " two", ""]
        assert (done, end) == ("data: [DONE]", "")

    def test_a_large_body_that_is_announced(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Above a megabyte, curl waits for `100 Continue`."""
        text = "Say " + "one " * 400_000
        (tmp_path / "body").write_text(json.dumps({"model": "m", "prompt": text, "max_tokens": 2}))
        arguments = ("-d", f"@{tmp_path / 'body'}", "-H", "Expect: 100-continue")
        said = json.loads(curl(sandbox, "/completions", *arguments))
        assert said["choices"][0]["text"] == "one one"

    def test_a_refusal(self, sandbox: Sandbox) -> None:
        told = curl(sandbox, "/chat/completions", "-d", "{}", "-w", "\n%{http_code}")
        body, status = told.rsplit("\n", 1)
        assert status == "400"
        assert json.loads(body)["error"]["message"] == "Missing required parameter: 'model'."

    def test_a_fault_by_its_header(self, sandbox: Sandbox) -> None:
        fault = ("-H", "X-Sandbox-Fault: status=429,retry-after=3", "-D", "-")
        head = curl(sandbox, "/models", *fault).partition("\n\n")[0]
        assert head.startswith("HTTP/1.1 429 Too Many Requests\n")
        assert "\nRetry-After: 3\n" in head
        assert "\nServer: openai-cli-sandbox\n" in head


@pytest.mark.skipif(LLM is None, reason="llm, of the extra `test`, is not installed")
@pytest.mark.parametrize("arguments", [["--no-stream"], []], ids=["whole", "streamed"])
def test_llm(sandbox: Sandbox, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "extra-openai-models.yaml").write_text(
        "- model_id: sandbox\n"
        "  model_name: gpt-6-luna\n"
        f"  api_base: {sandbox.base_url}\n"
        "  api_key_name: sandbox\n"
    )  # fmt: skip
    command = [str(LLM), "-m", "sandbox", "--key", KEY, *arguments, "Say one two"]
    assert output(command, {"LLM_USER_PATH": str(tmp_path)}) == "one two\n"
