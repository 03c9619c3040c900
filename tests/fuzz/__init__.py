"""Fuzzing: untrusted files, damaged at random, are read in processes of their own, which may crash."""
