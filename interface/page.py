"""Build the page: heading, tabs, the model's source, limits."""

from __future__ import annotations

import importlib.util
import logging
import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import gradio as gr

from interface.deep_links import names_example, tab_to_open
from interface.examples import copied, example_names, examples_of
from interface.header import header_html, source_titles
from interface.i18n import language as languages
from interface.i18n.language import ENGLISH, language_of, say, text, translated
from interface.rendering import asset
from interface.server.blocks import SafeBlocks
from interface.server.gradio_internals import LAUNCH_OPTIONS, MAX_SESSIONS, example_files, waiting_requests
from interface.server.request_guard import RequestGuard
from interface.server.routes import server_options
from interface.server.storage import UploadStorage
from interface.tabs.about import add_about_tab, model_pages
from interface.tabs.batch import add_batch_tab, page_headings
from interface.tabs.camera import add_camera_tab
from interface.tabs.compare import add_compare_tab
from interface.tabs.events import IN_THE_PAGE
from interface.tabs.image import add_image_tab
from interface.tabs.video import add_video_tab
from interface.tabs.video_layout import frame_headings, second_headings, segment_headings
from interface.theme import STYLE_SHEETS, head, theme
from interface.waiting_page import add_waiting, change_content
from model.errors import SettingsError
from model.limits import limits
from model.loading import LoadedModel, ModelLoader, UpdateCheck
from model.sandbox.pool import new_pool
from model.system_memory import resident_bytes

# Two at once keep two cores busy; the network itself runs one prediction at a time.
_AT_ONCE = 2
# An idle worker takes 64; a photo of a phone twice as much.
_WORKER_MEGABYTES = 200

_log = logging.getLogger("vistazo")


class Page(SafeBlocks):
    """The page, and what its endpoints need.

    Attributes:
        storage: Where uploads and results are kept.
        guard: Serves the requests.
        decoders: Decode the uploads.
        model: The model; None until the page for it is there.
        waits_for: What the page waits for; None once the model is loaded.
        drains: Whether SIGTERM has come: no new visitors should come.
    """

    def __init__(self) -> None:
        super().__init__(title="Vistazo")
        self.storage = UploadStorage(limits().upload_megabytes)
        self.guard = RequestGuard(limits().requests_per_minute, self.storage)
        decoders = new_pool(counts_this_program=True)
        if decoders is None:
            raise SettingsError(
                "the app does not run on Windows, where visitors' files cannot be decoded in processes of their own. "
                "Start it in the Windows Subsystem for Linux, or make a page without a server with `vistazo site`."
            )
        self.decoders = decoders
        self.model: LoadedModel | None = None
        self.waits_for: str | None = None
        self.drains = False

    def is_busy(self) -> bool:
        """Return whether a request is being handled or waits."""
        return bool(self.guard.running() or waiting_requests(self))


def build_demo(*loaders: ModelLoader) -> Page:
    """Return the page; until the models are loaded it says what it waits for.

    Args:
        loaders: Those of the model to serve and, if any, of the model to compare it with; they have been started.
    """
    models = [loader.model for loader in loaders if loader.model]
    page = Page()
    if len(models) == len(loaders):
        with page:
            _add_content(page, models)
        page.model = models[0]
        _warn_of_little_memory()
        return _limited(page)
    with page:
        page.waits_for = _awaited(loaders).text
        add_waiting(lambda: page.waits_for or "")
    threading.Thread(target=_follow, args=(_limited(page), loaders), daemon=True, name="page").start()
    return page


def launch_options(page: Page) -> dict[str, Any]:
    """Return the arguments of `launch` for the page."""
    return {
        "theme": theme(),
        "css_paths": STYLE_SHEETS,
        "head": head(),
        "i18n": languages.translations(),
        "max_file_size": f"{limits().upload_megabytes}mb",
        "footer_links": ["api"],
        "run_history": False,  # a shared device should not keep a visitor's images
        "state_session_capacity": MAX_SESSIONS,
        "ssr_mode": False,  # no second server process
        "app_kwargs": server_options(page.storage),
        **LAUNCH_OPTIONS,
        "mcp_server": importlib.util.find_spec("mcp") is not None,  # with gradio[mcp], the endpoints are tools as well
    }


def _awaited(loaders: Sequence[ModelLoader]) -> ModelLoader:
    return next((loader for loader in loaders if loader.model is None), loaders[0])


def _follow(page: Page, loaders: Sequence[ModelLoader]) -> None:
    """Keep a waiting page up to date, and replace its content once the models are loaded."""
    while not page.is_running:  # `launch` reads the page's configuration; nothing may change meanwhile
        time.sleep(0.1)
    try:
        for loader in loaders:
            while loader.model is None:
                sentence = loader.text
                _log.info(sentence)
                page.waits_for = sentence
                loader.wait_for_other_text(sentence)
            _log.info(loader.text)
        models = [loader.model for loader in loaders if loader.model]
        change_content(page, lambda: _add_content(page, models))
        _protect_examples(page)
        page.model = models[0]  # last: `/healthz` says “ready” from here on
        page.waits_for = None
        _warn_of_little_memory()
    except Exception:
        _log.exception("the waiting page could not be changed")


def _limited(page: Page) -> Page:
    # Waiting visitors get their position every second; no call bypasses the queue.
    page.queue(status_update_rate=1, max_size=limits().waiting, default_concurrency_limit=_AT_ONCE, api_open=False)
    _protect_examples(page)
    return page


def _warn_of_little_memory() -> None:
    """Log when the app itself takes so much of the memory that each worker that decodes would be killed."""
    most, taken = limits().decoder_megabytes, resident_bytes(os.getpid()) // 2**20
    if taken + _WORKER_MEGABYTES > most:
        _log.warning(
            f"the app takes {taken} of the {most} MB that VISTAZO_MAX_DECODER_MEGABYTES allows it and its workers: "
            f"most images will be refused. Set it to {taken + 2 * _WORKER_MEGABYTES} or more."
        )


def _protect_examples(page: Page) -> None:
    page.storage.keep(example_files(page))


def _add_content(page: Page, models: Sequence[LoadedModel]) -> None:
    model = models[0]
    classifier, decoders, guard = model.classifier, page.decoders, page.guard
    examples = examples_of(model, decoders, page.storage)
    images, clips = examples.images, examples.clips
    first = copied(images[0], page.storage) if images else None

    def heading(language: str) -> str:
        return header_html(model, language, example_names(model, examples, language))

    header = gr.HTML(
        heading(ENGLISH),
        elem_id="header",
        js_on_load=asset("theme.js") + asset("language_links.js"),
    )
    note = _plain_text(model.source.note or "", "note", "source-note", visible=bool(model.source.note))
    with gr.Tabs(elem_id="tabs") as tabs:
        with _tab("image"):
            opening = add_image_tab(classifier, images, decoders, guard)
        with _tab("video"):
            seconds, segments, frames = add_video_tab(classifier, clips, decoders, guard)
        with _tab("camera"):
            add_camera_tab(classifier, decoders, guard)
        with _tab("batch"):
            rows = add_batch_tab(classifier, decoders, guard)
        if len(models) > 1:
            with _tab("compare"):
                add_compare_tab(models[0], models[1], images, decoders, guard)
        with _tab("about"):
            about = add_about_tab(models, decoders, page.storage)
    source = _plain_text(_sources(models, ENGLISH), "model", "source")
    bounds = _plain_text(_limits(ENGLISH), "limits_title", "limits")
    _add_news(model)

    tables = (page_headings, second_headings, segment_headings, frame_headings)
    opened = [str(tab.id) for tab in tabs.children if isinstance(tab, gr.Tab)]

    def greet(request: gr.Request) -> list[Any]:
        """Translate what the browser cannot, and open the tab that the address names."""
        language = language_of(request)
        tab = tab_to_open(request, opened, images, clips)
        return [
            heading(language),
            *({"headers": names(language), "data": []} for names in tables),
            model_pages(models, language),
            _sources(models, language),
            _limits(language),
            # The first tab is open already: a visitor who was faster than this answer stays where they are.
            gr.update(selected=tab) if tab and tab != opened[0] else gr.skip(),
            translated(model.source.note or "", language),
        ]

    def open_example(request: gr.Request) -> list[Any]:
        """Show the first example with its answer, unless the address names something else."""
        asked = names_example(request) or tab_to_open(request, opened, images, clips)
        shown = opening.values(first, language_of(request)) if first and not asked else {}
        return [shown.get(component, gr.skip()) for component in opening.outputs]

    shown_first = [header, rows, seconds, segments, frames, about, source, bounds, tabs, note]
    for handler, outputs in ((greet, shown_first), (open_example, list(opening.outputs))):
        gr.on(None, handler, None, outputs, **IN_THE_PAGE)


def _tab(name: str) -> gr.Tab:
    return gr.Tab(text(f"{name}_tab"), id=name, elem_id=f"tab-{name}")


def _sources(models: Sequence[LoadedModel], language: str) -> str:
    """Name the models that are served: one, or the two that are compared."""
    *others, last = source_titles(models, language)
    if not others:
        return say(language, "model_is", title=last)
    return say(language, "models_are", titles=say(language, "and_last", names=", ".join(others), last=last))


def _limits(language: str) -> str:
    bounds = limits()
    return say(
        language,
        "limits",
        megabytes=bounds.upload_megabytes,
        image=bounds.image_megapixels,
        frame=bounds.frame_megapixels,
        minutes=bounds.clip_minutes,
        images=bounds.images,
    )


def _add_news(model: LoadedModel) -> None:
    """Add a line that says when the Hub has a newer commit than the one served."""
    pinned = model.source.repository is None or model.source.revision == model.source.commit
    if pinned and not model.wanted:
        return
    check = UpdateCheck(model)
    news = _plain_text("", "news", "news", visible=False)

    def look(request: gr.Request) -> dict[str, Any]:
        sentence = translated(check.text(), language_of(request))
        return gr.update(value=sentence, visible=bool(sentence))

    gr.on(None, look, None, news, **IN_THE_PAGE)


def _plain_text(value: str, label: str, elem_id: str, visible: bool = True) -> gr.Textbox:
    """Add a text box: it shows plain text, whatever untrusted labels or names contain."""
    return gr.Textbox(
        value, label=text(label), show_label=False, container=False, interactive=False, visible=visible, elem_id=elem_id
    )
