# SPDX-License-Identifier: MIT
"""Web servers in front of an instance, with the configurations of doc/proxy.md, but ports and paths of a test."""

import os
import re
import subprocess

from processes import end_session
from programs import SOURCE

NAME = "tools.example.org"

NGINX = """daemon off;
error_log stderr;
pid {directory}/nginx.pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
{example}
}}
"""

APACHE = """ServerRoot {directory}
DefaultRuntimeDir {directory}
PidFile {directory}/apache.pid
ErrorLog {directory}/error.log
ServerName localhost
User www-data
Group www-data
Listen 127.0.0.1:{port}
{modules}
{example}
"""
APACHE_MODULES = ("mpm_event", "authz_core", "ssl", "proxy", "proxy_http", "alias")


def documented(language):
    """The block of doc/proxy.md in that language; there must be exactly one."""
    with open(os.path.join(SOURCE, "doc", "proxy.md"), encoding="utf-8") as page:
        blocks = re.findall(rf"```{language}\n(.*?)```", page.read(), re.DOTALL)
    assert len(blocks) == 1, f"doc/proxy.md has {len(blocks)} examples for {language}"
    return blocks[0]


def adapted(example, replacements):
    """The example with other values; each old value must appear exactly once."""
    for old, new in replacements.items():
        assert example.count(old) == 1, f"{old!r} is {example.count(old)} times in the example, not once"
        example = example.replace(old, new)
    return example


class Proxy:
    """nginx or Apache on `port` of the loopback interface, with TLS, before an instance on `upstream`.

    Its files are in `directory`; it ends with the context. `certificate` is the path of the certificate to trust.
    """

    def __init__(self, kind, directory, port, upstream):
        self.port = port
        self.url = f"https://{NAME}:{port}/supervisor/"
        self.certificate = os.path.join(directory, "tools.pem")
        key = os.path.join(directory, "tools.key")
        subprocess.run(["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:prime256v1", "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-days", "2", "-keyout", key,
                        "-out", self.certificate], check=True, capture_output=True)
        places = {"/etc/ssl/certs/tools.pem": self.certificate, "/etc/ssl/private/tools.key": key,
                  "127.0.0.1:9001": f"127.0.0.1:{upstream}"}
        self._output = os.path.join(directory, "proxy.log")
        config = os.path.join(directory, f"{kind}.conf")
        if kind == "nginx":
            example = adapted(documented("nginx"), {**places, "listen 443": f"listen 127.0.0.1:{port}"})
            text = NGINX.format(directory=directory, example=example)
            self._command = ["/usr/sbin/nginx", "-e", "stderr", "-c", config]
        else:
            example = adapted(documented("apache"), {**places, "*:443": f"127.0.0.1:{port}"})
            modules = "\n".join(f"LoadModule {module}_module /usr/lib/apache2/modules/mod_{module}.so"
                                for module in APACHE_MODULES)
            text = APACHE.format(directory=directory, port=port, modules=modules, example=example)
            self._command = ["/usr/sbin/apache2", "-DFOREGROUND", "-f", config]
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        self._process = None

    def __enter__(self):
        with open(self._output, "ab") as output:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                             start_new_session=True)
        return self

    def __exit__(self, *_):
        self._process.kill()  # after SIGTERM Apache would wait for streams that do not end
        self._process.wait()
        end_session(self._process.pid)

    def running(self):
        """Fails with the proxy's output if it has ended."""
        if self._process.poll() is not None:
            with open(self._output, encoding="utf-8") as output:
                raise AssertionError(f"the proxy ended with {self._process.returncode}: {output.read()}")
        return True
