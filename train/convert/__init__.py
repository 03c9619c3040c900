"""Bundles made from older Keras files."""
