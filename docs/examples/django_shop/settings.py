"""The settings of a small shop."""

import os

SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
ALLOWED_HOSTS = os.environ.get("DJANGO_ALLOWED_HOSTS", "localhost").split(",")
INSTALLED_APPS = ["django_shop"]
MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
ROOT_URLCONF = "django_shop.views"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SHOP_DATABASE", "shop.db"),
        # SQLite has no row locks: a transaction takes the whole file before it reads.
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30},
    }
}
ORDERDESK_CONFIG = os.environ.get("ORDERDESK_CONFIG", "orderdesk.toml")
