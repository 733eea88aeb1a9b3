"""Which hosts the internet cannot reach."""

import pytest

from openai_cli.http.private import is_private


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.9.9.9", "localhost", "[::1]", "10.0.0.1", "172.16.3.4", "192.168.1.1",
     "169.254.169.254", "0.0.0.0",  # noqa: S104
     "[::]", "[fe80::1]", "[fd00::1]", "100.64.0.1", "224.0.0.1",
     "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "2130706433", "0x7f.1", "127.1", "192.0.2.1"],
)  # fmt: skip
def test_private_hosts(host: str) -> None:
    assert is_private(f"https://{host}/a.png")
    assert is_private(f"https://{host}:8443/a.png")
    assert is_private(f"https://8.8.8.8@{host}/a.png")


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", "172.32.0.1", "host.invalid", ""])
def test_public_hosts(host: str) -> None:
    assert not is_private(f"https://{host}/a.png")
