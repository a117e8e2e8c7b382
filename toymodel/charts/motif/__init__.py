"""Charts of asymmetric superposition with inhibition."""
