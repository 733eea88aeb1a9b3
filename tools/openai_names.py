"""Model names, kinds and shutdown dates, from OpenAI's own Python package.

Its types are generated from an OpenAI description newer than the published one. The aliases in
`types/` list the models of each endpoint, and docstrings the dates on which they are shut down.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from zipfile import ZipFile

# The aliases that list models, and the mode of their models in our table.
_MODES = {
    "ChatModel": "chat",
    "ResponsesModel": "chat",
    "EmbeddingModel": "embedding",
    "ImageModel": "image_generation",
    "AudioModel": "audio_transcription",
    "SpeechModel": "audio_speech",
    "ModerationModel": "moderation",
}
# A field of a request or an answer; these folders hold the fields of speech sessions.
_FIELD = "model"
_SPEAKS = "realtime"
_SPOKEN = ("/realtime/", "/live/")
# Video models are left out: they are billed by the second, without text to count.
_NAME = re.compile(
    r"(?:gpt|chatgpt|o[0-9]|codex|text|tts|whisper|omni|dall-e|davinci|babbage|computer)-[a-z0-9.-]+"
)
_LISTED = re.compile(r'- (?P<names>"[^"]+"(?:, "[^"]+")*): (?P<text>.*?)(?=- "|\Z)')
_DAY = re.compile(
    r"Announced shutdown date: (?P<iso>\d{4}-\d\d-\d\d)"
    r"|was (?:shut down|retired) on (?P<words>[A-Z][a-z]+ \d+, \d{4})"
)
_NO_MODEL = "Not a supported model ID"


class Named:
    """A model in the package; `mode` and `retired`, an ISO 8601 date, may be unknown."""

    def __init__(self) -> None:
        self.mode: str | None = None
        self.retired: str | None = None
        self.exists = True


def read_names(wheel: Path) -> dict[str, Named]:
    """The models that a wheel of `openai` names."""
    with ZipFile(wheel) as package:
        sources = {
            name: package.read(name).decode()
            for name in package.namelist()
            if name.startswith("openai/types/") and name.endswith(".py")
        }
    return names_in(sources)


def installed_names() -> dict[str, Named]:
    """The models in the aliases of the installed package, which is read but not imported."""
    from importlib.util import find_spec

    spec = find_spec("openai")
    if spec is None or spec.origin is None:
        return {}
    types = Path(spec.origin).parent / "types"
    return names_in({str(path): path.read_text() for path in types.rglob("*_model.py")})


def names_in(sources: Mapping[str, str]) -> dict[str, Named]:
    """The models that modules name; `sources` maps paths to source texts."""
    found: dict[str, Named] = {}
    for path, text in sources.items():
        for node in ast.walk(ast.parse(text)):
            for name, mode in _names(node, path):
                model = found.setdefault(name, Named())
                # Models of an alias may be used in speech sessions as well.
                model.mode = model.mode if mode in (None, _SPEAKS) and model.mode else mode
            for name, retired, exists in _ends(node):
                model = found.setdefault(name, Named())
                model.retired = model.retired or retired
                model.exists = model.exists and exists
    return {name: found[name] for name in sorted(found) if found[name].exists}


def _names(node: ast.AST, path: str) -> Iterator[tuple[str, str | None]]:
    """Yield the names in an alias, or in a field `model`, with their mode."""
    if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
        return
    target = node.target.id
    mode: str | None
    listed: ast.expr | None
    if target in _MODES:
        mode, listed = _MODES[target], node.value
    elif target == _FIELD:
        mode, listed = _SPEAKS if any(part in path for part in _SPOKEN) else None, node.annotation
    else:
        return
    for inner in ast.walk(listed) if listed is not None else ():
        value = inner.value if isinstance(inner, ast.Constant) else None
        if isinstance(value, str) and _NAME.fullmatch(value):
            yield value, mode


def _ends(node: ast.AST) -> Iterator[tuple[str, str | None, bool]]:
    """Yield the models that a docstring lists as ending: name, date, and if it still exists."""
    if not isinstance(node, ast.Expr) or not isinstance(node.value, ast.Constant):
        return
    text = " ".join(str(node.value.value).split())
    for entry in _LISTED.finditer(text):
        day = _DAY.search(entry["text"])
        retired = None if day is None else day["iso"] or _iso(day["words"])
        for name in re.findall(r'"([^"]+)"', entry["names"]):
            if _NAME.fullmatch(name):
                yield name, retired, not entry["text"].startswith(_NO_MODEL)


def _iso(words: str) -> str:
    return datetime.strptime(words, "%B %d, %Y").date().isoformat()
