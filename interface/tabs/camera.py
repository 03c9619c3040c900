"""The Camera tab: the images of the browser's camera are classified a few times a second."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import gradio as gr

from interface.confidence import card, failed_card
from interface.i18n.language import ENGLISH, language_of, say, text
from interface.server.request_guard import RequestGuard, reason_of
from interface.server.uploads import uploaded_file
from model.classifier import Classifier
from model.errors import ImageError
from model.preprocessing import prepared_image
from model.sandbox.pool import DecoderPool

# The browser sends an image only after the prediction of the one before: nothing piles up on a busy machine.
_SECONDS_BETWEEN = 0.2
# After this the camera stops and can be started again: a forgotten page does not keep a slot.
_SECONDS_AT_MOST = 300
_CAMERAS_AT_ONCE = 4
_LARGEST_IMAGE = 8_000_000  # characters of base64


def add_camera_tab(classifier: Classifier, decoders: DecoderPool, guard: RequestGuard) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        decoders: Decode the camera's images.
        guard: Serves the requests.
    """
    bundle = classifier.bundle

    def predict_live(image: Mapping[str, Any] | None, request: gr.Request | None = None) -> str:
        """Return what the camera's image is and how sure that is, as HTML; or why it could not be read."""
        try:
            with guard.handle(request, "predict_live", counted=False) as language:
                source = _image_bytes(image, language) or uploaded_file(image, "no_camera", language)
                try:
                    prepared = decoders.call(prepared_image, source, bundle.input)
                except ImageError as error:  # its sentence is about files that people choose
                    raise ImageError(say(language, "camera_damaged")) from error
                found = classifier.predict(prepared)
                return card(found, bundle, language)
        except gr.Error as error:  # as a message in the corner it would come back with each of five images a second
            return failed_card(reason_of(error), language_of(request))

    gr.Markdown(text("camera_hint"), elem_classes=["hint"])
    with gr.Row():
        with gr.Column(scale=1):
            camera = gr.Image(
                label=text("camera"),
                sources=["webcam"],
                streaming=True,
                type="filepath",
                height=360,
                webcam_options=gr.WebcamOptions(mirror=False),
                elem_id="camera",
            )
        with gr.Column(scale=1):
            prediction = gr.HTML(text("camera_empty"), elem_id="live")
    camera.stream(
        predict_live,
        camera,
        prediction,
        stream_every=_SECONDS_BETWEEN,
        time_limit=_SECONDS_AT_MOST,
        concurrency_limit=_CAMERAS_AT_ONCE,
        concurrency_id="camera",
        preprocess=False,
        api_visibility="private",
        show_progress="hidden",
    )


def _image_bytes(payload: Mapping[str, Any] | None, language: str = ENGLISH) -> bytes | None:
    """Return the image of the data URL in which a browser streams it; None when the payload has none.

    Raises:
        ImageError: The image is too large, or is not base64.
    """
    url = payload.get("url") if isinstance(payload, Mapping) else None
    if not isinstance(url, str) or not url.startswith("data:image/"):
        return None
    if len(url) > _LARGEST_IMAGE:
        raise ImageError(say(language, "camera_large"))
    try:
        return base64.b64decode(url.partition(",")[2], validate=True)
    except binascii.Error as error:
        raise ImageError(say(language, "camera_damaged")) from error
