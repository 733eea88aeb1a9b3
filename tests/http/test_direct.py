"""Many requests to one path: the same headers and failures as through the client."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from urllib3 import HTTPConnectionPool
from urllib3.util.ssl_ import create_urllib3_context

from openai_cli.errors import BadAnswerError, NetworkError, RateLimitError
from openai_cli.http import transport
from tests.http.test_client import BODY, KEY, OK, World
from tests.servers import KeepingServer, Received, Server, kept, reply

PATH = "/chat/completions"


def headers_of(received: Received) -> dict[str, str]:
    return {name: value for name, value in received.headers.items() if name != "host"}


def test_it_sends_what_the_client_sends() -> None:
    with Server([OK, OK]) as server:
        here = World(server.base_url, key=KEY, headers={"X-Team": "ci"})
        here.post()
        assert here.client.direct(PATH).post(BODY)[0].body == b"{}"
    first, second = server.received
    assert (second.line, second.body) == (first.line, first.body)
    assert headers_of(second) == headers_of(first)


def test_the_connection_comes_with_the_answer_where_it_goes_on() -> None:
    with KeepingServer([kept(OK), OK]) as server:
        here = World(server.base_url, key=KEY)
        way = here.client.direct(PATH)
        _, connected = way.post(BODY)
        assert connected is not None
        connected.socket.sendall(connected.request(b"{}"))
        assert connected.socket.recv(9000) == OK
        connected.socket.close()
    first, second = server.received
    assert server.connections == 1
    assert second.body == b"{}"
    assert second.headers == first.headers | {"content-length": "2"}


def test_no_connection_comes_where_it_ends() -> None:
    with Server([OK]) as server:
        assert World(server.base_url).client.direct(PATH).post(BODY)[1] is None


def test_any_status_is_an_answer_and_its_failure_is_the_clients() -> None:
    body = {"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}
    busy = reply(
        body, status="429 Too Many Requests", headers=["retry-after: 7", "x-request-id: r"]
    )
    with Server([busy]) as server:
        way = World(server.base_url).client.direct(PATH)
        answer, _ = way.post(BODY)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    failed = way.failure(answer)
    assert isinstance(failed, RateLimitError)
    assert (failed.problem, failed.request_id) == ("Slow down", "r")


def test_an_answer_that_ends_early_is_a_failure_of_the_network() -> None:
    with Server([OK[:-1]]) as server, pytest.raises(NetworkError, match="before the answer"):
        World(server.base_url).client.direct(PATH).post(BODY)


def test_an_answer_in_an_encoding_that_nobody_asked_for_is_refused() -> None:
    odd = reply(b"{}", headers=["Content-Encoding: br"])
    with Server([odd]) as server, pytest.raises(BadAnswerError, match="encoded as br"):
        World(server.base_url).client.direct(PATH).post(BODY)


def test_a_read_has_its_own_time_out() -> None:
    def silent(connection: Any) -> None:
        connection.recv(1)

    with Server([silent]) as server, pytest.raises(NetworkError, match="no answer in time"):
        World(server.base_url).client.direct(PATH).post(BODY, read_timeout=0.05)


def test_the_time_to_connect_is_not_that_of_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    urlopen: Any = HTTPConnectionPool.urlopen
    times: list[tuple[float | None, ...]] = []

    def watched(*given: Any, timeout: Any, **named: Any) -> Any:
        times.append((timeout.total, timeout.connect_timeout, timeout.read_timeout))
        return urlopen(*given, timeout=timeout, **named)

    monkeypatch.setattr(HTTPConnectionPool, "urlopen", watched)
    with Server([OK, OK]) as server:
        way = World(server.base_url, connect_timeout=2, read_timeout=70).client.direct(PATH)
        way.post(BODY)
        way.post(BODY, read_timeout=900)
    assert times == [(None, 2, 70), (None, 2, 900)]


def test_authorities_are_loaded_once_for_all_connections(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(bundle := tmp_path / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    made: list[object] = []

    def counted() -> ssl.SSLContext:
        made.append(None)
        return create_urllib3_context()

    monkeypatch.setattr(transport, "create_urllib3_context", counted)
    with Server([OK, OK, OK], tls) as server:
        here = World(server.base_url, environ={"SSL_CERT_FILE": str(bundle)})
        way = here.client.direct(PATH)
        assert [way.post(BODY)[0].body, way.post(BODY)[0].body, here.post()] == [b"{}"] * 3
    assert len(made) == 1
