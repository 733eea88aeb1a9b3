"""TLS with a certificate that the user's own authority has signed."""

import ssl
from pathlib import Path

import pytest
import trustme

from tests.conftest import Run
from tests.servers import Server, chat, reply


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_an_authority_of_the_users_own(run: Run, tmp_path: Path, name: str) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with Server([reply(chat("hello"))], tls) as server:
        strange = run("chat", "hi", base_url=server.base_url)
        trusted = run("chat", "hi", base_url=server.base_url, env={name: str(tmp_path / "ca.pem")})
    assert (strange.code, strange.out) == (7, b"")
    assert "certificate" in strange.err
    assert "trying again" not in strange.err
    assert (trusted.code, trusted.out, trusted.err) == (0, b"hello\n", "")
