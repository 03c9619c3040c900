"""What comes of a call: a sentence and a line in the log also where Gradio itself fails with what it was given."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.context import LocalContext
from gradio.state_holder import SessionState

from interface.i18n.language import say
from interface.server.requests import RequestGuard
from interface.server.storage import is_full


class SafeBlocks(gr.Blocks):
    """A page whose calls are answered by a sentence when they fail, whoever is to blame.

    Gradio would answer nothing at all, and log what the caller wrote.

    Attributes:
        guard: Words and counts what fails.
    """

    guard: RequestGuard

    async def preprocess_data(
        self, block_fn: BlockFunction, inputs: list[Any], state: SessionState | None, explicit_call: bool = False
    ) -> list[Any]:
        """Take the arguments of a call; those that no handler can take are refused."""
        try:
            return await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except gr.Error:
            raise
        except Exception as error:
            with self.guard.handle(LocalContext.request.get(None), str(block_fn.api_name)) as language:
                if is_full(error):
                    raise
                raise gr.Error(say(language, "bad_call"), print_exception=False) from error

    async def process_api(self, block_fn: BlockFunction | int, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Answer a call; what fails outside of a handler is told as what fails in one is."""
        try:
            return await super().process_api(block_fn, *arguments, **named)
        except gr.Error:
            raise
        except Exception:
            name = str(getattr(block_fn, "api_name", block_fn))
            with self.guard.handle(named.get("request"), name, counted=False):
                raise
