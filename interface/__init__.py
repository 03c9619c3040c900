"""The Gradio page, one file a tab. Nothing here computes: the work is done in `model/`."""
