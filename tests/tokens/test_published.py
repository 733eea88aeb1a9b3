"""The data files against the table of the installed tiktoken."""

import hashlib
from typing import Any

import pytest

from openai_cli.tokens import decode, encoding_names
from openai_cli.tokens.encoders import rules_of
from openai_cli.tokens.vocabulary import DATA, LONGEST_TOKEN, open_vocabulary

Published = dict[str, dict[str, Any]]


def test_encodings_are_those_of_tiktoken(published: Published) -> None:
    assert encoding_names() == list(published)


def test_patterns_and_special_tokens_are_those_of_tiktoken(published: Published) -> None:
    for name, expected in published.items():
        rules = rules_of(name)
        assert rules.pattern == expected["pat_str"]
        assert rules.special_tokens == expected["special_tokens"]


def test_ranks_are_those_of_tiktoken(published: Published) -> None:
    for name, expected in published.items():
        rules = rules_of(name)
        ranks = open_vocabulary(rules.vocabulary, rules.below).full()
        assert ranks == expected["mergeable_ranks"]
        assert max(map(len, ranks)) <= LONGEST_TOKEN
        if "explicit_n_vocab" in expected:
            assert len(ranks) + len(rules.special_tokens) == expected["explicit_n_vocab"]


def test_every_id_decodes_to_its_token(published: Published) -> None:
    for name, expected in published.items():
        tokens = {rank: token for token, rank in expected["mergeable_ranks"].items()}
        assert decode(tokens, encoding=name) == b"".join(tokens.values())
        vocabulary = open_vocabulary(rules_of(name).vocabulary, rules_of(name).below)
        assert all(vocabulary.token(rank) == token for rank, token in tokens.items())


def test_a_rank_without_a_token_is_a_key_error() -> None:
    vocabulary = open_vocabulary("p50k_base", 50_281)
    for rank in (-1, 50_256, 50_281):  # 50256 is left to <|endoftext|>
        with pytest.raises(KeyError):
            vocabulary.token(rank)


def test_every_special_token_decodes_to_its_text(published: Published) -> None:
    for name, expected in published.items():
        for text, token_id in expected["special_tokens"].items():
            if text != "<|reserved_200018|>":  # o200k_harmony names 200018 twice
                assert decode([token_id], encoding=name) == text.encode()


def test_readme_has_the_digest_of_every_data_file() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for path in DATA.iterdir():
        if path.name not in {"README.md", "LICENSE"}:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert f"| {path.name} | {path.stat().st_size:,} | {digest} |" in readme


def test_data_takes_less_than_three_megabytes() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 3_000_000
