"""The example of several copies behind a proxy: what it copies is there, and HAProxy does with it what it says."""

from __future__ import annotations

import http.server
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.serving import ROOT, wait_until

DEPLOY = ROOT / "examples" / "deploy"


def test_the_image_copies_what_is_there_and_runs_as_a_user() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    copied = [line.split()[1] for line in lines if line.startswith("COPY ")]

    assert copied and all((ROOT / name).exists() for name in copied)
    words = [line.split()[0] for line in lines if line and line[0].isupper()]
    assert words.index("USER") < words.index("CMD") and "HEALTHCHECK" in words


def test_every_copy_trusts_the_network_that_the_proxy_is_in() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    subnet = compose["networks"]["inside"]["ipam"]["config"][0]["subnet"]
    copies = [name for name in compose["services"] if name.startswith("app")]

    assert {compose["services"][name]["environment"]["VISTAZO_TRUSTED_PROXIES"] for name in copies} == {subnet}
    for file in ("haproxy.cfg", "Caddyfile"):
        assert set(re.findall(r"(app\d):7860", (DEPLOY / file).read_text(encoding="utf-8"))) == set(copies)


class Copy:
    """A stand-in for a copy of the app, which answers with its name and who it is asked for.

    Attributes:
        drains: Whether SIGTERM has come: `/healthz` answers 404 then, as the app's.
        looks: How often the proxy has asked for `/healthz` since.
    """

    def __init__(self, name: str) -> None:
        self.drains, self.looks = False, 0
        copy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = f"{name} {self.headers.get('X-Forwarded-For')}".encode()
                looked_at = copy.drains and self.path == "/healthz"
                copy.looks += looked_at
                self.send_response(404 if looked_at else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[tuple[str, dict[str, Copy]]]:
    program = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
    if program is None:
        pytest.skip("haproxy is not installed; Debian's package has it")
    copies = {name: Copy(name) for name in ("app1", "app2")}
    text = (DEPLOY / "haproxy.cfg").read_text(encoding="utf-8")
    for name, copy in copies.items():
        text = text.replace(f"{name}:7860", f"127.0.0.1:{copy.server.server_port}")
    port = free_port()
    text = text.replace("bind :8080", f"bind 127.0.0.1:{port}")
    (tmp_path / "haproxy.cfg").write_text(text, encoding="utf-8")
    process = subprocess.Popen([program, "-db", "-f", str(tmp_path / "haproxy.cfg")], stderr=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{port}/", copies
    finally:
        process.kill()
        process.communicate()
        for copy in copies.values():
            copy.stop()


def ask(address: str, cookie: str = "") -> tuple[str, str, str]:
    """Return who answered, for whom, and the cookie that was set; asks again until the proxy has started."""
    request = urllib.request.Request(address, headers={"Cookie": cookie, "X-Forwarded-For": "203.0.113.9"})
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                who, whom = response.read().decode().split()
                return who, whom, (response.headers.get("Set-Cookie") or "").partition(";")[0]
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


@pytest.mark.nightly
def test_a_visitor_stays_with_a_copy_until_it_dies_and_cannot_claim_an_address(
    proxied: tuple[str, dict[str, Copy]],
) -> None:
    address, copies = proxied
    first, whom, cookie = ask(address)
    assert whom == "127.0.0.1" and cookie == f"copy={first}"
    assert {ask(address, cookie)[0] for _ in range(8)} == {first}

    (other,) = set(copies) - {first}
    assert {ask(address, f"copy={other}")[0] for _ in range(8)} == {other}
    copies[first].stop()

    assert ask(address, cookie)[0] == other
    assert ask(address, f"copy={other}")[0] == other


@pytest.mark.nightly
def test_a_copy_that_drains_keeps_its_visitors_and_gets_no_new_ones(proxied: tuple[str, dict[str, Copy]]) -> None:
    address, copies = proxied
    first, _, cookie = ask(address)
    (other,) = set(copies) - {first}

    copies[first].drains = True
    wait_until(lambda: copies[first].looks > 3)

    assert {ask(address, cookie)[0] for _ in range(8)} == {first}
    assert {ask(address)[0] for _ in range(8)} == {other}
