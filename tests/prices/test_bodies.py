"""What a request body says of its cost besides its prompt."""

from typing import Any

import pytest

from openai_cli.errors import UsageError
from openai_cli.prices.bodies import Asked, asked, body_of
from openai_cli.prices.charges import tariff
from tests.prices.tables import TABLE, TODAY


def of(body: dict[str, Any]) -> Asked:
    return asked({"messages": [], **body}, model="m")


def test_what_says_nothing() -> None:
    assert of({}) == Asked(
        "m", "standard", 1, None, "max_completion_tokens", "cache_write", speaks=False
    )


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ({"max_tokens": 5}, 5),
        ({"max_completion_tokens": 6, "max_tokens": None}, 6),
        ({"max_output_tokens": 7}, 7),
        ({"max_tokens": 0}, 0),
        ({"max_tokens": None}, None),
    ],
)
def test_the_limit(body: dict[str, Any], limit: int | None) -> None:
    assert of(body).limit == limit


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"messages": []}, "max_completion_tokens"),
        ({"input": "x"}, "max_output_tokens"),
        ({"prompt": "x"}, "max_tokens"),
    ],
)
def test_the_name_of_the_limit(body: dict[str, Any], name: str) -> None:
    assert asked(body, model="m").limit_name == name


@pytest.mark.parametrize(
    ("body", "choices"),
    [
        ({"messages": [], "n": 3}, 3),
        ({"messages": [], "n": None}, 1),
        ({"prompt": "x", "n": 2}, 2),
        ({"prompt": "x", "n": 2, "best_of": 5}, 5),
        ({"prompt": ["x", "y"], "n": 2, "best_of": 5}, 10),
        ({"prompt": ["x", "y", "z"]}, 3),
        ({"prompt": [1, 2, 3]}, 1),
        ({"prompt": [[1, 2], [3]]}, 2),
        ({"prompt": []}, 1),
        ({"input": "x"}, 1),
        ({"input": "x", "prompt": {"id": "p"}}, 1),
    ],
)
def test_how_many_outputs(body: dict[str, Any], choices: int) -> None:
    assert asked(body, model="m").choices == choices


@pytest.mark.parametrize(
    ("service_tier", "tier"),
    [(None, "standard"), ("auto", "standard"), ("default", "standard"), ("flex", "flex")],
)
def test_the_tier(service_tier: str | None, tier: str) -> None:
    assert of({"service_tier": service_tier}).tier == tier
    assert asked({"service_tier": service_tier}, model="m", tier="batch").tier == "batch"


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        (None, "cache_write"),
        ("x", "cache_write"),
        ({"ttl": "30m"}, "cache_write"),
        ({"ttl": "12h"}, "cache_write_12h"),
    ],
)
def test_how_it_may_be_written_to_the_cache(options: Any, kind: str) -> None:
    assert of({"prompt_cache_options": options}).written_as == kind


@pytest.mark.parametrize(
    ("modalities", "speaks"),
    [(["text"], False), (["text", "audio"], True), (None, False), (7, False), ("audio", False)],
)
def test_whether_it_speaks(modalities: Any, speaks: bool) -> None:
    assert of({"modalities": modalities}).speaks is speaks


@pytest.mark.parametrize("name", ["n", "best_of", "max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("value", [-1, "3", 1.5, True, [], {}])
def test_what_is_no_number(name: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"{name} must be an integer") as caught:
        asked({"prompt": "x", name: value}, model="m")
    assert caught.value.parameter == name


def test_a_tier_that_is_no_name() -> None:
    with pytest.raises(UsageError, match="service_tier must be a string"):
        of({"service_tier": 1})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("nova", ("/chat/completions", "messages", [{"role": "user", "content": "hi"}])),
        ("old", ("/completions", "prompt", "hi")),
        ("text-embedding-9", ("/embeddings", "input", "hi")),
    ],
)
def test_the_body_that_sends_a_text(name: str, expected: tuple[str, str, Any]) -> None:
    body, endpoint = body_of("hi", tariff(TABLE, name, "standard", TODAY))
    assert (endpoint, body) == (expected[0], {"model": name, expected[1]: expected[2]})
