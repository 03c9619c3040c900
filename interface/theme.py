"""Colours, fonts and spacing. Only fonts that the visitor's machine has: the page loads nothing from elsewhere."""

from __future__ import annotations

import gradio as gr

STYLE = """
.gradio-container { width: 100% !important; max-width: 1120px !important; margin: 0 auto !important; }
/* Wide tables scroll inside their frame; the page never scrolls sideways. */
.gradio-container .column, .gradio-container .row > *, #frames, #segments { min-width: 0; max-width: 100%; }
#heading p { opacity: 0.75; }
/* One row of examples that scrolls by itself: on a phone the answer stays near the picture. */
#picture-examples .gallery { flex-wrap: nowrap; overflow-x: auto; }
#picture-examples .gallery-item { flex: 0 0 80px; }
.gallery-item .container { height: 80px !important; }
.gallery-item .container img { width: 100%; height: 100%; object-fit: cover; }
#answer, #total, #frames, #segments, #timeline { font-variant-numeric: tabular-nums; }
/* Trimming would fetch a program from another server. */
#clip button[title^="Trim"], #clip button[title^="Reset"] { display: none; }
/* The timeline keeps its height while a clip is read, so that nothing below it moves. */
#timeline { color: var(--body-text-color); }
#timeline .timeline-status { min-height: 2.8em; line-height: 1.4; }
#timeline .timeline-progress { width: 100%; height: 6px; margin: 4px 0 10px; appearance: none; border: 0;
  border-radius: 3px; overflow: hidden; background: var(--border-color-primary); }
#timeline .timeline-progress::-webkit-progress-bar { background: var(--border-color-primary); }
#timeline .timeline-progress::-webkit-progress-value { background: var(--primary-500); }
#timeline .timeline-progress::-moz-progress-bar { background: var(--primary-500); }
#timeline .timeline-canvas { display: block; width: 100%; height: 174px; cursor: pointer; touch-action: pan-y; }
#timeline .timeline-readout { min-height: 1.5em; margin: 8px 0; font-weight: 600; overflow-wrap: anywhere; }
#timeline .timeline-legend { display: flex; flex-wrap: wrap; gap: 4px 14px; min-height: 3.2em; align-content: start;
  margin: 0; padding: 0; list-style: none; font-size: var(--text-sm); }
#timeline .timeline-legend li { display: flex; align-items: center; gap: 6px; max-width: 100%; }
#timeline .timeline-legend .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#timeline .timeline-legend .seconds { opacity: 0.75; }
#timeline .swatch { flex: none; width: 12px; height: 12px; border-radius: 3px; }
#timeline .swatch.none { background: currentColor; opacity: 0.2; }
#timeline .timeline-warnings p { margin: 8px 0 0; padding: 6px 10px; border-left: 4px solid #f59e0b;
  overflow-wrap: anywhere; }
/* Key frames stand in one row that scrolls by itself: however many there are, nothing moves. */
#key-frames { height: 162px; }
#key-frames .gallery-container, #key-frames .grid-wrap { height: 100% !important; min-height: 0 !important; }
#key-frames .grid-container { display: grid; grid-auto-flow: column; grid-template-columns: none;
  grid-auto-columns: 150px; justify-content: start; padding-top: 24px; }
#key-frames .thumbnail-item { aspect-ratio: 4 / 3; }
#key-frames .caption-label { max-width: 100%; right: 0; bottom: 0; }
/* All tabs are in sight on a phone. */
@media (max-width: 480px) { .tab-container button { padding-inline: 5px !important; } }
footer .divider { display: none; }
"""


def theme() -> gr.themes.Base:
    """Return the theme."""
    return gr.themes.Default(
        primary_hue="blue",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["system-ui", "sans-serif"],
    )
