"""Charts of the phase change."""
