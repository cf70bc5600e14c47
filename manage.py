#!/usr/bin/env python
"""Django's command line: `python manage.py migrate`, `runserver`, `createsuperuser` …"""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webox.settings")
    # Celery's application must exist before a task is sent, so that tasks find their broker.
    import webox.celery  # noqa: F401

    execute_from_command_line(sys.argv)
