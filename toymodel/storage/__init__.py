"""Model files, the folder of them, checkpoints, and imported weights."""
