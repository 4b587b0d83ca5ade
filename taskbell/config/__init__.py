"""How the pieces are wired."""
