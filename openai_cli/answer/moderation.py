"""The answer of POST /moderations."""

from dataclasses import dataclass, field
from typing import Any

from openai_cli.answer.choice import Choice
from openai_cli.answer.parts import Answer
from openai_cli.answer.shape import as_object, as_objects, misshapen


@dataclass
class Moderation(Answer):
    """`found` has, for each input, the categories over the threshold with their scores.

    The threshold is the server's own, or a number from 0 to 1.
    """

    threshold: float | None = None
    found: list[dict[str, float]] = field(default_factory=list)

    def add(self, body: dict[str, Any]) -> list[tuple[Choice, str]]:
        results = as_objects(body.get("results"), "results")
        if not results:
            raise misshapen("it has no results")
        self.found += [self._over(result) for result in results]
        return super().add(body)

    def _over(self, result: dict[str, Any]) -> dict[str, float]:
        flags = as_object(result.get("categories"), "categories")
        scores = as_object(result.get("category_scores"), "category_scores")
        for score in scores.values():
            if not isinstance(score, int | float):
                raise misshapen("a score is no number")
        if self.threshold is None:
            return {name: score for name, score in scores.items() if flags.get(name) is True}
        return {name: score for name, score in scores.items() if score >= self.threshold}
