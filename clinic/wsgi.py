"""The server's door; refuses to open in laptop mode."""

import gc
import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 -- settings are ready only now

if settings.DEBUG or not settings.SERVER:
    raise ImproperlyConfigured("Set SECRET_KEY to run Needlepoint as a server.")

# Modules, models and templates stay for good: a search for garbage need not walk through them.
gc.collect()
gc.freeze()
