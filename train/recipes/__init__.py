"""The recipes: one file each, settings and results side by side."""
