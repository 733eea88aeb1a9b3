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
    assert ours == {"errors", "records", "sandbox"}


ASKED = """
import sys
from openai_cli.sandbox.api import Api, HttpRequest
api = Api(key="key")
request = HttpRequest("GET", "/v1/models", authorization="Bearer key", host="localhost")
api.admit(request)
assert api.respond(request).status == 200
print(*sys.modules)
"""


def test_what_has_a_handler_of_its_own_needs_no_table() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, check=True, text=True, timeout=60
    )
    assert {"openai_cli.sandbox.table", "openai_cli.sandbox.things"}.isdisjoint(ran.stdout.split())
