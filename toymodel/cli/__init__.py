"""The shell command, one module a subcommand."""
