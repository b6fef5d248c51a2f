"""Runs the programs of model images in private namespaces."""
