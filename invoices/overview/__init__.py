"""What a person has before them: « Accueil », « Mes dépôts » and its export."""
