"""The parser of every command: a mistake is answered in a sentence, a misspelt option with the right one."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

_LEAST_ALIKE = 0.7  # of 1: “mdl” and “model” are 0.75
# What argparse says of an option of type int or float: it names the type, as people who write Python know it.
_NO_NUMBER = re.compile(r"argument ([^:]+): invalid (int|float) value: ['\"](.*)['\"]", re.DOTALL)
_NUMBERS = {"int": "a whole number", "float": "a number"}


class Parser(argparse.ArgumentParser):
    """An `ArgumentParser` that ends with one sentence and status 2 for what it cannot understand."""

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse the arguments, of which none may be left over; a command's come from the parser that is above it."""
        words = sys.argv[1:] if args is None else list(args)
        if self._subparsers is None:
            # Before anything else: what is missing may be what was misspelt.
            for word in words[: words.index("--") if "--" in words else None]:
                if self._is_no_option(word):
                    self._refuse(word)
        found, extra = super().parse_known_args(words, namespace)
        if extra and extra[0].startswith("-"):
            self._refuse(extra[0])
        if extra:
            self.error(
                f"`{self.prog}` cannot tell what “{extra[0]}” is for. Names stand together, those with spaces in quotes"
            )
        return found, extra

    def error(self, message: str) -> NoReturn:
        """Print the message, and where the options are explained; then end."""
        if found := _NO_NUMBER.fullmatch(message):
            option, kind, received = found.groups()
            message = f"{option} should be {_NUMBERS[kind]}. Received: {received}"
        self.exit(2, f"error: {message.removesuffix('.')}. `{self.prog} --help` lists all.\n")

    def _is_no_option(self, word: str) -> bool:
        """Return whether a word has the form of an option and is none; long ones may be abbreviated."""
        if not word.startswith("-") or word == "-" or " " in word or _is_number(word):
            return False
        start = word.partition("=")[0] if word.startswith("--") else word[:2]
        return not any(option.startswith(start) for option in self._option_string_actions)

    def _refuse(self, word: str) -> NoReturn:
        from difflib import get_close_matches

        name = word.partition("=")[0]
        options = {option.lstrip("-"): option for option in self._option_string_actions}
        nearest = get_close_matches(name.lstrip("-").lower(), options, 1, _LEAST_ALIKE)
        meant = f" Did you mean {options[nearest[0]]}?" if nearest else ""
        self.exit(2, f"error: {name} is not an option of `{self.prog}`.{meant} `{self.prog} --help` lists all.\n")


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
