"""Charts of several models."""
