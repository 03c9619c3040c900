"""Untrusted files, decoded in processes of their own."""
