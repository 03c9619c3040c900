"""Sites made of bundles, and a plain web server for them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from train.site.build import write_site
from train.site.description import Source
from train.site.runtime import RuntimeFetchError, runtime_files

# Stricter than the page's own: what a careful web server may send.
STRICT_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'"
)
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
# The runtime in tests without a browser: names only.
FAKE_RUNTIME = ("litert.js", "litert_wasm_internal.js", "litert_wasm_internal.bin", "mediabunny.js")


def fake_runtime(folder: Path) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    for name in FAKE_RUNTIME:
        (folder / name).write_text(f"// {name}\n", encoding="utf-8")
    return {name: folder / name for name in FAKE_RUNTIME}


def written_site(bundle: Path, out: Path, source: Source | None = None) -> Path:
    """Write a site with the real runtime, which has to be in this user's cache or to be had from the network."""
    try:
        runtime_files()
    except RuntimeFetchError as error:
        pytest.skip(f"the site's runtime is not there: {error}")
    write_site(bundle, out, source or Source())
    return out


@contextmanager
def served_site(folder: Path, prefix: str = "/deep/er/", headers: Mapping[str, str] | None = None) -> Iterator[str]:
    """Serve a folder under a sub-path, as GitHub Pages does; yield the address."""

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            inside = path.startswith(prefix)
            return super().translate_path(path.removeprefix(prefix.rstrip("/")) if inside else "/not there")

        def end_headers(self) -> None:
            for name, value in (headers or {"Content-Security-Policy": STRICT_POLICY}).items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{prefix}"
        server.shutdown()
