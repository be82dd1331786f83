"""Lets the packages keep receipts, as a validator does: in an SQLite file in HOME. Import it before their models."""

import os

import django
from django.conf import settings
from django.core.management import call_command

settings.configure(
    INSTALLED_APPS=["compute_horde.receipts"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(os.environ["HOME"], "receipts.sqlite3"),
        }
    },
    CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
    RECEIPT_TRANSFER_CHECKPOINT_CACHE="default",
    USE_TZ=True,
)
django.setup()
call_command("migrate", verbosity=0)
