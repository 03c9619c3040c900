"""Whose request it is, behind proxies that are trusted to say so."""

from __future__ import annotations

import functools
import ipaddress
import os

import gradio as gr
from starlette.requests import Request

from model.errors import SettingsError

_VARIABLE = "VISTAZO_TRUSTED_PROXIES"

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@functools.cache
def trusted_proxies() -> tuple[_Network, ...]:
    """Return the networks of the proxies that VISTAZO_TRUSTED_PROXIES names, which is read at the first call.

    Raises:
        SettingsError: It is not a list of addresses and networks.
    """
    names = [name.strip() for name in os.environ.get(_VARIABLE, "").split(",") if name.strip()]
    try:
        return tuple(ipaddress.ip_network(name) for name in names)
    except ValueError as error:
        raise SettingsError(
            f"{_VARIABLE} should be addresses and networks with commas between them, such as 10.0.0.7,172.18.0.0/16. "
            f"Received: {','.join(names)[:80]}."
        ) from error


def address_of(request: gr.Request | Request | None) -> str | None:
    """Return the address that a request comes from; behind a proxy that is trusted, the one that the proxy names.

    A visitor may send the header X-Forwarded-For as well, and each proxy adds an address behind it: so the last one
    counts that is not a trusted proxy's. A Space's proxy replaces what the visitor sent.

    Of an IPv6 address the first 64 bits are returned: a connection has all addresses that begin with them (RFC 6177).

    Args:
        request: The request; None for a call from Python.
    """
    if request is None:
        return None
    forwarded = [part.strip() for part in str((request.headers or {}).get("x-forwarded-for") or "").split(",")]
    if "SPACE_ID" in os.environ and forwarded[0]:
        return _shared_part(forwarded[0][:64])
    address = request.client.host if request.client else None
    while address and _is_trusted(address) and forwarded and forwarded[-1]:
        address = forwarded.pop()[:64]
    return _shared_part(address) if address else None


def _shared_part(address: str) -> str:
    found = _parsed(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))
    return address if found is None else str(found)


def _is_trusted(address: str) -> bool:
    found = _parsed(address)
    return found is not None and any(found in network for network in trusted_proxies())


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)  # ::ffff:10.0.0.7, as a server that listens to both protocols sees it
    return mapped or found
