# SPDX-License-Identifier: MIT
"""Contents that the host fetches itself, by http and https."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import datetime
import hashlib
import os
import time
from urllib.parse import urlsplit, urlunsplit

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import paths

TIMEOUT = 30  # seconds without a byte
LIMIT = 1800  # seconds in all
MAX_SIZE = 16 << 30
SKEW = datetime.timedelta(minutes=5)  # between the clocks of the host and the server
AGENT = "supervisor-deploy"


def hide_password(url):
    """The URL without a user and a password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class Download:
    """The content behind a URL, as placing.put_file() wants it. Errors are OSErrors that name the URL."""

    def __init__(self, run, item):
        self._run = run
        self._item = item
        self._url = hide_password(item["source"])

    def is_same(self, descriptor, info):
        """Asks the server whether its content is newer than the file, and compares it if it is."""
        if descriptor is None:
            return False
        since = datetime.datetime.fromtimestamp(info.st_mtime, datetime.timezone.utc) - SKEW
        with self._open(since) as response:
            if response is None:
                return True
            length = response.headers.get("Content-Length", "")
            if length.isdigit() and int(length) != info.st_size:
                return False
            os.lseek(descriptor, 0, os.SEEK_SET)
            present = hashlib.sha256()
            with os.fdopen(os.dup(descriptor), "rb") as file:
                for chunk in iter(lambda: file.read(paths.CHUNK), b""):
                    present.update(chunk)
            fetched = hashlib.sha256()
            self._read(response, fetched.update)
            return fetched.digest() == present.digest()

    def need(self):
        """Nothing is sent by the deployer."""

    def text(self):
        return None

    def copy_to(self, file):
        with self._open(None) as response:
            self._read(response, file.write)

    def _open(self, since):
        """The server's answer, a context; it yields None for `not modified`."""
        from urllib.error import HTTPError

        from ansible.module_utils.urls import NoSSLError, SSLValidationError, open_url

        item = self._item
        try:
            return open_url(item["source"], timeout=TIMEOUT, last_mod_time=since, http_agent=AGENT, decompress=False,
                            validate_certs=item.get("validate_certs", True), url_username=item.get("url_username"),
                            url_password=item.get("url_password"), force_basic_auth=item.get("force_basic_auth", False))
        except HTTPError as error:
            if error.code == 304:
                return NotModified()
            raise OSError(f"{self._url}: the server answers {error.code} {error.reason}")
        except (SSLValidationError, NoSSLError) as error:
            raise OSError(f"{self._url}: {error}")
        except OSError as error:
            raise OSError(f"{self._url} cannot be fetched: {getattr(error, 'reason', None) or error}")

    def _read(self, response, take):
        """Hands all of an answer on, in chunks. Raises OSError if it is cut short, too long or too slow."""
        deadline = time.monotonic() + LIMIT
        length = response.headers.get("Content-Length", "")
        received = 0
        for chunk in iter(lambda: response.read1(paths.CHUNK) if hasattr(response, "read1")
                          else response.read(paths.CHUNK), b""):
            received += len(chunk)
            if received > MAX_SIZE or time.monotonic() > deadline:
                raise OSError(f"{self._url}: more than {MAX_SIZE} bytes, or longer than {LIMIT} seconds")
            take(chunk)
            self._run.alive()
        if length.isdigit() and received != int(length):
            raise OSError(f"{self._url}: the connection ended after {received} of {length} bytes")


class NotModified:
    def __enter__(self):
        return None

    def __exit__(self, *_):
        pass
