"""What the page says, one file a language."""
