"""Where a URL leads, what its path says, and the URL of what is below another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from openai_cli.http.address import has_version, joined, name_and_port, parsed, region_of


@pytest.mark.parametrize(
    ("base", "path", "url"),
    [
        ("http://h/v1", "/models", "http://h/v1/models"),
        ("http://h/v1", "/files?limit=2", "http://h/v1/files?limit=2"),
        ("http://h/v1?v=1", "/models", "http://h/v1/models?v=1"),
        ("http://h/v1?v=1&w", "/files?limit=2", "http://h/v1/files?limit=2&v=1&w"),
        ("http://h/v1?v=1&w=2", "/files?v=3", "http://h/v1/files?v=3&w=2"),
        ("http://h/v1?v=1", "/files?v=3", "http://h/v1/files?v=3"),
        ("https://h/i.png?sig=a", "", "https://h/i.png?sig=a"),
    ],
)
def test_a_query_of_the_base_url_goes_with_every_path(base: str, path: str, url: str) -> None:
    assert joined(base, path) == url


@given(st.text(r"a1.\/@:?#[]%;,&=!'() ", max_size=24))
def test_what_is_a_url_leads_to_one_host_for_every_parser(rest: str) -> None:
    url = f"http://{rest}.localhost/v1"
    try:
        parts = parsed(url)
    except ValueError:
        return
    if "@" in url.partition("?")[0] or "#" in url:
        return  # which no base URL may have
    used = parse_url(url)
    assert (used.host, used.port) == (parts.hostname, parts.port)


VERSIONS = {
    "http://localhost:8080/v1": True,
    "https://example.test/openai/v1": True,
    "https://example.test/v1beta/openai": True,
    "http://localhost:8080": False,
    "http://localhost:8080/api": False,
    "http://v1.example.test/vault": False,
}


@pytest.mark.parametrize(("url", "has_one"), VERSIONS.items())
def test_a_version_is_a_part_of_the_path(url: str, has_one: bool) -> None:
    assert has_version(url) is has_one


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://localhost:8080/v1", "localhost:8080"),
        ("http://localhost/v1", "localhost:80"),
        ("https://api.example.test/v1", "api.example.test:443"),
    ],
)
def test_a_server_is_named_with_its_port(url: str, name: str) -> None:
    assert name_and_port(url) == name


@pytest.mark.parametrize(
    ("base_url", "region"),
    [
        ("https://api.openai.com/v1", None),
        ("https://eu.api.openai.com/v1", "eu"),
        ("https://US.API.openai.com", "us"),
        ("https://gov.api.openai.com:443/v1", "gov"),
        ("https://au.api.openai.com?a=b", "au"),
        ("https://eu.api.openai.com.evil.test/v1", None),
        ("https://proxy.test/eu.api.openai.com", None),
        ("http://127.0.0.1:8080/v1", None),
        ("", None),
    ],
)
def test_the_region_of_a_base_url(base_url: str, region: str | None) -> None:
    assert region_of(base_url) == region
