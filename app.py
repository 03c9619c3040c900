"""Start the app: pick the model, build the page, serve it.

    python app.py                                      # the embedded model
    python app.py --model my_bundle                    # a bundle that `train fit` wrote
    python app.py --model user/repository@revision     # one from the Hub

A program that imports this module gets `demo`, with the model that VISTAZO_MODEL names. While the Hub is slow or down,
the page says what it waits for and becomes the real one by itself.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

# Gradio reads this when it is imported; nothing about visitors leaves the machine.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

from model.errors import HubUnreachableError, SettingsError, VistazoError
from model.loading import ModelLoader

if TYPE_CHECKING:
    import gradio as gr


FALLBACK = "default"
# With a healthy Hub, a small model is there about when Gradio is. So much longer a visitor may find
# nothing at all, rather than a page that says "in a moment".
_PATIENCE = 3.0


def make_demo(model: str | None, fallback: str | None) -> gr.Blocks:
    """Load the model and build the page for it, or one that waits for it.

    Args:
        model: What to serve; see `find_model` for what can be named.
        fallback: "default" to take the embedded model when a repository cannot be had.

    Raises:
        VistazoError: The model cannot be served, and waiting would not help.
    """
    if fallback not in (None, "", FALLBACK):
        raise SettingsError(f"VISTAZO_FALLBACK should be “{FALLBACK}” or empty. Received: {fallback[:40]}.")
    loader = ModelLoader(model, fall_back=fallback == FALLBACK)
    loader.start()
    # Imported meanwhile: Gradio takes seconds.
    from interface.demo import build_demo_when_loaded

    loader.wait(_PATIENCE if loader.in_repository else None)
    if loader.error and not isinstance(loader.error, HubUnreachableError):
        raise loader.error
    if loader.model:
        logging.getLogger("vistazo").info(loader.text)
    return build_demo_when_loaded(loader)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the app until it is interrupted; returns the exit status: 0, or 2 for a user's mistake."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(message)s")
    logging.getLogger("vistazo").setLevel(logging.INFO)
    try:
        demo = make_demo(options.model, options.fallback)
    except VistazoError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    from interface.demo import launch_options

    try:
        demo.launch(server_name=options.host, server_port=options.port, share=options.share, **launch_options())
    except OSError:
        print(
            f"error: {options.host}:{options.port} cannot be served: the port is taken, or the address is not this "
            "machine's. Choose others with --port and --host.",
            file=sys.stderr,
        )
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    on_space = os.environ.get("SYSTEM") == "spaces" or "SPACE_ID" in os.environ
    host = os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if on_space else "127.0.0.1")
    port = os.environ.get("GRADIO_SERVER_PORT") or "7860"
    parser = argparse.ArgumentParser(prog="python app.py", description="Serve a model as a web page and an API.")
    parser.add_argument(
        "--model",
        metavar="REPO[@REVISION] | DIRECTORY",
        default=os.environ.get("VISTAZO_MODEL"),
        help="what to serve (default: the variable VISTAZO_MODEL, else the embedded model)",
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


if __name__ == "__main__":
    sys.exit(main())

demo = make_demo(os.environ.get("VISTAZO_MODEL"), os.environ.get("VISTAZO_FALLBACK"))
