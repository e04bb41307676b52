"""The WSGI entry point, as ``manage.py serve`` starts it."""

import os

from django.core.wsgi import get_wsgi_application

from neobank.bodies import WholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neobank.settings")
application = WholeBodies(get_wsgi_application())
