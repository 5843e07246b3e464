"""« Accueil du back-office »: what needs a hand today, and how the last weeks went."""
