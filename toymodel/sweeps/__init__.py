"""Many settings: the paper's sweep, grids of any settings, and the shipped models."""
