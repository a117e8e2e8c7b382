"""The queue that trains for the dashboard: manager, job, limits."""
