"""Words in French and English, for pages and for commands."""
