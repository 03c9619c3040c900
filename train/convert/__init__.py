"""Bundles made from Keras and LiteRT files of other programs."""
