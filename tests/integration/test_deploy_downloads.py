# SPDX-License-Identifier: MIT
"""Files that a host fetches by http: only when they changed, and never half."""

import base64
import email.utils
import http.server
import os
import threading
import time

import pytest

from deploy_host import Host, changed


class Server:
    """Serves `content` at every path; `user:password` if one is set. Notes the requests in `log`."""

    def __init__(self):
        self.content = b"first\n"
        self.modified = time.time() - 86400
        self.password = None
        self.cut = False
        self.tells_length = True
        self.log = []
        self.location = None  # where requests of /moved are sent
        self.credentials = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                since = self.headers.get("If-Modified-Since")
                server.log.append((self.path, since))
                expected = base64.b64encode((server.password or "").encode()).decode()
                server.credentials.append(self.headers.get("Authorization"))
                if self.path == "/none":
                    self.send_error(404)
                elif self.path == "/moved":
                    self.send_response(302)
                    self.send_header("Location", server.location)
                    self.end_headers()
                elif server.password and self.headers.get("Authorization") != f"Basic {expected}":
                    self.send_response(401)
                    self.send_header("WWW-Authenticate", 'Basic realm="x"')
                    self.end_headers()
                elif since and email.utils.parsedate_to_datetime(since).timestamp() >= int(server.modified):
                    self.send_response(304)
                    self.end_headers()
                else:
                    self.send_response(200)
                    if server.tells_length:
                        self.send_header("Content-Length", str(len(server.content) + (1000 if server.cut else 0)))
                    self.end_headers()
                    self.wfile.write(server.content)

            def log_message(self, *_):  # foreign name
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever)
        self._thread.start()

    def stop(self):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


@pytest.fixture
def server(cleanup, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    found = Server()
    cleanup.callback(found.stop)
    return found


def item(server, dest, url=None, **more):
    return {"files": [dict({"at": "app.yml:2:3", "scheme": "http", "source": url or f"{server.url}/x.jar", "dest": dest,
                            "owner": "root", "group": "root", "mode": "0644"}, **more)]}


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_a_file_is_fetched_once(server, work_dir):
    items = item(server, f"{work_dir}/f")
    assert changed(Host().run("files", items)) == [f"Download '{server.url}/x.jar' to '{work_dir}/f'"]
    assert read(f"{work_dir}/f") == "first\n" and len(server.log) == 1
    assert changed(Host().run("files", items)) == []
    assert all(since for _, since in server.log[1:])


def test_a_changed_file_is_fetched(server, work_dir):
    items = item(server, f"{work_dir}/f")
    Host().run("files", items)
    for text in (b"other\n", b"a longer one\n"):
        server.content, server.modified = text, time.time() + 86400
        assert len(changed(Host().run("files", items))) == 1 and read(f"{work_dir}/f") == text.decode()
        assert changed(Host().run("files", items)) == []


def test_a_password_is_sent_and_not_shown(server, work_dir):
    server.password = "me:secret"
    items = item(server, f"{work_dir}/f", url_username="me", url_password="secret")
    assert "secret" not in str(Host().run("files", items)) and read(f"{work_dir}/f") == "first\n"
    forced = item(server, f"{work_dir}/g", url_username="me", url_password="secret", force_basic_auth=True)
    count = len(server.log)
    Host().run("files", forced)
    assert len(server.log) == count + 1
    url = server.url.replace("//", "//me:wrong@")
    message = failure(item(server, f"{work_dir}/h", url=f"{url}/x"))
    assert "wrong" not in message and f"{server.url}/x: the server answers 401" in message


def test_a_password_stays_with_its_server(server, work_dir):
    """A server can send us elsewhere, but not our password."""
    login = {"url_username": "me", "url_password": "secret", "force_basic_auth": True}
    server.location = "/x.jar"
    Host().run("files", item(server, f"{work_dir}/f", url=f"{server.url}/moved", **login))
    assert read(f"{work_dir}/f") == "first\n" and all(server.credentials)
    server.location, server.credentials = server.url.replace("127.0.0.1", "localhost") + "/x.jar", []
    Host().run("files", item(server, f"{work_dir}/g", url=f"{server.url}/moved", **login))
    assert read(f"{work_dir}/g") == "first\n"
    assert len(server.credentials) == 2 and server.credentials[0] and not server.credentials[1]


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1:1/x", "/moved"])
def test_where_a_server_cannot_send_us(server, work_dir, location):
    server.location = location
    message = failure(item(server, f"{work_dir}/f", url=f"{server.url}/moved"))
    assert f"{server.url}/moved: the server sends us on" in message and os.listdir(work_dir) == []


def test_a_file_that_its_owner_made_endless_is_replaced(server, work_dir):
    """Without an end it cannot be the server's: it is not read."""
    with open(f"{work_dir}/f", "wb") as file:
        file.truncate(1 << 42)
    os.utime(f"{work_dir}/f", (1, 1))
    server.tells_length = False
    assert len(changed(Host().run("files", item(server, f"{work_dir}/f")))) == 1 and read(f"{work_dir}/f") == "first\n"


def failure(items):
    result = Host().call("files", items)
    assert result["failed"]
    return result["msg"]


def test_failures_name_the_url_and_leave_nothing(server, work_dir):
    assert failure(item(server, f"{work_dir}/f", url=f"{server.url}/none")) == (
        f"Download '{server.url}/none' to '{work_dir}/f': {server.url}/none: the server answers 404 Not Found "
        "(app.yml:2:3)")
    server.cut = True
    assert "the connection ended after 6 of 1006 bytes" in failure(item(server, f"{work_dir}/f"))
    nobody = "http://127.0.0.1:1/x"
    assert f"{nobody} cannot be fetched: " in failure(item(server, f"{work_dir}/f", url=nobody))
    assert os.listdir(work_dir) == []


def test_a_download_is_validated(server, work_dir):
    assert "validate: grep refuses the new file" in failure(item(server, f"{work_dir}/f", validate="grep second %s"))
    assert os.listdir(work_dir) == []
