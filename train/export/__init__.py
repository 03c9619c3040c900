"""The bundle: Keras model, LiteRT file and model card."""
