"""The tab for live answers: the browser's camera in, its likeliest labels out, a few times a second."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

import gradio as gr

from interface.i18n.language import ENGLISH, say, text
from interface.server.requests import RequestGuard
from interface.server.uploads import uploaded_file
from model.classifier import Classifier, top_labels
from model.errors import ImageError
from model.preprocessing import prepared_image
from model.sandbox.pool import DecoderPool

TOP = 5
# The browser sends the next image only when the answer to the last has come: nothing piles up, and a
# busy machine answers less often.
_SECONDS_BETWEEN = 0.2
# Then the camera stops and can be started again: a forgotten page does not keep a place.
_SECONDS_AT_MOST = 300
_VISITORS_AT_ONCE = 4
_LARGEST_IMAGE = 8_000_000  # characters of base64


def add_webcam_tab(classifier: Classifier, decoders: DecoderPool, guard: RequestGuard) -> None:
    """Add the tab's components and events to the page that is being built.

    Args:
        classifier: The model.
        decoders: Decode the camera's images.
        guard: Serves requests.
    """
    bundle = classifier.bundle

    def predict_live(
        image: Mapping[str, Any] | None, request: gr.Request | None = None
    ) -> tuple[dict[str, float], str]:
        """Return the likeliest labels of the camera's image, and doubt in words."""
        with guard.handle(request, "predict_live", counted=False) as language:
            source = _image_bytes(image, language) or uploaded_file(image, "no_camera", language)
            probabilities = classifier.classify_prepared(decoders.call(prepared_image, source, bundle.input))
            unsure = bundle.unknown_threshold is not None and probabilities.max() < bundle.unknown_threshold
            doubt = say(language, "none_probably") if unsure else ""
            return dict(top_labels(probabilities, bundle.labels_in(language), TOP)), doubt

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
            answer = gr.Label(label=text("camera_sees"), num_top_classes=TOP, elem_id="live")
            note = gr.Textbox(
                label=text("doubt"), show_label=False, container=False, interactive=False, elem_id="live-note"
            )
    camera.stream(
        predict_live,
        camera,
        [answer, note],
        stream_every=_SECONDS_BETWEEN,
        time_limit=_SECONDS_AT_MOST,
        concurrency_limit=_VISITORS_AT_ONCE,
        concurrency_id="camera",
        preprocess=False,
        api_visibility="private",
        show_progress="hidden",
    )


def _image_bytes(payload: Mapping[str, Any] | None, language: str = ENGLISH) -> bytes | None:
    """Return the image of a data URL, which is how browsers stream it; None where there is none.

    Raises:
        ImageError: It is too large, or not base64.
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
