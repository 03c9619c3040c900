"""The commands that use a model, one file each."""
