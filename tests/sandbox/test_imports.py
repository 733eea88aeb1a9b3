"""What the sandbox loads, and when."""

import subprocess
import sys

LOADED = """
import sys
import openai_cli.sandbox
print(*sys.modules)
from openai_cli.sandbox import server
print(*sys.modules)
"""


def test_nothing_heavy_is_loaded() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, check=True, text=True, timeout=60
    )
    package, everything = (set(line.split()) for line in ran.stdout.splitlines())
    assert package.isdisjoint({"http.server", "socketserver", "json", "openai_cli.sandbox.server"})
    assert everything.isdisjoint({"typer", "requests", "jsonschema", "pydantic", "tiktoken"})
    ours = {name.split(".")[1] for name in everything if name.startswith("openai_cli.")}
    assert ours == {"errors", "sandbox"}
