"""Colours, fonts and spacing of the page, and its scripts. It uses system fonts and loads nothing from elsewhere."""

from __future__ import annotations

import gradio as gr

from interface.rendering import ASSETS, asset, render

STYLE_SHEETS = tuple(
    ASSETS / name
    for name in ("page.css", "header.css", "card.css", "batch.css", "gallery.css", "timeline.css", "about.css")
)
_SCRIPTS = (
    "actions.js",  # first: the others add to it, or call it
    "address.js",
    "waiting.js",
    "accessibility.js",
    "announcements.js",
    "broken_images.js",
    "camera.js",
    "deep_links.js",
    "file_size.js",  # before what sends files on
    "dropping.js",
)


def head() -> str:
    """Return what goes into the page's head: the scripts, and a style sheet for what `STYLE_SHEETS` does not reach.

    Gradio limits the rules of style sheets to what is inside the page's margins.
    """
    return render("head.html", scripts=[asset(name) for name in _SCRIPTS], style=asset("margins.css"))


def theme() -> gr.themes.Base:
    """Return Gradio's default theme in blue and slate."""
    return gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["system-ui", "sans-serif"],
    ).set(  # contrasts of at least 4.5 to 1 (WCAG AA)
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_800",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_300",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
        link_text_color_hover="*primary_800",
        link_text_color_hover_dark="*primary_200",
        link_text_color_visited="*primary_700",
        link_text_color_visited_dark="*primary_300",
    )
