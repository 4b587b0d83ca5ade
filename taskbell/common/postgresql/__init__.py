"""Django's PostgreSQL, which looks whether the server is still there without asking it."""
