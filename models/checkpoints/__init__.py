"""Readers of the files that the owners of the models hand out. Nothing in a file is ever run."""
