"""Metrics of predictions: classification, several labels, curves and calibration."""
