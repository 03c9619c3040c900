"""Whose request it is: behind a trusted proxy each visitor has a limit of their own, and nobody can claim another's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.requests import Request

from interface.server.visitor_address import address_of, trusted_proxies
from model.errors import SettingsError


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    trusted_proxies.cache_clear()
    yield
    trusted_proxies.cache_clear()


def request(peer: str, forwarded: str | None = None) -> Request:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    return Request({"type": "http", "client": (peer, 1), "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.7", "198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.7", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.7", "203.0.113.9, 198.51.100.1", "198.51.100.1"),  # the first is what the visitor claims
        ("10.0.0.7", "198.51.100.1, 172.18.0.4", "198.51.100.1"),  # two proxies
        ("10.0.0.7", None, "10.0.0.7"),
        ("10.0.0.7", "172.18.0.4, 172.18.0.5", "172.18.0.4"),
        ("198.51.100.2", "198.51.100.1", "198.51.100.2"),  # not by way of a proxy
        ("10.0.0.7", "no address", "no address"),
        ("::ffff:198.51.100.1", None, "198.51.100.1"),
    ],
)
def test_the_last_address_that_is_no_trusted_proxy_counts(
    peer: str, forwarded: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.setenv("VISTAZO_TRUSTED_PROXIES", "10.0.0.7, 172.18.0.0/16")

    assert address_of(request(peer, forwarded)) == expected


@pytest.mark.parametrize("on_a_space", [False, True])
def test_all_ipv6_addresses_of_a_connection_are_one_visitor(on_a_space: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.setenv("VISTAZO_TRUSTED_PROXIES", "10.0.0.7")
    if on_a_space:
        monkeypatch.setenv("SPACE_ID", "user/space")
    first, second, other = (
        address_of(request("10.0.0.7", f"2001:db8:0:{host}")) for host in ("1::7", "1:aaaa:bbbb:cccc:dddd", "2::7")
    )
    assert first == second == "2001:db8:0:1::/64" != other


def test_without_the_variable_no_proxy_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_ID", raising=False)
    monkeypatch.delenv("VISTAZO_TRUSTED_PROXIES", raising=False)

    assert address_of(request("10.0.0.7", "198.51.100.1")) == "10.0.0.7"


@pytest.mark.parametrize("value", ["proxy", "10.0.0.7/16", "10.0.0.7;10.0.0.8"])
def test_a_list_that_is_none_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISTAZO_TRUSTED_PROXIES", value)

    with pytest.raises(SettingsError, match="VISTAZO_TRUSTED_PROXIES should be addresses and networks"):
        trusted_proxies()
