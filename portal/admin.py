"""The back office's name."""

from django.contrib import admin

admin.site.site_header = "Portail des dépôts — back-office"
admin.site.site_title = "Back-office"
admin.site.index_title = "Accueil du back-office"
