"""Network architectures, and the linear probe they start from."""
