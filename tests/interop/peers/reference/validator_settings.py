"""The settings of ComputeHorde's validator, for its functions alone: no Redis, and a dynamic configuration in memory."""

from compute_horde_validator.settings import *  # noqa: F403
from compute_horde_validator.settings import INSTALLED_APPS

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "constance.backends.database"]
CONSTANCE_BACKEND = "constance.backends.memory.MemoryBackend"
CACHES = {
    name: {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": name}
    for name in ("default", "receipts_checkpoints")
}
CELERY_BROKER_URL = "memory://"


class _NoMigrations:
    """Tables are made as the models are now: the hundred steps that led to them take a minute."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


MIGRATION_MODULES = _NoMigrations()
