"""The page without a server: its files, made from a bundle."""
