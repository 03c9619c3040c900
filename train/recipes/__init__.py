"""The recipes: named settings, one file each."""
