"""A page whose calls end in a sentence and a line in the log even where Gradio fails with what it was given."""

from __future__ import annotations

from typing import Any

import gradio as gr

from interface.i18n.language import in_english, say
from interface.server.gradio_internals import BlockFunction, SessionState, current_request
from interface.server.request_guard import RequestGuard
from interface.server.storage import is_full


class SafeBlocks(gr.Blocks):
    """Gradio's blocks, with every error turned into a message.

    Gradio would respond with an empty error, and log what the caller wrote.

    Attributes:
        guard: Turns errors into messages, and counts them.
    """

    guard: RequestGuard

    def get_api_info(self, *arguments: Any, **named: Any) -> Any:
        """Describe the endpoints, in English: programs and agents get no placeholders of translated texts."""
        return in_english(super().get_api_info(*arguments, **named))

    async def preprocess_data(
        self, block_fn: BlockFunction, inputs: list[Any], state: SessionState | None, explicit_call: bool = False
    ) -> list[Any]:
        """Read the arguments of a call; refuse those that no handler can take."""
        try:
            return await super().preprocess_data(block_fn, inputs, state, explicit_call)
        except gr.Error:
            raise
        except Exception as error:
            with self.guard.handle(current_request(), str(block_fn.api_name)) as language:
                if is_full(error):
                    raise
                raise gr.Error(say(language, "bad_call"), print_exception=False) from error

    async def process_api(self, block_fn: BlockFunction | int, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Run a call; what fails outside of a handler gets a message as well."""
        try:
            return await super().process_api(block_fn, *arguments, **named)
        except gr.Error:
            raise
        except Exception:
            name = str(getattr(block_fn, "api_name", block_fn))
            with self.guard.handle(named.get("request"), name, counted=False):
                raise
