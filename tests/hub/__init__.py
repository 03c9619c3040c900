"""A small Hub on loopback, for the tests that pull and push models with the real client."""
