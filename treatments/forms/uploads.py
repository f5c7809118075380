"""How much of an upload is read: of a file that is too large, no more than shows that it is."""

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler


class Capped(FileUploadHandler):
    """Drop what comes after the size limit of a photo, so that no file fills the disk.

    Stands first in FILE_UPLOAD_HANDLERS. What is kept is a chunk longer than the limit at most, so
    taking it in still finds it too large and says so.
    """

    def new_file(self, *args, **kwargs):
        """Start counting a file."""
        super().new_file(*args, **kwargs)
        self._seen = 0

    def receive_data_chunk(self, raw_data, start):
        """Pass on what lies within the limit, and the chunk that goes beyond it."""
        is_beyond = self._seen > settings.PHOTO_MAX_BYTES
        self._seen += len(raw_data)
        return None if is_beyond else raw_data

    def file_complete(self, file_size):
        """Leave the file to the handlers after this one."""
        return
