"""From SQLite to PostgreSQL: all rows, with their ids and the order of the history."""
