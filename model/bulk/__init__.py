"""Many files on the command line."""
