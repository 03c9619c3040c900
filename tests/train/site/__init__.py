"""Tests of train/site."""
