"""National flags, drawn from their official construction."""
