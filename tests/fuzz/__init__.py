"""Fuzzing: strangers' files, changed at random, read in processes of their own that may crash."""
