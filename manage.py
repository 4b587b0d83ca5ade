#!/usr/bin/env python
"""Django's own commands, for those who are used to them; ``taskbell`` runs them too."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "taskbell.config.settings")
    execute_from_command_line(sys.argv)
