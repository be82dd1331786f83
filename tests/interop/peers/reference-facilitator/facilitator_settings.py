"""The settings of ComputeHorde's facilitator, for one process without Redis."""

from project.settings import *  # noqa: F403
from project.settings import INSTALLED_APPS

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "constance.backends.database"]
CONSTANCE_BACKEND = "constance.backends.memory.MemoryBackend"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}


class _NoMigrations:
    """Tables are made as the models are now."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


MIGRATION_MODULES = _NoMigrations()
