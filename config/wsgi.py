"""Concord as a WSGI application; config/asgi.py runs it in threads behind granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("CONCORD_SERVES_PAGES", "true")  # statements have a time limit here

application = get_wsgi_application()
