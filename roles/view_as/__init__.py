"""« Voir comme cet utilisateur »: the portal as one person has it, looked at by the back office, and never written."""
