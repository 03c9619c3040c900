"""Colours, fonts and spacing. Only fonts that the visitor's machine has: the page loads nothing from elsewhere."""

from __future__ import annotations

import gradio as gr

from interface import model_tab, timeline

STYLE = (
    """
.gradio-container { width: 100% !important; max-width: 1120px !important; margin: 0 auto !important; }
/* Wide tables scroll inside their frame; the page never scrolls sideways. */
.gradio-container .column, .gradio-container .row > *, #frames, #segments, #seconds { min-width: 0; max-width: 100%; }
#heading p { color: var(--body-text-color-subdued); }
#top { justify-content: space-between; align-items: flex-start; flex-wrap: wrap; }
#top > * { flex: 0 1 auto; width: auto; min-width: 0; }
#languages nav { display: flex; gap: 4px 14px; flex-wrap: wrap; padding-top: 6px; }
#languages a { text-decoration: underline; padding: 4px 0; }
/* Text, not boxes to type in. */
#question textarea, #labels textarea, #source textarea, #limits textarea, #status textarea, #note textarea,
#live-note textarea, #news textarea, #source-note textarea { border: 0 !important; background: none !important;
  box-shadow: none !important; padding: 0 !important; }
#source textarea, #limits textarea { font-size: 13px; }
#question, #labels, #source, #limits, #status, #note, #live-note, #news, #source-note { border: 0 !important;
  background: none !important; }
#languages .html-container { padding: 0 !important; }
#plots .grid-container { grid-template-columns: repeat(auto-fill, minmax(min(100%, 360px), 1fr)) !important; }
/* One row of examples that scrolls by itself: on a phone the answer stays near the picture. */
#picture-examples .gallery { flex-wrap: nowrap; overflow-x: auto; }
#picture-examples .gallery-item { flex: 0 0 80px; }
.gallery-item .container { height: 80px !important; }
.gallery-item .container img { width: 100%; height: 100%; object-fit: cover; }
#answer, #total, #frames, #segments, #seconds { font-variant-numeric: tabular-nums; }
/* Trimming would fetch a program from another server. */
#clip button[title^="Trim"], #clip button[title^="Reset"] { display: none; }
footer .divider { display: none; }
footer button.show-api, footer button.show-api:hover, .wrap .or { color: var(--body-text-color-subdued) !important; }
button[role="tab"].selected { color: var(--primary-700) !important; }
.dark button[role="tab"].selected { color: var(--primary-300) !important; }
#clip-files a { color: var(--link-text-color) !important; }
@media (max-width: 480px) {  /* all the tabs on a phone */
  .tab-container button { padding-left: 8px !important; padding-right: 8px !important; }
}
"""
    + timeline.STYLE
    + model_tab.STYLE
)

# Gradio applies the rules above to what is inside the page's margins only; on a phone the width is for the picture.
MARGINS = """
<style>
@media (max-width: 480px) { .gradio-container > .main { padding: 16px 14px !important; } }
</style>
"""


def theme() -> gr.themes.Base:
    """Return the theme."""
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
