"""Backups: one file with the database and the secret key, and how it is restored."""
