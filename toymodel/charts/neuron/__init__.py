"""Charts of one neuron."""
