"""The response of POST /moderations."""

from collections.abc import Mapping
from typing import Any

from openai_cli.answer.base import Answer
from openai_cli.answer.choice import Choice
from openai_cli.answer.shape import as_object, as_objects, is_finite, misshapen
from openai_cli.records import field, mutable_record


@mutable_record
class Moderation(Answer):
    """The results: `found` has, for each input, the flagged categories with their scores.

    With a `threshold`, from 0 to 1, a category is flagged if its score reaches that; without one,
    or if the server gives no score (None), the server's own flag counts. `unnamed` counts inputs
    that are flagged without a category. There must be at least one result per `expected` input.
    """

    threshold: float | None = None
    expected: int = 1
    found: list[dict[str, float | None]] = field(default_factory=list)
    unnamed: int = 0

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        results = as_objects(body.get("results"), "results")
        if len(results) < max(self.expected, 1):
            raise misshapen(f"it has {len(results)} results for {self.expected} inputs")
        for result in results:
            over = self._over(result)
            self.found.append(over)
            self.unnamed += not over and self._is_flagged(result)
        return super().add(body)

    def knows(self, body: dict[str, Any], *, streamed: bool) -> bool:  # noqa: ARG002
        return body.get("results") is not None

    def check(self, body: dict[str, Any]) -> None:
        if not body.get("results"):
            raise misshapen("it has no results")

    @property
    def is_flagged(self) -> bool:
        """Whether any input is flagged."""
        return any(self.found) or self.unnamed > 0

    @property
    def remarks(self) -> list[str]:
        named = ["an input is flagged, but no category is named"] if self.unnamed else []
        return [*super().remarks, *named]

    def _over(self, result: dict[str, Any]) -> dict[str, float | None]:
        if result.get("flagged") is None and result.get("categories") is None:
            raise misshapen("a result has neither flagged nor categories")
        flags = as_object(result.get("categories") or {}, "categories")
        scores = _scores(result)
        names = dict.fromkeys([*scores, *flags])
        return {name: scores.get(name) for name in names if self._is_over(name, flags, scores)}

    def _is_over(self, name: str, flags: dict[str, Any], scores: dict[str, float | None]) -> bool:
        score = scores.get(name)
        if self.threshold is None or score is None:
            return _is_set(flags.get(name))
        return score >= self.threshold

    def _is_flagged(self, result: dict[str, Any]) -> bool:
        """Return whether the server flags an input; with a threshold, scores override its flag."""
        told_otherwise = self.threshold is not None and any(
            score is not None for score in _scores(result).values()
        )
        return _is_set(result.get("flagged")) and not told_otherwise


def inputs_of(body: Mapping[str, Any]) -> int:
    """Return the number of results to expect: one per text of an array, otherwise one."""
    given = body.get("input")
    if not isinstance(given, list):
        return 1
    return len(given) if all(isinstance(item, str) for item in given) else 1


def _is_set(flag: Any) -> bool:
    """Return whether a flag is set: any value other than null and false counts as set."""
    return flag not in (None, False)


def _scores(result: dict[str, Any]) -> dict[str, float | None]:
    scores = as_object(result.get("category_scores") or {}, "category_scores")
    for score in scores.values():
        is_number = is_finite(score)
        if score is not None and not is_number:
            raise misshapen("a score is not a number")
    return scores
