"""What a network does: arrays in, small frozen results out. numpy alone."""
