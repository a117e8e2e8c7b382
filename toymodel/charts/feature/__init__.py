"""Charts of one feature, and of pairs of features."""
