"""Serves ComputeHorde's facilitator with an empty database, one validator and one user.

usage: serve.py PORT VALIDATOR_HOTKEY USER_HOTKEY
"""

import sys

import django
from daphne.cli import CommandLineInterface
from django.core.management import call_command

port, validator, user = sys.argv[1:]
django.setup()
call_command("migrate", run_syncdb=True, verbosity=0)
call_command("debug_add_validator", validator)
call_command("whitelist_hotkey", user)
CommandLineInterface().run(["--bind", "127.0.0.1", "--port", port, "project.asgi:application"])
