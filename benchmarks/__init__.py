"""Side by side with the usual recipe, and what it costs as it grows."""
