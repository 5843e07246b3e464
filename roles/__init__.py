"""Who: people, companies and their establishments, the roles, and what they open."""
