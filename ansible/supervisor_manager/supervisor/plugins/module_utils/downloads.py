# SPDX-License-Identifier: MIT
"""Contents that the host fetches itself, by http and https."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import datetime
import hashlib
import time
from urllib.parse import urljoin, urlsplit, urlunsplit

from ansible_collections.supervisor_manager.supervisor.plugins.module_utils import paths, placing

TIMEOUT = 30  # seconds without a byte
LIMIT = 1800  # seconds in all
MAX_SIZE = 16 << 30
SKEW = datetime.timedelta(minutes=5)  # between the clocks of the host and the server
AGENT = "supervisor-deploy"
REDIRECTS = (301, 302, 303, 307, 308)
MAX_REDIRECTS = 10


def hide_password(url):
    """The URL without a user and a password in it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def origin(url):
    """What a password belongs to: the scheme, the host and the port."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2]


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
            fetched = hashlib.sha256()
            # Its owner can make a file of any length, which is not read then.
            if self._read(response, fetched.update) != info.st_size:
                return False
            return placing.hash_of(descriptor, info.st_size) == fetched.hexdigest()

    def need(self):
        """Nothing is sent by the deployer."""

    def text(self):
        return None

    def copy_to(self, file):
        with self._open(None) as response:
            self._read(response, file.write)

    def _open(self, since):
        """The server's answer, a context; it yields None for `not modified`."""
        url = self._item["source"]
        for _ in range(MAX_REDIRECTS + 1):
            response, location = self._ask(url, since)
            if response is not None:
                return response
            url = urljoin(url, location)
            if urlsplit(url).scheme not in ("http", "https"):
                raise OSError(f"{self._url}: the server sends us on to {hide_password(url)}, which is not http(s)")
        raise OSError(f"{self._url}: the server sends us on more than {MAX_REDIRECTS} times")

    def _ask(self, url, since):
        """(the answer, None), or (None, where the server sends us)"""
        from urllib.error import HTTPError

        from ansible.module_utils.urls import NoSSLError, SSLValidationError, open_url

        item = self._item
        login = {}
        if origin(url) == origin(item["source"]):
            login = {key: item.get(key) for key in ("url_username", "url_password")}
            login["force_basic_auth"] = item.get("force_basic_auth", False)
        try:
            return open_url(url, timeout=TIMEOUT, last_mod_time=since, http_agent=AGENT, decompress=False,
                            follow_redirects="none", validate_certs=item.get("validate_certs", True), **login), None
        except HTTPError as error:
            if error.code == 304:
                return NotModified(), None
            if error.code in REDIRECTS and error.headers.get("Location"):
                return None, error.headers["Location"]
            raise OSError(f"{self._url}: the server answers {error.code} {error.reason}")
        except (SSLValidationError, NoSSLError) as error:
            raise OSError(f"{self._url}: {error}")
        except OSError as error:
            raise OSError(f"{self._url} cannot be fetched: {getattr(error, 'reason', None) or error}")

    def _read(self, response, take):
        """Hands all of an answer on, in chunks; its length. Raises OSError if it is cut short, too long or too slow."""
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
        return received


class NotModified:
    def __enter__(self):
        return None

    def __exit__(self, *_):
        pass
