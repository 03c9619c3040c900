"""A page whose calls end in a sentence and a line in the log even where Gradio fails with what it was given."""

from __future__ import annotations

from typing import Any

import gradio as gr

from interface.i18n.language import in_english, language_of, say
from interface.server.gradio_internals import BlockFunction, SessionState, current_request, is_path_elsewhere
from interface.server.request_guard import RequestGuard
from interface.server.sent_files import stored
from interface.server.storage import is_full
from interface.server.url_fetch import one_call


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
        """Read the arguments of a call, which may hold files; refuse those that no handler can take.

        Fetching the files that it names counts as a request: no handler has counted the call yet.
        """
        request = current_request()
        try:
            language, storage = language_of(request), self.guard.storage
            pairs = zip(inputs, block_fn.inputs, strict=False)  # Gradio counts them
            taken = [await stored(value, component, storage, language) for value, component in pairs]
            with one_call(lambda: self.guard.admit(request)):
                return await super().preprocess_data(block_fn, [*taken, *inputs[len(taken) :]], state, explicit_call)
        except Exception as error:
            is_sentence = isinstance(error, gr.Error)
            with self.guard.handle(request, str(block_fn.api_name), counted=not is_sentence) as language:
                if is_sentence or is_full(error):
                    raise
                key = "not_uploaded" if is_path_elsewhere(error) else "bad_call"
                raise gr.Error(say(language, key), print_exception=False) from error

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
