"""`vistazo`: every command of the project behind one name; each is imported when it is called.

vistazo serve --model my_bundle      # the same as `python app.py --model my_bundle`
vistazo predict photo.jpg            # the same as `python -m model predict photo.jpg`
vistazo fit my_images --out bundle   # the same as `python -m train fit my_images --out bundle`
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import NamedTuple


class _Command(NamedTuple):
    name: str
    help: str


COMMANDS = (
    _Command("serve", "serve a model as a web page and an API"),
    _Command("predict", "predict images, clips, and folders of both"),
    _Command("check", "look for damaged, duplicate, leaking and mislabelled images"),
    _Command("fit", "train a model on folders of images and write a bundle"),
    _Command("evaluate", "evaluate a bundle on other images and write a report"),
    _Command("explain", "draw what a model looks at: Grad-CAM, saliency, feature maps"),
    _Command("compare", "compare bundles: accuracy, time per image, size"),
    _Command("tune", "search for better settings on the validation images"),
    _Command("convert", "make a bundle from a Keras model or a LiteRT file that another program saved"),
    _Command("site", "write a page that runs a model in the visitor's browser, without a server"),
    _Command("push", "publish a bundle on the Hugging Face Hub, and a Space that serves it"),
    _Command("push-data", "publish a data set on the Hugging Face Hub, private unless said otherwise"),
    _Command("versions", "list what was published in a Hub repository, with its metrics"),
    _Command("pull", "fetch a published bundle, of any version, into a directory"),
)
_HELP = "\n".join(
    [
        "usage: vistazo COMMAND [OPTION ...]",
        "",
        "Train an image classifier on your own images, publish it, and classify photos and videos with it.",
        "",
        "commands:",
        *(f"  {command.name:<10}{command.help}" for command in COMMANDS),
        "",
        "`vistazo COMMAND --help` explains the options of a command.",
    ]
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; None for those that the process was started with.

    Returns:
        The exit status: 0, 2 for a user's mistake, 130 when interrupted.
    """
    name, *rest = (sys.argv[1:] if arguments is None else list(arguments)) or [""]
    if name in ("", "-h", "--help", "help"):
        print(_HELP, file=sys.stdout if name else sys.stderr)
        return 0 if name else 2
    command = next((command for command in COMMANDS if command.name == name), None)
    if command is None:
        from difflib import get_close_matches

        names = [command.name for command in COMMANDS]
        nearest = get_close_matches(name, names, 1)
        meant = f" Did you mean {nearest[0]}?" if nearest else ""
        print(f"error: the command should be one of {', '.join(names)}. Received: {name[:40]}.{meant}", file=sys.stderr)
        return 2
    if arguments is not None:
        return _run(name, rest)
    from model.program import run_as_program

    return run_as_program(lambda: _run(name, rest))


def _run(name: str, rest: list[str]) -> int:
    if name == "serve":
        import app

        return app.main(rest)
    if name == "predict":
        from model.__main__ import main as model_main

        return model_main([name, *rest])
    from train.__main__ import main as train_main

    return train_main([name, *rest])


if __name__ == "__main__":
    sys.exit(main())
