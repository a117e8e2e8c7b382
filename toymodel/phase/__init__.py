"""Two neurons, two features: exact losses, candidate solutions, and trained networks."""
