"""First and last names of the demo's beneficiaries, accents included."""

# fmt: off
FIRST_NAMES = (
    "Adèle", "Aïcha", "Amélie", "Anaïs", "André", "Baptiste", "Benoît", "Bérénice", "Cédric", "Célia",
    "Chloé", "Clémence", "Damien", "Désirée", "Éléonore", "Élise", "Émile", "Étienne", "Fatou", "Félix",
    "Florian", "Gaëlle", "Gérald", "Grégory", "Héloïse", "Hugo", "Inès", "Jean-François", "Joël",
    "Joséphine", "Kévin", "Laëtitia", "Léonie", "Loïc", "Lucie", "Maëva", "Mathéo", "Mélanie",
    "Mohamed", "Naïma", "Nathanaël", "Noé", "Océane", "Pénélope", "Quentin", "Raphaëlle", "Régis",
    "Rémi", "Salomé", "Sébastien", "Solène", "Théo", "Tiphaine", "Valérie", "Véronique", "Yaël",
    "Yasmine", "Zoé",
)

LAST_NAMES = (
    "Allègre", "Arnaud", "Barthélemy", "Béranger", "Bertrand", "Boyer", "Brémond", "Carré", "Chauvière",
    "Chevallier", "Coëffic", "Crépin", "D’Almeida", "Da Costa", "De La Tour", "Delaître", "Deschênes",
    "Diallo", "Dupré", "Estève", "Faïd", "Féraud", "Fernández", "Garçon", "Gauthier", "Gérard",
    "Hébert", "Hervé", "Jégou", "Joly", "L’Hostis", "Lacroix", "Laforêt", "Lefèvre", "Legendre",
    "Léger", "Maître", "Mercœur", "Mézières", "Moreau", "Muñoz", "Noël", "Ollivier", "Pélissier",
    "Prévost", "Quéré", "Ramón", "Rivoire", "Sénéchal", "Tévenet", "Thiébaut", "Traoré", "Vallée",
    "Véron", "Zanetti",
)
# fmt: on
