"""Colours, fonts and spacing. Only fonts that the visitor's machine has: the page loads nothing from elsewhere."""

from __future__ import annotations

import gradio as gr

from interface.tabs import about, timeline

STYLE = (
    """
.gradio-container { width: 100% !important; max-width: 1120px !important; margin: 0 auto !important; }
/* Wide tables scroll inside their frame; the page never scrolls sideways. */
.gradio-container .column, .gradio-container .row > *, #frames, #segments, #seconds { min-width: 0; max-width: 100%; }
#heading p { color: var(--body-text-color-subdued); }
#top { justify-content: space-between; align-items: flex-start; flex-wrap: wrap; }
#top > * { flex: 0 1 auto; width: auto; min-width: 0; }
#top { min-height: 62px; }
#heading h1 { margin: 0; }
#heading p { margin: 4px 0 0; }
#question { margin-top: -12px; }
#languages nav { display: flex; gap: 4px 14px; flex-wrap: wrap; padding-top: 4px; }
#languages a { text-decoration: underline; padding: 4px 0; }
#languages a[aria-current] { text-decoration: none; font-weight: 600; color: inherit !important; }
/* Text, not boxes to type in. */
#question textarea, #labels textarea, #source textarea, #limits textarea, #status textarea, #note textarea,
#live-note textarea, #news textarea, #source-note textarea { border: 0 !important; background: none !important;
  box-shadow: none !important; padding: 0 !important; }
#source textarea, #limits textarea { font-size: 13px; }
#question, #labels, #source, #limits, #status, #note, #live-note, #news, #source-note { border: 0 !important;
  background: none !important; }
#languages .html-container { padding: 0 !important; }
#image-examples .gallery-item, #compare-examples .gallery-item { flex: 0 0 80px; min-height: 82px; }
/* Room for what is still being loaded: nothing below moves. */
#tabs { min-height: 700px; }
#image-examples, #compare-examples { min-height: 122px; }
/* Labels with their shares: a bar on a track for each. */
[data-testid="label"] .inner-wrap { padding-top: 9px; background: linear-gradient(var(--border-color-primary),
  var(--border-color-primary)) 0 0 / 100% 6px no-repeat; border-radius: 3px; }
[data-testid="label"] .bar { position: absolute; top: 0; left: 0; height: 6px; margin: 0; border-radius: 3px;
  background: var(--color-accent) !important; }
[data-testid="label"] .bar { appearance: none; }
[data-testid="label"] .bar::-webkit-meter-inner-element { display: none; }
[data-testid="label"] .confidence-set { position: relative; margin-bottom: 10px; }
[data-testid="label"] .line { border: 0; }
[data-testid="label"] .confidence { font-weight: 600; }
/* As high without an answer as with one: nothing below moves. */
#answer, #total, #live, #compare-answer-1, #compare-answer-2 { min-height: 290px; }
#answer { scroll-margin-bottom: 64px; }  /* on a phone it shows that more follows */
#answer .empty, #total .empty, #live .empty { min-height: 264px; }
/* “None of these” must not stand below a label that looks certain. */
#note.doubt textarea { border-left: 4px solid #d97706 !important; border-radius: 0; padding: 6px 0 6px 12px !important;
  font-weight: 600; }
.column:has(#note.doubt) #answer h2 { color: var(--body-text-color-subdued); font-weight: 400; }
.column:has(#note.doubt) #answer h2::after { content: "?"; }
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
@media (max-width: 480px) {  /* all the tabs on a phone; the answer near the image */
  .tab-container button { padding-left: 8px !important; padding-right: 8px !important; }
  #top { position: relative; }
  #languages { position: absolute !important; top: 0; right: 0; }
  #image, #compare-image { height: 240px !important; }
  #clip { height: 260px !important; }
  #camera { height: 320px !important; }
  #image-examples .gallery, #compare-examples .gallery { flex-wrap: nowrap; overflow-x: auto; }
}
"""
    + timeline.STYLE
    + about.STYLE
)

# Gradio applies the rules above to what is inside the page's margins only; on a phone the width is for the image.
MARGINS = """
<style>
html { scrollbar-gutter: stable; }
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
