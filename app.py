"""Start the app: load the model, build the page, serve it.

    python app.py                                      # the embedded model
    python app.py --model my_bundle                    # a bundle that `vistazo fit` wrote
    python app.py --model user/repository@revision     # one from the Hub
    python app.py --model my_bundle --model other      # and a tab that compares two

A program that imports this module gets the page as `demo`, with the model that VISTAZO_MODEL names; it is built when it
is first asked for. While the Hub is slow or down, the page says what it waits for and becomes the real one by itself.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import io
import logging
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from model.command_names import command
from model.errors import HubUnreachableError, SettingsError, VistazoError
from model.hub.http import configure_client
from model.limits import limits
from model.packages import PAGE, missing_packages
from model.parser import Parser
from model.program import run_as_program

if TYPE_CHECKING:
    from interface.page import Page

FALLBACK = "default"
# A healthy Hub delivers a small model about when Gradio has been imported. For so much longer a visitor finds nothing,
# rather than a page that says “in a moment”.
_WAIT_SECONDS = 3.0
# After SIGTERM; the web server gives its connections five.
_SECONDS_TO_END = 6.0

demo: Page


def __getattr__(name: str) -> Page:
    """Build `demo` when it is first asked for (PEP 562): importing this module starts nothing."""
    if name != "demo":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    page = make_demo(os.environ.get("VISTAZO_MODEL"), os.environ.get("VISTAZO_FALLBACK"))
    globals()["demo"] = page
    return page


def make_demo(model: str | None, fallback: str | None, other: str | None = None) -> Page:
    """Load the model and build the page for it, or a page that waits for it.

    Args:
        model: What to serve; see `find_model` for what can be named.
        fallback: "default" to serve the embedded model when a repository cannot be reached; None or "" to wait.
        other: A second model to compare the first with; None for none.

    Returns:
        The page, ready to launch.

    Raises:
        VistazoError: The model cannot be served, and waiting would not help.
    """
    if fallback not in (None, "", FALLBACK):
        raise SettingsError(f"VISTAZO_FALLBACK should be “{FALLBACK}” or empty. Received: {fallback[:40]}.")
    from model.loading import ModelLoader

    configure_client()
    loaders = [ModelLoader(name, fall_back=fallback == FALLBACK) for name in ([model, other] if other else [model])]
    for loader in loaders:
        loader.start()
    # Imported meanwhile: Gradio takes seconds. It reads the variable then: nothing about visitors leaves the machine.
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from interface.page import build_demo

    for loader in loaders:
        loader.wait(_WAIT_SECONDS if loader.in_repository else None)
        if loader.error and not isinstance(loader.error, HubUnreachableError):
            raise loader.error
        if loader.model:
            logging.getLogger("vistazo").info(loader.text)
    return build_demo(*loaders)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the app until it is interrupted or terminated.

    Args:
        arguments: The command line; None for that of the program.

    Returns:
        0, or 2 for a user's mistake.
    """
    options = _parser().parse_args(arguments)
    if sentence := missing_packages(command("serve"), PAGE):
        print(f"error: {sentence}", file=sys.stderr)
        return 2
    logging.basicConfig(format="%(message)s")
    logging.getLogger("vistazo").setLevel(logging.INFO)
    try:
        models = _models(options)
        print("Starting: the model, then the page. This takes some seconds …", flush=True)
        limits()  # raises where one is set wrongly
        return _run(options, models)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0


def _models(options: argparse.Namespace) -> list[str | None]:
    """Return the models to serve; raise for a directory that cannot be, before Gradio takes its seconds to import."""
    models = options.model or [os.environ.get("VISTAZO_MODEL")]
    if len(models) > 2:
        raise SettingsError(f"at most two models can be compared. Received: {len(models)}.")
    from model.bundle import load_bundle
    from model.hub.resolve import find_model, repository_of

    for name in models:
        if repository_of(name) is None:
            load_bundle(find_model(name).directory)
    return models


def _run(options: argparse.Namespace, models: Sequence[str | None]) -> int:
    """Build and serve the page, with a folder for its files that goes at the end."""
    from interface.server.draining import drain_seconds
    from interface.server.memory import keep_few_arenas
    from interface.server.storage import own_folder
    from interface.server.visitor_address import trusted_proxies

    trusted_proxies()  # raises where they are set wrongly
    drain_seconds()  # the same
    keep_few_arenas()
    folder = own_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # a clip that just ended may have written since
    _end_on_sigterm(folder)
    try:
        page = make_demo(models[0], options.fallback, *models[1:])
        _end_on_sigterm(folder, page)
        return _serve(page, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(page: Page, options: argparse.Namespace) -> int:
    from interface.page import launch_options
    from interface.server.draining import wait_for_visitors
    from interface.server.zero_gpu import register_with_zero_gpu

    register_with_zero_gpu()
    page.decoders.warm_up()
    page.storage.keep_clean()
    # Gradio's own lines name options of its functions, which are not those of this program.
    said = io.StringIO()
    try:
        try:
            with contextlib.redirect_stdout(said):
                page.launch(
                    server_name=options.host,
                    server_port=options.port,
                    share=options.share,
                    prevent_thread_lock=True,
                    **launch_options(page),
                )
        except OSError as error:
            if error.errno is not None:  # Gradio's own error, that no port is free, has no number
                raise
            print(
                f"error: {options.host}:{options.port} cannot be served: the port is taken, or the address is not this "
                "machine's. Choose others with --port and --host.",
                file=sys.stderr,
            )
            return 2
        _say_where(page, options, said.getvalue())
        while page.is_running:
            time.sleep(0.2)
            if page.drains:
                wait_for_visitors(page.is_busy)
                signal.raise_signal(signal.SIGTERM)
    finally:
        page.close(verbose=False)
        page.decoders.close()
    return 0


def _say_where(page: Page, options: argparse.Namespace, said: str) -> None:
    """Print the address to open, as the last line of the start."""
    if options.share:
        failed = next((line for line in said.splitlines() if line.startswith("Could not create share link")), "")
        print(f"Public link, for a week at most: {page.share_url}" if page.share_url else failed)
    host = "localhost" if options.host in ("0.0.0.0", "::") else options.host
    print(f"Open http://{host}:{page.server_port} in a browser. Ctrl-C ends it.", flush=True)


def _end_on_sigterm(folder: Path, page: Page | None = None) -> None:
    """Make SIGTERM interrupt the program, and end it within seconds whatever is still running.

    With VISTAZO_DRAIN_SECONDS the first one lets the visitors of a page finish, and the second does that.
    """
    from interface.server.draining import drain_seconds

    def end_now() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def interrupt(*_: object) -> None:
        if page is not None and page.is_running and drain_seconds() and not page.drains:
            page.drains = True
            return
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        timer = threading.Timer(_SECONDS_TO_END, end_now)
        timer.daemon = True
        timer.start()
        if page is not None:
            page.decoders.close()
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _parser() -> Parser:
    on_space = os.environ.get("SYSTEM") == "spaces" or "SPACE_ID" in os.environ
    host = os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if on_space else "127.0.0.1")
    port = os.environ.get("GRADIO_SERVER_PORT") or "7860"
    parser = Parser(prog=command("serve"), description="Serve a model as a web page and an API.")
    parser.add_argument(
        "--model",
        action="append",
        metavar="REPO[@REVISION] | DIRECTORY",
        help="what to serve; “default” is the embedded model (default: the variable VISTAZO_MODEL, else the embedded "
        "model); given twice, a tab reads the same image with both models",
    )
    parser.add_argument(
        "--fallback",
        choices=[FALLBACK],
        default=os.environ.get("VISTAZO_FALLBACK") or None,
        help="serve the embedded model when a repository cannot be reached, instead of waiting for it "
        "(default: the variable VISTAZO_FALLBACK, else waiting)",
    )
    parser.add_argument("--share", action="store_true", help="also create a public link, valid for a week")
    parser.add_argument("--host", metavar="H", default=host, help=f"address to listen on (default: {host})")
    parser.add_argument("--port", metavar="P", type=_port, default=port, help=f"port to listen on (default: {port})")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"should be a number from 1 to 65535. Received: {text}.")
    return int(text)


if __name__ == "__main__":
    sys.exit(run_as_program(main))
