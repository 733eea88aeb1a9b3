"""Counts and their doubts."""

import json

from openai_cli.tokens.counted import Doubt, TokenCount


def test_a_count_is_a_number_with_its_doubts() -> None:
    counted = TokenCount(5, (Doubt("why"),))
    assert counted + 1 == 6
    assert f"{counted}" == json.dumps(counted) == "5"
    assert counted.doubts == ("why",)
    assert TokenCount(5).doubts == ()


def test_a_doubt_tells_how_large_it_is_where_that_is_known() -> None:
    assert Doubt("why", within=6) == "why (within 6 tokens)"
    assert Doubt("why", within=1) == "why (within 1 token)"
    assert Doubt("why", 6) == "why"
    assert json.dumps([Doubt("why", 6)]) == '["why"]'


def test_the_most_is_the_sum_of_the_doubts_where_each_has_a_bound() -> None:
    bounded = (Doubt("a", 5), Doubt("b", within=3), Doubt("c"))
    assert TokenCount(10).most == 10
    assert TokenCount(10, bounded).most == 18
    open_ended = Doubt("d", None)
    assert TokenCount(10, (*bounded, open_ended)).most is None
    assert TokenCount(10, (*bounded, open_ended)).unbounded == (open_ended,)
