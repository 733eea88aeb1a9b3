"""How a cost is shown: laid out by hand, and for any numbers."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openai_cli.prices.bill import Bill
from openai_cli.prices.billed import Billed
from openai_cli.prices.bodies import Asked
from openai_cli.prices.calls import Calls
from openai_cli.prices.grid import as_markdown, as_table
from openai_cli.prices.report import Label, Report, as_json, as_total
from tests.prices.tables import FEES, TABLE, TODAY

DIGEST = TABLE.digest


def report(*requests: tuple[str, int, int | None], **more: Any) -> Report:
    """The report of requests: a model, tokens, and the limit of the output."""
    bill = Bill(TABLE, TODAY)
    for name, tokens, limit in requests:
        bill.add_requests(Asked(name, limit=limit), [tokens])
    return Report(
        tuple(bill.statements()), as_of=TODAY, table=TABLE, missing="give a limit", **more
    )


def test_a_text_in_detail() -> None:
    assert as_table(report(("nova", 8, 500), is_detailed=True, at_most=True)) == (
        "model  tier      kind             tokens  USD per million       USD\n"
        "nova   standard  input                 8                2  0.000016\n"
        "nova   standard  output, at most     500               10  0.005000\n"
        "total                                                      0.005016\n"
    )


def test_points_stand_in_line() -> None:
    shown = as_table(report(("text-embedding-9", 5, None), ("plain", 1000, 0), is_detailed=True))
    assert [line.split()[-1] for line in shown.splitlines()[1:]] == [
        "0.0000001",
        "0.0030000",
        "0.0030001",
    ]


def test_a_missing_limit_is_told_beneath_the_output() -> None:
    assert as_table(report(("nova", 8, None), is_detailed=True)) == (
        "model                 tier      kind    tokens  USD per million       USD\n"
        "nova                  standard  input        8                2  0.000016\n"
        "nova                  standard  output                       10\n"
        "total without output                                             0.000016\n"
        "output: give a limit\n"
    )


def test_a_missing_limit_is_told_once_for_a_model() -> None:
    one, other = (report(("nova", tokens, None)).statements for tokens in (8, 1))
    found = report(labels=LABELS, labelled="file")._replace(statements=one + other)
    assert as_table(found).splitlines()[4:] == ["nova: output of 2 of 2 requests: give a limit"]


def test_a_kind_without_a_rate_of_its_own_says_so() -> None:
    bill = Bill(TABLE, TODAY)
    bill.add_requests(Asked("plain", limit=0), [10], cached=4)
    found = Report(tuple(bill.statements()), as_of=TODAY, table=TABLE, is_detailed=True)
    assert "cached_input, priced as input" in as_table(found)


def test_requests_by_model() -> None:
    found = report(("nova", 8, 500), ("plain", 1, 1), ("nova", 1, None), at_most=True)
    assert as_table(found) == (
        "model                 tier      requests  input  output, at most       USD\n"
        "nova                  standard         2      9              500  0.005018\n"
        "plain                 standard         1      1                1  0.000010\n"
        "total without output                   3     10              501  0.005028\n"
        "nova: output of 1 of 2 requests: give a limit\n"
    )


def test_models_side_by_side_with_bars() -> None:
    found = report(("plain", 10, 0), ("nova", 20, 0), ("text-embedding-9", 1, 0), is_choice=True)
    assert as_table(found) == (
        "model             tier      input         USD\n"
        "plain             standard     10  0.00003000\n"
        "nova              standard     20  0.00004000\n"
        "text-embedding-9  standard      1  0.00000002\n"
    )
    assert as_table(found, columns=80) == (
        "model             tier      input         USD\n"
        f"plain             standard     10  0.00003000  {'█' * 23}\n"
        f"nova              standard     20  0.00004000  {'█' * 30}\n"
        "text-embedding-9  standard      1  0.00000002  █\n"
    )


def test_a_narrow_terminal_has_a_line_for_each_kind() -> None:
    found = report(("nova", 8, 500), ("plain", 1, None), at_most=True)
    assert as_table(found, columns=50).splitlines() == [
        "                      tokens       USD",
        "nova standard",
        "  input                    8  0.000016",
        "  output, at most        500  0.005000",
        "plain standard",
        "  input                    1  0.000003",
        "total without output          0.005019",
        "plain: output of 1 of 1 requests: give a limit",
    ]


def test_a_text_on_a_narrow_terminal() -> None:
    found = report(("nova", 8, None), is_detailed=True)
    found = found._replace(missing="give --max-tokens or --output-tokens")
    assert as_table(found, columns=40).splitlines() == [
        "                      tokens       USD",
        "nova standard",
        "  input                    8  0.000016",
        "total without output          0.000016",
        "output: give --max-tokens or",
        "--output-tokens",
    ]


def test_what_is_not_told_in_tokens_has_no_such_head_on_a_narrow_terminal() -> None:
    bill = Bill(FEES, TODAY, None)
    usage = {"input_tokens": 10, "output_tokens": 0}
    bill.add_answer(Billed("finder", "standard", usage, Calls({"web_search": 2})), model="finder")
    found = Report(tuple(bill.statements()), as_of=TODAY, table=FEES)
    assert as_table(found, columns=20).splitlines()[0].split() == ["USD"]


def test_models_side_by_side_on_a_narrow_terminal() -> None:
    shown = as_table(report(("plain", 10, 0), ("nova", 20, 0), is_choice=True), columns=20)
    assert shown.splitlines()[1:] == [
        "plain standard", "  input      10  0.00003", "  sum            0.00003",
        "nova standard", "  input      20  0.00004", "  sum            0.00004",
    ]  # fmt: skip


LABELS = (Label("a.txt", {"path": "a.txt"}), Label("b.txt", {"path": "b.txt"}))


def test_a_row_for_each_file() -> None:
    found = report(("nova", 8, 1), ("plain", 1, 1), labels=LABELS, labelled="file")
    assert as_table(found) == (
        "file   model  tier      requests  input  output       USD\n"
        "a.txt  nova   standard         1      8       1  0.000026\n"
        "b.txt  plain  standard         1      1       1  0.000010\n"
        "total                          2      9       2  0.000036\n"
    )
    rows = json.loads(as_json(found))["rows"]
    assert [row["path"] for row in rows] == ["a.txt", "a.txt", "b.txt", "b.txt"]
    assert as_table(found, columns=30).splitlines()[1] == "a.txt nova standard"


def test_a_cost_that_is_not_whole() -> None:
    bill = Bill(FEES, TODAY, "eu")
    usage = {"input_tokens": 10, "output_tokens": 0}
    calls = Calls({"web_search": 2, "code_interpreter": 1})
    bill.add_answer(Billed("finder", "standard", usage, calls), model="finder")
    found = Report(
        tuple(bill.statements()), as_of=TODAY, table=FEES, unpriced=("line 9: none",), at_most=True
    )
    assert as_table(found) == (
        "model            tier          requests  input  web_search, calls       USD\n"
        "finder           standard, eu         1     10                  2  0.020011\n"
        "total, at least                       1     10                  2  0.020011\n"
    )
    told = json.loads(as_json(found))
    assert (told["at_least"], told["at_most"]) == (True, False)
    assert told["unknown"] == ["finder has no known fee for code_interpreter", "line 9: none"]
    assert told["models"][0]["region"] == "eu"
    assert told["rows"][1] == {
        "model": "finder", "tier": "standard", "region": "eu", "kind": "web_search", "calls": 2,
        "usd_per_call": 0.01, "rate_of": "web_search", "usd": 0.02,
    }  # fmt: skip
    assert "Not in the sum: line 9: none." in as_markdown(found)


@pytest.mark.parametrize("columns", range(40, 100))
def test_bars_fit_into_the_terminal(columns: int) -> None:
    shown = as_table(report(("plain", 10, 0), ("nova", 20, 0), is_choice=True), columns=columns)
    assert max(map(len, shown.splitlines())) <= max(columns, 36)


def test_models_that_cost_nothing_have_no_bars() -> None:
    assert "█" not in as_table(report(("plain", 0, 0), ("nova", 0, 0), is_choice=True), columns=80)


def test_side_by_side_without_a_limit() -> None:
    shown = as_table(report(("plain", 10, None), ("nova", 20, None), is_choice=True))
    assert shown.splitlines()[-1] == "output: give a limit"


def test_markdown() -> None:
    found = report(("nova", 8, 500), is_detailed=True, doubts=("a doubt",), notes=("a note",))
    assert as_markdown(found) == (
        "| model | tier | kind | tokens | USD per million | USD |\n"
        "| --- | --- | --- | --: | --: | --: |\n"
        "| nova | standard | input | 8 | 2 | 0.000016 |\n"
        "| nova | standard | output | 500 | 10 | 0.005 |\n"
        "| **total** |  |  |  |  | **0.005016** |\n"
        "\n"
        "An estimate: a doubt.\n"
        "\n"
        "Note: a note.\n"
        "\n"
        f"Prices of 2026-01-31 (sha256 {DIGEST}) as of 2026-02-01.\n"
    )


def test_remarks_of_markdown_are_a_line_each() -> None:
    shown = as_markdown(report(("nova", 8, 1), doubts=("what <b>\n| a tool | adds",)))
    assert shown.split("\n\n")[1] == "An estimate: what &#60;b&#62; &#124; a tool &#124; adds."


def test_json() -> None:
    found = report(("nova", 8, 500), ("nova", 2, None), at_most=True, doubts=("d",), notes=("n",))
    assert json.loads(as_json(found), parse_float=Decimal, parse_int=Decimal) == {
        "total": Decimal("0.00502"),
        "at_most": False,
        "without_limit": 1,
        "at_least": False,
        "unknown": [],
        "rows": [
            {"model": "nova", "tier": "standard", "kind": "input", "tokens": 10,
             "usd_per_million": 2, "rate_of": "input", "usd": Decimal("0.00002")},
            {"model": "nova", "tier": "standard", "kind": "output", "tokens": 500,
             "usd_per_million": 10, "rate_of": "output", "usd": Decimal("0.005")},
            {"model": "nova", "tier": "standard", "kind": "output", "tokens": None,
             "usd_per_million": 10, "rate_of": "output", "usd": None, "missing": "give a limit"},
        ],
        "models": [{"model": "nova", "tier": "standard", "requests": 2, "without_limit": 1,
                    "total": Decimal("0.00502")}],
        "estimate": True,
        "doubts": ["d"],
        "notes": ["n"],
        "as_of": "2026-02-01",
        "prices": {"date": "2026-01-31", "digest": DIGEST},
    }  # fmt: skip


def test_json_of_what_is_exact_and_bounded() -> None:
    found = json.loads(as_json(report(("nova", 8, 500), at_most=True)))
    assert (found["at_most"], found["estimate"], found["doubts"]) == (True, False, [])


def test_other_models_for_the_same_have_no_total() -> None:
    found = json.loads(as_json(report(("nova", 8, 1), ("plain", 8, 1), is_choice=True)))
    assert found["total"] is None
    assert [one["model"] for one in found["models"]] == ["nova", "plain"]


def test_the_total_alone() -> None:
    assert as_total(report(("nova", 8, 500))) == "0.005016\n"
    assert as_total(report(("nova", 0, 0))) == "0\n"
    assert as_total(report(("nova", 0, 10**30))) == f"1{'0' * 25}\n"


def test_nothing_but_failed_requests() -> None:
    assert as_table(report()).splitlines()[-1].split() == ["total", "0", "0"]


REQUESTS = st.lists(
    st.tuples(
        st.sampled_from(["nova", "plain", "voice"]),
        st.integers(0, 10**20),
        st.none() | st.integers(0, 10**20),
    ),
    max_size=5,
)


@given(REQUESTS)
def test_json_has_every_digit(requests: list[tuple[str, int, int | None]]) -> None:
    found = report(*requests)
    read = json.loads(as_json(found), parse_float=Decimal, parse_int=Decimal)
    assert read["total"] == found.usd
    assert [row["usd"] for row in read["rows"] if row["usd"] is not None] == [
        row.usd for statement in found.statements for row in statement.charges
    ]
    assert [one["total"] for one in read["models"]] == [one.usd for one in found.statements]


@given(REQUESTS, st.booleans(), st.booleans())
def test_every_line_of_a_table_has_its_columns(
    requests: list[tuple[str, int, int | None]], is_choice: bool, is_detailed: bool
) -> None:
    if is_choice and not requests:
        return
    found = report(*requests, is_choice=is_choice, is_detailed=is_detailed)
    head, rule, *rows = as_markdown(found).split("\n\n")[0].rstrip().split("\n")
    assert len(rows) >= len(found.statements)
    assert {line.count("|") for line in (rule, *rows)} == {head.count("|")}


@given(st.text())
def test_a_name_cannot_leave_its_cell(suffix: str) -> None:
    bill = Bill(TABLE, TODAY)
    bill.add_requests(Asked(f"ft:nova:{suffix}", limit=1), [1])
    found = Report(tuple(bill.statements()), as_of=TODAY, table=TABLE, is_detailed=True)
    for shown in (as_markdown(found), as_table(found)):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", shown)
    row = as_markdown(found).split("\n")[2]
    assert row.count("|") == 7
    assert not re.search(r"[<\[\]`*\\]", row)
