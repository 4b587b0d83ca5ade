"""Django's PostgreSQL backend with fewer round trips and faster timestamps."""
