"""POST /responses/input_tokens: the tokens of a request, as this package counts them."""

from openai_cli.sandbox.exchange import ApiRequest, HttpResponse, json_response


def count_input_tokens(request: ApiRequest) -> HttpResponse:
    """Answer a body described by TokenCountsBody."""
    from openai_cli.tokens.messages import count_request

    body = {name: value for name, value in request.body.items() if value is not None}
    counted = count_request(body, endpoint="/v1/responses")
    return json_response({"object": "response.input_tokens", "input_tokens": counted})
