"""The page's texts, one file a language."""
