"""Names of models to names of encodings."""

import pytest
from tiktoken.model import MODEL_PREFIX_TO_ENCODING, MODEL_TO_ENCODING

from openai_cli.errors import UsageError
from openai_cli.tokens import encoding_for_model


def test_models_that_tiktoken_knows() -> None:
    for model, encoding in MODEL_TO_ENCODING.items():
        assert encoding_for_model(model) == encoding


def test_prefixes_that_tiktoken_knows() -> None:
    for prefix, encoding in MODEL_PREFIX_TO_ENCODING.items():
        suffix = ":org::id" if prefix.startswith("ft:") else "2030-01-01"
        assert encoding_for_model(prefix + suffix) == encoding


@pytest.mark.parametrize(
    "model",
    ["gpt-6-luna", "gpt-5.5", "o5-mini", "o1-pro", "chatgpt-6-latest", "text-embedding-4-large"],
)
def test_names_newer_than_tiktoken(model: str) -> None:
    assert encoding_for_model(model) == "o200k_base"


def test_a_fine_tuned_model_has_the_encoding_of_its_base() -> None:
    assert encoding_for_model("ft:gpt-4.1-mini-2025-04-14:org::id") == "o200k_base"
    assert encoding_for_model("ft:gpt-4-0613:org::id") == "cl100k_base"
    assert encoding_for_model("ft:gpt-6-luna:org::id") == "o200k_base"


def test_a_misspelt_name_is_wrong_usage_with_near_names() -> None:
    with pytest.raises(UsageError, match="no encoding is known for the model 'gtp-4o'") as caught:
        encoding_for_model("gtp-4o")
    assert "gpt-4o" in str(caught.value.hint)
    assert caught.value.parameter == "model"


@pytest.mark.parametrize("model", ["", "ft:", "llama-3-70b", "omni", "GPT_X"])
def test_other_names_are_wrong_usage(model: str) -> None:
    with pytest.raises(UsageError):
        encoding_for_model(model)


def test_the_name_that_answers_have_for_an_embedding_model() -> None:
    assert encoding_for_model("text-embedding-ada-002-v2") == "cl100k_base"


@pytest.mark.parametrize(
    ("model", "mode"),
    [("tts-1", "audio speech"), ("omni-moderation-latest", "moderation")],
)
def test_a_model_that_counts_no_tokens_is_not_said_to_be_misspelt(model: str, mode: str) -> None:
    with pytest.raises(UsageError, match=f"'{model}', which is for {mode}") as caught:
        encoding_for_model(model)
    assert caught.value.hint is None
