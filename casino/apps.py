from django.apps import AppConfig


class CasinoConfig(AppConfig):
    name = "casino"
    default_auto_field = "django.db.models.BigAutoField"
