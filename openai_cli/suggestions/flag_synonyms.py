"""The names that other tools give our flags, loaded when an unknown name is typed.

The names are those of curl, gh, HTTPie, jq, llm, ttok, Ollama, the openai package and its command.
"""

from collections.abc import Mapping

from openai_cli.suggestions.ways import Ways

SECRET: Ways = (
    "no flag takes a key, because others could see it: set OPENAI_API_KEY, give "
    "--api-key-file FILE, or store it with openai-cli key set",
    "no flag takes a key, because others could see it: set OPENAI_API_KEY, or store it with "
    "openai-cli key set",
)
_TEXT: Ways = ("the text needs no flag: COMMAND 'TEXT'",)
_IMAGE: Ways = ("--attach", "--image", "--file")
_FILE: Ways = (*_IMAGE, "--files", "COMMAND < FILE takes the TEXT from a file")
_SCHEMA: Ways = ("--schema", "openai-cli chat --schema asks for JSON that matches a schema")
_CONVERSATION: Ways = (
    "--continue FILE continues the conversation in FILE",
    "--previous-response-id ID continues after a response",
    "openai-cli chat --continue FILE holds a conversation",
)
_LIMIT: Ways = ("--max-completion-tokens", "--max-output-tokens", "--max-tokens")
_ALL_OF_IT: Ways = ("--json",)
_BODY: Ways = ("--body",)
_CERTIFICATES: Ways = (
    "certificates are always checked: REQUESTS_CA_BUNDLE=FILE names another authority",
)
_SYSTEM: Ways = ("--system", "--instructions")
_EFFORT: Ways = ("--reasoning-effort", "--reasoning effort=low")
_STREAM: Ways = ("--stream", "this command never streams its answer")
_FAIL: Ways = ("every failure already has its own exit code",)
_USAGE: Ways = ("--usage", "openai-cli cost shows what a text costs")
_FORM: Ways = (
    "--json prints the answer's body, and --schema asks for an answer in JSON",
    "--output-format",
    "--response-format",
    "--encoding-format",
    "--json",
)
_CHOICES: Ways = (
    "--n asks for several choices; openai-cli tokens counts a text",
    "openai-cli tokens counts a text",
)

# Names of one letter are case-sensitive: `-v` is not `-V`.
FLAGS: Mapping[str, Ways] = {
    # What is sent.
    "--schema": _SCHEMA,
    "--json-schema": _SCHEMA,
    "--output-schema": _SCHEMA,
    "--json-mode": (
        "--response-format type=json_object asks for JSON; --schema asks for JSON of one form",
        "--schema asks for an answer in JSON",
    ),
    "--response-format": ("--schema asks for an answer in JSON; --text has all formats",),
    "--image": _IMAGE,
    "--images": _IMAGE,
    "--file": _FILE,
    "--files": _FILE,
    "--attachment": _FILE,
    "--attachments": _FILE,
    "--fragment": _FILE,
    "--path": _FILE,
    "--dir": ("--files",),
    "--folder": ("--files",),
    "--recursive": ("--files",),
    "-a": _FILE,
    "-f": _FILE,
    "-r": ("--files", "a text is printed bare anyway"),
    "--prompt": _TEXT,
    "--text": _TEXT,
    "--input": _TEXT,
    "--message": _TEXT,
    "--messages": ("--input", "openai-cli chat --messages sends a conversation"),
    "--question": _TEXT,
    "--content": _TEXT,
    "-p": _TEXT,
    "--system-prompt": _SYSTEM,
    "--system-message": _SYSTEM,
    "--system": _SYSTEM,
    "--instructions": _SYSTEM,
    "-s": ("--system", "--instructions", "--quiet"),
    "--model-name": ("--model",),
    "--model-id": ("--model",),
    "--engine": ("--model",),
    "--deployment": ("--model",),
    "-t": ("--temperature", "--first", "--timeout"),
    "--max": _LIMIT,
    "--max-completion-tokens": _LIMIT,
    "--max-output-tokens": _LIMIT,
    "--max-tokens": _LIMIT,
    "--max-new-tokens": _LIMIT,
    "--num-predict": _LIMIT,
    "--effort": _EFFORT,
    "--thinking": _EFFORT,
    "--think": _EFFORT,
    "--reasoning-effort": _EFFORT,
    "--verbosity": ("--text verbosity=low",),
    "--stop-sequence": ("--stop",),
    "--stop-sequences": ("--stop",),
    "--web-search": (
        "--web-search-options",
        """--tools '[{"type": "web_search"}]' lets the model search""",
    ),
    "--tool": ("--tools",),
    "--stream": _STREAM,
    "--no-stream": _STREAM,
    "--no-buffer": ("--stream",),
    "-N": ("--stream",),
    "--count": _CHOICES,
    "--choices": _CHOICES,
    "--samples": _CHOICES,
    "-n": ("--limit",),
    "--all": ("--limit",),
    "--continue": _CONVERSATION,
    "--conversation": _CONVERSATION,
    "--session": _CONVERSATION,
    "--thread": _CONVERSATION,
    "--last": (*_CONVERSATION[:2], "--limit", "--since"),
    "-c": _CONVERSATION,
    "--chat": ("--interactive", "openai-cli chat -i starts a conversation"),
    "--repl": ("--interactive", "openai-cli chat -i starts a conversation"),
    "--interactive": ("openai-cli chat -i starts a conversation",),
    "-i": ("openai-cli chat -i starts a conversation",),
    "-d": _BODY,
    "--data": _BODY,
    "--data-raw": _BODY,
    "--data-binary": _BODY,
    "--payload": _BODY,
    "--json-body": _BODY,
    "--extra-body": ("--param",),
    # What is printed.
    "--jq": ("--query takes JMESPath, as choices[0].message.content", "| jq … takes JSON"),
    "--raw": (
        "a text is printed bare anyway; --json prints the answer's body as it came",
        "a text is printed bare anyway",
    ),
    "--raw-output": ("--query prints a text bare", "a text is printed bare anyway"),
    "--format": _FORM,
    "--output-format": _FORM,
    "-j": _ALL_OF_IT,
    "--as-json": _ALL_OF_IT,
    "--json-output": _ALL_OF_IT,
    "--jsonl": _ALL_OF_IT,
    "--ndjson": _ALL_OF_IT,
    "--lines": (
        "--jsonl counts a field of each line of a file",
        "--by-request prices each line of a file",
    ),
    "--pretty": ("--json prints the body as it came; | jq . indents it",),
    "--table": ("--markdown",),
    "-l": ("--lines",),
    "--code": ("--extract",),
    "-x": ("--extract", "HTTPS_PROXY=URL names a proxy"),
    "--proxy": ("HTTPS_PROXY=URL names a proxy",),
    "-O": ("--output",),
    "--out-file": ("--output",),
    "--outfile": ("--output",),
    "--save": ("--output",),
    "--save-as": ("--output",),
    "--download": ("--output",),
    "--delimiter": ("--separator",),
    "--zero": ("--null",),
    "--print0": ("--null",),
    "-z": ("--null",),
    "-v": ("--debug", "--version"),
    "-vv": ("--debug", "--version"),
    "--verbose": ("--debug",),
    "--trace": ("--debug",),
    "-I": ("--debug shows the headers",),
    "--silent": ("--quiet",),
    "--no-cache": (
        "--cache 0 asks each time, whatever the configuration file says",
        "this command keeps no answers",
    ),
    "--cache-ttl": ("--cache",),
    "--cached": ("--cache 1h reuses an answer up to an hour old",),
    "--no-color": ("--color never",),
    "--no-colour": ("--color never",),
    "--colour": ("--color",),
    "--plain": ("--color never",),
    "-V": ("--version", "openai-cli --version shows the version"),
    "--version": ("openai-cli --version shows the version",),
    "--man": ("--help",),
    "--usage": ("openai-cli cost shows what a text costs",),
    "--cost": _USAGE,
    "--price": _USAGE,
    "--stats": _USAGE,
    "--show-usage": _USAGE,
    "--budget": ("--max-cost",),
    "--compare": ("openai-cli cost -m NAME -m NAME compares what models cost",),
    "--no-log": ("nothing is logged without --usage-file or a ledger", "nothing is logged"),
    "--preview": ("--dry-run",),
    "--print-request": ("--dry-run",),
    "-y": ("this command asks for no confirmation",),
    "--yes": ("this command asks for no confirmation",),
    "--force": ("this command asks for no confirmation",),
    "--fail": _FAIL,
    "--check-status": _FAIL,
    # tokens.
    "--truncate": ("--first", "--truncation", "openai-cli tokens --first N cuts a text"),
    "--tokens": ("--ids", *_LIMIT, "openai-cli tokens counts a text"),
    "--encode": ("--ids",),
    "--allow-special": ("--special",),
    "--chunk": ("--split",),
    "--chunk-size": ("--split",),
    # Where it is sent.
    "--key": SECRET,
    "--api-key": SECRET,
    "--apikey": SECRET,
    "--openai-api-key": SECRET,
    "--token": SECRET,
    "--secret": SECRET,
    "-k": SECRET,
    "-u": ("--header 'Authorization: …' sends other credentials",),
    "--url": ("--base-url",),
    "--api-base": ("--base-url",),
    "--endpoint": ("--base-url",),
    "--host": ("--base-url",),
    "--server": ("--base-url",),
    "--org-id": ("--organization",),
    "--project-id": ("--project",),
    "--retry": ("--max-retries",),
    "--retries": ("--max-retries",),
    "--connect-timeout": ("--timeout",),
    "--read-timeout": ("--timeout",),
    "-H": ("--header",),
    "-X": ("openai-cli api METHOD PATH sends any method",),
    "-L": ("redirects are not followed",),
    "--location": ("redirects are not followed",),
    "--follow": ("redirects are not followed",),
    "--insecure": _CERTIFICATES,
    "--cacert": _CERTIFICATES,
    "--ca-bundle": _CERTIFICATES,
    "--verify": _CERTIFICATES,
    "--cert": ("--client-cert",),
    "-E": ("--client-cert",),
    "--config": ("OPENAI_CLI_CONFIG=FILE names another configuration file",),
}

_STRUCTURED = "--schema asks for JSON that matches a schema"

# Hints for values that are short for a longer form.
VALUES: Mapping[tuple[str, str], str] = {
    ("--response-format", "json"): "did you mean --response-format type=json_object?",
    ("--response-format", "json_schema"): _STRUCTURED,
    ("--text", "json_object"): """did you mean --text '{"format": {"type": "json_object"}}'?""",
    ("--text", "json_schema"): _STRUCTURED,
}
