"""tools/openai_names.py: the models that modules of OpenAI's package name."""

import sys
from unittest.mock import patch

from tests.docs.pages import ROOT

with patch.object(sys, "path", [str(ROOT / "tools"), *sys.path]):
    from openai_names import names_in

ALIAS = """
ChatModel: TypeAlias = Literal["gpt-9", "gpt-9-mini", "gpt-5.1-mini", "auto"]
'''Deprecated values:

- "gpt-9", "gpt-9-mini": Announced shutdown date:
  2027-04-01. See https://developers.openai.com/api/docs/deprecations.
- "gpt-5.1-mini": Not a supported model ID. Retained for SDK compatibility.
- "hd": This quality was only supported by retired models.
'''
"""
IMAGES = """
ImageModel: TypeAlias = Literal["dall-e-3", "gpt-image-9"]
'''Deprecated values:

- "dall-e-3": This model was retired on May 12, 2026. Use another.
'''
"""
SESSION = """
class Session(BaseModel):
    model: Optional[Literal["gpt-live-9", "gpt-9"]] = None
    voice: Literal["gpt-no-model"]
"""


def test_names_kinds_and_days() -> None:
    sources = {"types/realtime/session.py": SESSION, "types/a.py": ALIAS, "types/b.py": IMAGES}
    found = names_in(sources)
    assert {name: (model.mode, model.retired) for name, model in found.items()} == {
        "dall-e-3": ("image_generation", "2026-05-12"),
        "gpt-9": ("chat", "2027-04-01"),
        "gpt-9-mini": ("chat", "2027-04-01"),
        "gpt-image-9": ("image_generation", None),
        "gpt-live-9": ("realtime", None),
    }
