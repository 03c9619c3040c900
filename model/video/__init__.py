"""Clips: probing, reading, predicting, segments, tables and annotated copies."""
