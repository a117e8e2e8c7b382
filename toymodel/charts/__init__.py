"""Charts: from tidy frames to `altair` charts. They compute nothing."""
