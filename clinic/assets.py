"""Front-end files: which ones are served, from where, and under which names.

Libraries are installed by npm and never committed. `settings.NODE_ASSETS` names every file that
may be served, one by one: the rest of node_modules stays unreachable.
"""

import re
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import Error
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

SOURCE_MAP = re.compile(rb"(?://|/\*)[#@] sourceMappingURL=[^\s*]+(?:\s*\*/)?")


class NodeModulesStorage(FileSystemStorage):
    """The files of `settings.NODE_ASSETS`, under the names they are served by."""

    prefix = None  # collectstatic asks every storage for it

    def path(self, name):
        """Return where the file served as `name` lies on disk."""
        return str(Path(settings.NODE_MODULES) / settings.NODE_ASSETS[name.replace("\\", "/")])

    def _open(self, name, mode="rb"):
        """Open a file, without the pointer to a source map: the maps are not served either."""
        file = super()._open(name, mode)
        if not name.endswith((".css", ".js")):
            return file
        with file:
            return ContentFile(SOURCE_MAP.sub(b"", file.read()), name)


class NodeModulesFinder(BaseFinder):
    """Finds the listed files of node_modules and nothing else."""

    storage = NodeModulesStorage()

    def check(self, **kwargs):
        """Report listed files that are not installed, unless collected files stand in for them."""
        if (Path(settings.STATIC_ROOT or "") / StaticStorage.manifest_name).is_file():
            return []
        missing = [
            name for name in settings.NODE_ASSETS if not Path(self.storage.path(name)).is_file()
        ]
        if not missing:
            return []
        return [
            Error(
                f"{len(missing)} of {len(settings.NODE_ASSETS)} front-end files are missing, "
                f"the first is {self.storage.path(missing[0])}.",
                hint="Run npm ci --omit=dev, or python3 run.py, which does it for you.",
                id="clinic.E001",
            )
        ]

    def find(self, path, find_all=False, **kwargs):
        """Return the file served as `path`: its place on disk, or an empty list."""
        if path not in settings.NODE_ASSETS:
            return []
        found = self.storage.path(path)
        return [found] if find_all else found

    def list(self, ignore_patterns):
        """Yield every listed file with the storage that opens it, for collectstatic."""
        for name in settings.NODE_ASSETS:
            yield name, self.storage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Collected files: content-hashed names, compressed, imports between our own modules kept.

    Django can rewrite `import … from "./x.js"` to hashed names, but it reads every script with a
    regular expression and stumbles over comments in other people's. So only `static/js/` is read.
    """

    support_js_module_import_aggregation = True
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )
