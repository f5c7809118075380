"""All settings, in one file.

The secret is the switch: without `SECRET_KEY` this is a laptop (localhost only; DEBUG, but for the
demo); with it, a server. Every variable read here is a row of docs/configuration.md, which a test checks.
"""

import hashlib
from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from clinic.sqlite import is_sound, library_version

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()  # SECRET_KEY_FILE=/run/secrets/x stands for SECRET_KEY=…

SECRET_KEY = env.str("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
SERVER = bool(SECRET_KEY)
DEMO = env.bool("NEEDLEPOINT_DEMO", default=False)
DEBUG = env.bool("DEBUG", default=not SERVER and not DEMO)  # the demo shows a clinic's error pages
if not SERVER:
    SECRET_KEY = "laptop-only-" + hashlib.sha256(str(BASE_DIR).encode()).hexdigest()
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=[] if SERVER else ["localhost", "127.0.0.1", "[::1]"]
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
VAR_DIR = Path(env.str("NEEDLEPOINT_VAR", default=str(BASE_DIR / "var")))

INSTALLED_APPS = [
    "clinic",
    "treatments",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "crispy_bootstrap5",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "clinic.headers.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "clinic.busy.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "clinic.permissions.PermissionMiddleware",
    "clinic.busy.BusyMiddleware",
]
ROOT_URLCONF = "clinic.urls"
# WSGI_APPLICATION stays unset: runserver never uses clinic/wsgi.py, which refuses DEBUG.
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "clinic.permissions.frame",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"
CRISPY_FAIL_SILENTLY = not DEBUG

# --- Database -------------------------------------------------------------------------------------
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'needlepoint.sqlite3'}")
}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    if not is_sound(library_version()):
        raise ImproperlyConfigured(
            "This SQLite library ({}.{}.{}) can corrupt a database in WAL mode. Install the packages "
            "of requirements.txt, which bring a sound one.".format(*library_version())
        )
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
            "PRAGMA mmap_size=0; PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY; "
            "PRAGMA cache_size=-20000"
        ),
    }
    # A file, so that real processes can race on it.
    _database["TEST"] = {"NAME": str(VAR_DIR / "test.sqlite3")}
else:
    _database["CONN_MAX_AGE"] = env.int("DATABASE_CONN_MAX_AGE", default=60)
    _database["CONN_HEALTH_CHECKS"] = True
    _database.setdefault("OPTIONS", {}).setdefault("connect_timeout", 2)
    # How often a statement is asked before its plan is kept; `Prepared` asks for it at once, and
    # without a number here in vain. A pooler that hands connections round knows no such plans.
    if env.bool("DATABASE_KEEPS_PLANS", default=True):
        _database["OPTIONS"]["prepare_threshold"] = 5
    _database["OPTIONS"].setdefault(
        "options",
        "-c statement_timeout=15000 -c lock_timeout=5000"
        " -c idle_in_transaction_session_timeout=15000"
        # Beyond four tables in the order they are written: the planner took ten times as long to
        # find the best order of a page's eight joins as the database to answer in any.
        " -c join_collapse_limit=4"
        # A page out of order costs hardly more than the next one: memory and solid-state disks. With
        # the default of 4 for turning disks, a list of 2,000 read every patient of every clinic.
        " -c random_page_cost=1.1",
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "clinic.cache.Cache",
        "LOCATION": "clinic_cache",  # shared by all processes: rate limits must be
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
#: Tasks the worker begins every night: of each clinic, with its key; of the house, with none.
NIGHTLY_ROUNDS = {
    "clinic": ["treatments.actions.lookahead.look_ahead"],
    "house": ["clinic.actions.nightly.tidy"],
}

# --- Who ------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "clinic.User"
AUTHENTICATION_BACKENDS = [
    "clinic.permissions.RoleBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "today"
PASSWORD_HASHERS = ["clinic.signin.Argon2", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_RESET_TIMEOUT = 72 * 3600  # an invitation holds for 72 hours
ACCOUNT_ADAPTER = "clinic.signin.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # staff are invited: the address is the clinic's own entry
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False  # iPads are shared: nobody stays signed in
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/900s/key"}
MFA_ADAPTER = "clinic.signin.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True  # the address is the inviting clinic's own entry
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEBUG or not SERVER
MFA_TOTP_ISSUER = "Needlepoint"
MFA_REQUIRED = env.bool("MFA_REQUIRED", default=SERVER and not DEMO)
_FIELD_KEYS = env.list("FIELD_KEYS", default=[])
FIELD_KEYS = _FIELD_KEYS or [SECRET_KEY, *SECRET_KEY_FALLBACKS]
AUDIT_KEY = env.str("AUDIT_KEY", default=SECRET_KEY)

# --- What the browser is told ---------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
PERMISSIONS_POLICY = {
    "camera": "self", "microphone": [], "geolocation": [], "payment": [], "usb": [],
    "publickey-credentials-get": "self", "publickey-credentials-create": "self",
}  # fmt: skip
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "clinic.views.errors.csrf_failure"
if SERVER and not DEBUG:
    SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=63072000)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sid", "__Host-csrf"
    if env.bool("BEHIND_PROXY", default=False):
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
        ALLAUTH_TRUSTED_PROXY_COUNT = 1
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_HANDLERS = [
    "treatments.forms.uploads.Capped",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "clinic.assets.NodeModulesFinder",
]
NODE_MODULES = BASE_DIR / "node_modules"
NODE_ASSETS = {
    "vendor/bootstrap/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "vendor/bootstrap/bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "vendor/icons/bootstrap-icons.min.css": "bootstrap-icons/font/bootstrap-icons.min.css",
    "vendor/icons/fonts/bootstrap-icons.woff2": "bootstrap-icons/font/fonts/bootstrap-icons.woff2",
    "vendor/icons/fonts/bootstrap-icons.woff": "bootstrap-icons/font/fonts/bootstrap-icons.woff",
    "vendor/inter/inter-latin-wght-normal.woff2": (
        "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"
    ),
    "vendor/inter/inter-latin-ext-wght-normal.woff2": (
        "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2"
    ),
    "vendor/calendar/event-calendar.min.css": "@event-calendar/build/dist/event-calendar.min.css",
    "vendor/calendar/event-calendar.min.js": "@event-calendar/build/dist/event-calendar.min.js",
}
_FROM_SOURCE = DEBUG or not SERVER  # no collectstatic on a laptop
WHITENOISE_USE_FINDERS = _FROM_SOURCE
WHITENOISE_AUTOREFRESH = (
    _FROM_SOURCE  # look a file up when asked for, rather than all at every start
)
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
PHOTO_BUCKET = env.str("PHOTO_BUCKET", default="")
# Where nginx serves photos itself after the gate said yes: an internal location, e.g. "/_photos/".
PHOTO_ACCEL_PREFIX = env.str("PHOTO_ACCEL_PREFIX", default="")
PHOTO_MAX_BYTES = env.int("PHOTO_MAX_BYTES", default=25 * 1024 * 1024)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "photos": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": env.str("PHOTO_ROOT", default=str(VAR_DIR / "photos"))},
    },
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if _FROM_SOURCE
            else "clinic.assets.StaticStorage"
        )
    },
}
if PHOTO_BUCKET:
    STORAGES["photos"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": PHOTO_BUCKET,
            "endpoint_url": env.str("PHOTO_S3_ENDPOINT", default="") or None,
            "region_name": env.str("PHOTO_S3_REGION", default="") or None,
            "access_key": env.str("PHOTO_S3_KEY", default="") or None,
            "secret_key": env.str("PHOTO_S3_SECRET", default="") or None,
            "default_acl": None,
            "file_overwrite": False,
            "querystring_auth": True,
            "querystring_expire": 60,
        },
    }

# --- Language, time, mail, log --------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = ["clinic.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"  # stored and compared in UTC; every page shows its clinic's wall time
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 20  # well under the time after which another worker takes the message
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Needlepoint <clinic@localhost>")
# What sends on each channel: a class of clinic.actions.outbox.Messenger's shape, "" for none.
MESSAGE_CHANNELS = {
    "email": "clinic.exports.mail.Mail",
    "sms": env.str("SMS_MESSENGER", default=""),
}
SMS_FOLDER = Path(env.str("SMS_FOLDER", default=str(VAR_DIR / "sms")))
# The address patients open from a message; a worker has no request to read it from.
SITE_URL = env.str(
    "SITE_URL", default=f"https://{ALLOWED_HOSTS[0]}" if SERVER and ALLOWED_HOSTS
    else "http://localhost:8000",
)  # fmt: skip
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
