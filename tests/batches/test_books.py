"""What a line of a run took: the quick way gives what a receipt would, to the byte."""

from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.answer.base import Answer
from openai_cli.batches.books import Books
from openai_cli.calls.receipts import Receipts
from openai_cli.context import Context
from openai_cli.errors import CliError
from openai_cli.models.table import load_table

if TYPE_CHECKING:
    from openai_cli.batches.state import State

NO_STATE = cast("State", None)
TABLE = load_table(None)

counts = st.one_of(st.none(), st.integers(0, 400_000), st.just("7"), st.just(-1))
DETAILS = (
    "cached_tokens", "cache_write_tokens", "audio_tokens", "image_tokens", "reasoning_tokens",
    "text_tokens",
)  # fmt: skip
parts = st.fixed_dictionaries({}, optional=dict.fromkeys(DETAILS, counts))
usages = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"prompt_tokens": counts, "completion_tokens": counts},
        optional={"prompt_tokens_details": parts, "completion_tokens_details": parts},
    ),
    st.fixed_dictionaries(
        {"input_tokens": counts},
        optional={"output_tokens": counts, "input_tokens_details": parts,
                  "output_tokens_details": parts, "seconds": st.just(3.5)},
    ),
)  # fmt: skip
models = st.sampled_from(
    [None, "gpt-4o-mini", "gpt-5.4-mini", "gpt-4o-mini-2024-07-18", "text-embedding-3-small",
     "gpt-image-1", "gpt-4o-mini-tts", "gpt-4o-audio-preview", "gpt-4o-search-preview",
     "omni-moderation-latest", "nobody-knows"]
)  # fmt: skip
answers = st.builds(
    Answer,
    request_id=st.sampled_from([None, "req_1", "é"]),
    usage=usages,
    billable=st.sampled_from(
        [{}, {"output": [{"type": "message"}]}, {"output": [{"type": "web_search_call"}]}]
    ),
    asked_model=models,
    model=models,
    service_tier=st.sampled_from([None, "default", "flex", "priority", "nobody-knows"]),
    began=st.sampled_from([None, 1_790_000_000.25]),
)
hosts = st.sampled_from(
    ["https://api.openai.com/v1", "https://eu.api.openai.com/v1", "http://localhost:1/v1"]
)


def taken(answer: Answer, base_url: str, path: str | None, *, quick: bool) -> Any:
    """What an answer took, or the error."""
    receipts = Receipts(
        Context.test(now=1_790_000_001.0),
        lambda: TABLE,
        lambda: base_url,
        path=path,
        must_be_complete=True,
        batch_id="run_1",
    )
    books = Books(receipts, NO_STATE)
    with pytest.MonkeyPatch.context() as patch:
        if not quick:
            patch.setattr(books, "_tokens_alone", lambda _answer: None)
        try:
            return books.of(answer)
        except CliError as error:
            return error.problem


@given(answers, hosts, st.sampled_from([None, "usage.jsonl"]))
def test_the_quick_way_is_that_of_a_receipt(
    answer: Answer, base_url: str, path: str | None
) -> None:
    quick = taken(answer, base_url, path, quick=True)
    assert quick == taken(answer, base_url, path, quick=False)


def test_a_line_is_written_without_a_look_at_all_that_may_be_billed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(Receipts, "receipt_of")
    usage = {"prompt_tokens": 10, "completion_tokens": 5}
    answer = Answer(model="gpt-4o-mini", usage=usage, began=1_790_000_000.0)
    found = taken(answer, "https://api.openai.com/v1", "usage.jsonl", quick=True)
    assert found.usd == 4_500_000
    assert '"usd": 0.0000045' in found.record
