"""SQLite that stops at a deadline."""
