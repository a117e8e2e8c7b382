"""Charts of a whole network."""
