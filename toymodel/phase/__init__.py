"""Two neurons, two features: exact losses, candidates, trained networks; and followed networks."""
