"""Model files, the folder of them, and weights that come from elsewhere."""
