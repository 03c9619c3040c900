"""Start the app: pick the model, build the page, serve it.

    python app.py                                      # the embedded model
    python app.py --model my_bundle                    # a bundle that `train fit` wrote
    python app.py --model user/repository@revision     # one from the Hub
    python app.py --model my_bundle --model other      # and a tab that compares two

A program that imports this module gets `demo`, with the model that VISTAZO_MODEL names. While the Hub is slow or down,
the page says what it waits for and becomes the real one by itself.
"""

from __future__ import annotations

import argparse
import atexit
import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

# Gradio reads this when it is imported; nothing about visitors leaves the machine.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from model.errors import HubUnreachableError, SettingsError, VistazoError
from model.hub.http import configure_client
from model.limits import limits
from model.loading import ModelLoader

if TYPE_CHECKING:
    from interface.page import Page
    from model.sandbox.pool import DecoderPool

FALLBACK = "default"
# With a healthy Hub, a small model is there about when Gradio is. So much longer a visitor may find
# nothing at all, rather than a page that says "in a moment".
_PATIENCE = 3.0
# After SIGTERM; the web server gives its connections five.
_MOST_SECONDS_TO_END = 6.0


def make_demo(model: str | None, fallback: str | None, other: str | None = None) -> Page:
    """Load the model and build the page for it, or one that waits for it.

    Args:
        model: What to serve; see `find_model` for what can be named.
        fallback: "default" to take the embedded model when a repository cannot be had.
        other: A second model to compare the first with; None for none.

    Raises:
        VistazoError: The model cannot be served, and waiting would not help.
    """
    if fallback not in (None, "", FALLBACK):
        raise SettingsError(f"VISTAZO_FALLBACK should be “{FALLBACK}” or empty. Received: {fallback[:40]}.")
    configure_client()
    loaders = [ModelLoader(name, fall_back=fallback == FALLBACK) for name in ([model, other] if other else [model])]
    for loader in loaders:
        loader.start()
    # Imported meanwhile: Gradio takes seconds.
    from interface.page import build_demo

    for loader in loaders:
        loader.wait(_PATIENCE if loader.in_repository else None)
        if loader.error and not isinstance(loader.error, HubUnreachableError):
            raise loader.error
        if loader.model:
            logging.getLogger("vistazo").info(loader.text)
    return build_demo(*loaders)


def main(arguments: Sequence[str] | None = None, prog: str = "python app.py") -> int:
    """Serve the app until it is interrupted or told to end (SIGTERM); returns 0, or 2 for a user's mistake."""
    options = _parser(prog).parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    logging.getLogger("vistazo").setLevel(logging.INFO)
    models = options.model or [os.environ.get("VISTAZO_MODEL")]
    try:
        limits()
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if len(models) > 2:
        print(f"error: at most two models can be compared. Received: {len(models)}.", file=sys.stderr)
        return 2
    from interface.server.memory import keep_few_arenas
    from interface.server.storage import own_folder

    keep_few_arenas()
    folder = own_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # what a clip that just ended has written since
    signal.signal(signal.SIGTERM, _ending(folder))
    try:
        page = make_demo(models[0], options.fallback, *models[1:])
        signal.signal(signal.SIGTERM, _ending(folder, page.decoders))
        return _serve(page, options)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(page: Page, options: argparse.Namespace) -> int:
    from interface.page import launch_options

    page.decoders.warm_up()
    page.files.keep_clean()
    try:
        page.launch(server_name=options.host, server_port=options.port, share=options.share, **launch_options(page))
    except OSError:
        print(
            f"error: {options.host}:{options.port} cannot be served: the port is taken, or the address is not this "
            "machine's. Choose others with --port and --host.",
            file=sys.stderr,
        )
        return 2
    finally:
        page.decoders.close()
    return 0


def _ending(folder: Path, decoders: DecoderPool | None = None) -> Callable[..., None]:
    """Return what is done when the program is told to end: work is given up, and soon the program with it."""

    def end_now() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        timer = threading.Timer(_MOST_SECONDS_TO_END, end_now)
        timer.daemon = True
        timer.start()
        if decoders:
            decoders.close()
        raise KeyboardInterrupt

    return interrupt


def _parser(prog: str) -> argparse.ArgumentParser:
    on_space = os.environ.get("SYSTEM") == "spaces" or "SPACE_ID" in os.environ
    host = os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if on_space else "127.0.0.1")
    port = os.environ.get("GRADIO_SERVER_PORT") or "7860"
    parser = argparse.ArgumentParser(prog=prog, description="Serve a model as a web page and an API.")
    parser.add_argument(
        "--model",
        action="append",
        metavar="REPO[@REVISION] | DIRECTORY",
        help="what to serve (default: the variable VISTAZO_MODEL, else the embedded model); given twice, a tab reads "
        "the same image with both models",
    )
    parser.add_argument(
        "--fallback",
        choices=[FALLBACK],
        default=os.environ.get("VISTAZO_FALLBACK") or None,
        help="serve the embedded model when a repository cannot be had, instead of waiting for it "
        "(default: the variable VISTAZO_FALLBACK, else waiting)",
    )
    parser.add_argument("--share", action="store_true", help="also make a public link, good for a week")
    parser.add_argument("--host", metavar="H", default=host, help=f"address to listen on (default: {host})")
    parser.add_argument("--port", metavar="P", type=_port, default=port, help=f"port to listen on (default: {port})")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"should be a number from 1 to 65535. Received: {text}.")
    return int(text)


def __getattr__(name: str) -> object:
    """Make `demo` when it is first asked for: importing this module loads no model and starts no thread."""
    if name != "demo":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()["demo"] = demo = make_demo(os.environ.get("VISTAZO_MODEL"), os.environ.get("VISTAZO_FALLBACK"))
    return demo


if __name__ == "__main__":
    sys.exit(main())
