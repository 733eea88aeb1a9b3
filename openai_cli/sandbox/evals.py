"""/evals and their runs: a run is queued, then in progress, then completed, with an item per row.

Nothing is graded: every row passes every criterion.
"""

from typing import Any

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, Json, strict_json
from openai_cli.sandbox.files import file_of
from openai_cli.sandbox.refusals import Refusal
from openai_cli.sandbox.things import Shelfmark, Thing, found, here, keep, last_of, told


def create_eval(request: ApiRequest) -> HttpResponse:
    """POST /evals."""
    body = request.body
    config = body["data_source_config"]
    schema = {"type": "object", "properties": {"item": config.get("item_schema", {})}}
    criteria = [
        {**criterion, "id": f"{criterion['name']}-{number}"}
        for number, criterion in enumerate(body["testing_criteria"])
    ]
    facts = {
        "name": "",
        "metadata": {},
        **body,
        "data_source_config": {**config, "schema": schema},
        "testing_criteria": criteria,
    }
    return told(request, keep(request, here(request), facts).facts)


def create_run(request: ApiRequest) -> HttpResponse:
    """POST /evals/ID/runs."""
    mark, source = here(request), request.body["data_source"]
    rows = _rows(request, source.get("source", {}))
    facts = {
        "name": "",
        "metadata": {},
        "model": source.get("model", ""),
        "report_url": "https://example.com/evals",
        "error": {"code": "", "message": ""},
        **request.body,
        "rows": rows,
        "result_counts": _counts(0),
    }
    return told(request, keep(request, mark, facts).facts)


def _rows(request: ApiRequest, source: dict[str, Any]) -> list[Json]:
    """The rows that a run evaluates: those of its source, or a single one if it names none."""
    if source.get("type") == "file_id":
        param = "data_source.source.id"
        return [
            _row(line, param) for line in file_of(request, source["id"], param).data.splitlines()
        ]
    return source.get("content") or [{"item": {}}]


def _row(line: bytes, param: str) -> Json:
    try:
        row = strict_json(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise Refusal("The file has a line that is not a JSON object.", param=param)
    return row


def _counts(passed: int) -> Json:
    return {"total": passed, "errored": 0, "failed": 0, "passed": passed}


def bring_up_to_date(request: ApiRequest, mark: Shelfmark, run: Thing) -> None:
    """Give a completed run its counts and items."""
    if run.facts["status"] != "completed" or run.has_ended:
        return
    run.end("completed")
    rows = run.facts["rows"]
    criteria = _eval(request, run).facts["testing_criteria"]
    run.facts["result_counts"] = _counts(len(rows))
    run.facts["per_testing_criteria_results"] = [
        {"testing_criteria": criterion["id"], "passed": len(rows), "failed": 0}
        for criterion in criteria
    ]
    items = Shelfmark(f"{mark.shape}/{{}}/output_items", f"{mark.of(run.name)}/output_items")
    results = [
        {"name": criterion["id"], "type": criterion["type"], "score": 1.0, "passed": True}
        for criterion in criteria
    ]
    for number, row in enumerate(rows):
        item = {
            "run_id": run.name,
            "eval_id": run.facts["eval_id"],
            "status": "pass",
            "datasource_item_id": number,
            "datasource_item": row.get("item", row),
            "results": results,
            "sample": row.get("sample", {}),
        }
        keep(request, items, item)


def _eval(request: ApiRequest, run: Thing) -> Thing:
    return found(request, Shelfmark("/evals", "/evals"), run.facts["eval_id"])


def cancel_run(request: ApiRequest) -> HttpResponse:
    """POST /evals/ID/runs/ID, which cancels the run."""
    run = found(request, here(request), last_of(request))
    if not run.has_ended:
        run.end("canceled")
    return told(request, run.facts)
