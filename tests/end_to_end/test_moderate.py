"""`moderate`: the categories over the threshold, and an exit code for scripts."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from openai_cli.sandbox.samples import png
from tests.conftest import Run
from tests.servers import Server, reply


def verdict(**scores: float) -> dict[str, Any]:
    """A result whose categories are flagged above 0.5."""
    return {
        "flagged": any(score > 0.5 for score in scores.values()),
        "categories": {name: score > 0.5 for name, score in scores.items()},
        "category_scores": scores,
    }


def answer(*results: Any) -> bytes:
    return reply({"id": "modr-1", "model": "omni-moderation-latest", "results": list(results)})


MIXED = verdict(hate=0.6, violence=0.9, sexual=0.3)


@pytest.mark.parametrize(
    ("flags", "printed"),
    [
        ((), "violence\t0.9\nhate\t0.6\n"),
        (("-0",), "violence\t0.9\0hate\t0.6\0"),
        (("--threshold", "0.7"), "violence\t0.9\n"),
        (("--threshold", "0.3"), "violence\t0.9\nhate\t0.6\nsexual\t0.3\n"),
        (("--threshold", "0"), "violence\t0.9\nhate\t0.6\nsexual\t0.3\n"),
        (("--threshold", "1"), ""),
    ],
)
def test_the_highest_score_is_first(run: Run, flags: tuple[str, ...], printed: str) -> None:
    with Server([answer(MIXED)]) as server:
        done = run("moderate", "Hi", *flags, base_url=server.base_url)
    assert (done.code, done.text, done.err) == (0, printed, "")


@pytest.mark.parametrize(
    ("result", "flags", "code"),
    [
        (MIXED, (), 8),
        (verdict(hate=0.1), (), 0),
        (MIXED, ("--threshold", "0.95"), 0),
        (verdict(hate=0.1), ("--threshold", "0.1"), 8),
    ],
)
def test_a_script_fails_when_something_is_flagged(
    run: Run, result: Any, flags: tuple[str, ...], code: int
) -> None:
    with Server([answer(result)]) as server:
        done = run("moderate", "Hi", "--fail-if-flagged", *flags, base_url=server.base_url)
    assert done.code == code
    assert ("flagged: " in done.err) == (code == 8)
    assert bool(done.text) == (code == 8)


def test_several_inputs_are_numbered(run: Run) -> None:
    with Server([answer(verdict(hate=0.1), MIXED)]) as server:
        done = run("moderate", "--input", "a", "--input", "b", base_url=server.base_url)
    assert done.text == "1\tviolence\t0.9\n1\thate\t0.6\n"


def test_an_image_goes_with_its_text(run: Run, folder: Path) -> None:
    (folder / "a.png").write_bytes(png(1, 1))
    with Server([answer(MIXED)] * 2) as server:
        run("moderate", "Hi", "--attach", "a.png", base_url=server.base_url)
        run("moderate", "--attach", "https://images.invalid/a.png", base_url=server.base_url)
    image = {
        "type": "image_url",
        "image_url": {"url": f"data:image/png;base64,{b64encode(png(1, 1)).decode()}"},
    }
    url = {"type": "image_url", "image_url": {"url": "https://images.invalid/a.png"}}
    assert server.received[0].json["input"] == [{"type": "text", "text": "Hi"}, image]
    assert server.received[1].json["input"] == [url]


@pytest.mark.parametrize("threshold", ["-0.1", "1.1", "high"])
def test_a_threshold_is_a_score(run: Run, threshold: str) -> None:
    with Server([]) as server:
        done = run("moderate", "Hi", "--threshold", threshold, base_url=server.base_url)
    assert done.code == 2
    assert "--threshold must be a number from 0 to 1" in done.err


@pytest.mark.parametrize(
    "body",
    [
        reply({}),
        reply({"results": []}),
        reply({"results": [{}]}),
        reply({"results": [{"categories": {}, "category_scores": {"hate": "high"}}]}),
        reply({"results": [7]}),
        reply("no"),
    ],
)
def test_an_answer_that_is_none_is_not_a_pass(run: Run, body: bytes) -> None:
    with Server([body]) as server:
        done = run("moderate", "Hi", "--fail-if-flagged", base_url=server.base_url)
    assert (done.code, done.out) == (6, b"")


def test_a_failure_is_not_taken_for_a_pass(run: Run) -> None:
    busy = reply({"error": {"message": "busy"}}, status="503 Busy")
    with Server([busy]) as server:
        done = run(
            "moderate", "Hi", "--fail-if-flagged", "--max-retries", "0", base_url=server.base_url
        )
    assert done.code == 6
