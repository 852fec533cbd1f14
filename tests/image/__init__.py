"""The image by hand, where there is no Docker: its files, its steps, its services."""
