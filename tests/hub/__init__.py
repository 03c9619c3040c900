"""A small Hub on loopback, for the tests that pull models with the real client."""
