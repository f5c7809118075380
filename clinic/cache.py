"""The shared cache of the rate limits, which says so when the database did not let it write.

Django's answers False then, as if the key stood there already. The rate limits take that for
somebody else's try and refuse a first sign-in as one too many.
"""

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.db import DatabaseCache
from django.db import OperationalError, connections, router

from clinic.actions.refusals import waited_in_vain


class Cache(DatabaseCache):
    """Django's cache in a table; raises OperationalError where a write waited in vain."""

    def _base_set(self, mode, key, value, timeout=DEFAULT_TIMEOUT):
        failed = []

        def watch(execute, *args):
            try:
                return execute(*args)
            except OperationalError as error:
                failed.append(error)
                raise

        alias = router.db_for_write(self.cache_model_class)
        with connections[alias].execute_wrapper(watch):
            done = super()._base_set(mode, key, value, timeout)
        if failed and waited_in_vain(failed[-1]):
            raise failed[-1]
        return done
