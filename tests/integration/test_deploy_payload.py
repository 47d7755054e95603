# SPDX-License-Identifier: MIT
"""The archive of the module that hosts run: made once, used as long as its sources are the same, and by nobody else."""

import base64
import errno
import io
import json
import os
import shutil
import subprocess
import tempfile
import zipfile

import pytest

from deploy_host import COLLECTION, load_ansible
from deploy_site import Site
from programs import PYTHON

load_ansible()

from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils import payload as module  # noqa: E402

MODULE_UTILS = "collections/ansible_collections/supervisor_manager/supervisor/plugins/module_utils"


class PayloadSite(Site):
    """A site with its own copy of the collection, in which a test may change sources."""

    def __init__(self, folder):
        super().__init__(folder)
        self.collection = self.path("collections/ansible_collections/supervisor_manager/supervisor")
        os.remove(self.collection)
        shutil.copytree(COLLECTION, self.collection, ignore=shutil.ignore_patterns("__pycache__"))
        self.kept = self.path("home/supervisor-deploy/deploy.payload")
        self.plan({"folders": [{"at": "app.yml:1:3", "path": self.path("dest"), "owner": "root", "group": "root",
                                "mode": "0755"}]})

    def is_made(self, **environment):
        """Runs; whether Ansible made the archive in this run, as it does without us."""
        finished = self.run(ANSIBLE_DEBUG="1", **environment)
        assert finished.returncode == 0, finished.stdout
        made, used = (f"ANSIBALLZ: {what}" in finished.stdout for what in ("Creating module", "using cached module"))
        assert made or used
        return made

    def gives(self):
        """Whether the next run would be given the archive: what give() says, and what it leaves where Ansible looks."""
        tmp = tempfile.mkdtemp(dir=self.folder)
        given = module.Payload(f"{self.collection}/plugins/modules/deploy.py", tmp).give()
        assert given == any(files for _, _, files in os.walk(tmp))
        return given


@pytest.fixture
def site(work_dir, monkeypatch):
    made = PayloadSite(work_dir)
    monkeypatch.setattr(module.C, "ANSIBLE_HOME", made.path("home"))
    assert made.is_made() and os.stat(made.kept).st_mode & 0o777 == 0o600 and made.gives()
    return made


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def test_the_next_run_uses_the_kept_archive(site):
    before = os.stat(site.kept).st_ino
    assert not site.is_made()
    assert os.stat(site.kept).st_ino == before and os.listdir(os.path.dirname(site.kept)) == ["deploy.payload"]


def test_changed_sources_make_a_new_archive(site):
    before = read(site.kept)
    for name in ("modules/deploy.py", "module_utils/stages.py"):
        path = f"{site.collection}/plugins/{name}"
        text, info = read(path), os.stat(path)
        write(path, text.replace(b"stages", b"Stages", 1))
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))  # neither the size nor the time tells
        assert os.stat(path).st_size == info.st_size and not site.gives()
        if name.startswith("modules/"):
            write(path, text)
            assert site.gives()
    assert site.is_made() and read(site.kept) != before and site.gives()


def test_a_source_that_is_gone_is_a_change(site):
    head, archive = read(site.kept).split(b"\n", 1)
    told = json.loads(head)
    told["names"].append(f"{module.PLUGINS}module_utils/gone.py")
    write(site.kept, json.dumps(told).encode() + b"\n" + archive)
    assert not site.gives()


def test_a_damaged_archive_is_made_again(site):
    data = read(site.kept)
    for damaged in (data[:-4], data[:-4] + b"BBBB", b"", b"[]\n", b"{}\n", b"\xff\n" + data, b'{"names": [1]}\n',
                    b"[" * 100_000):
        write(site.kept, damaged)
        assert not site.gives()
    assert site.is_made() and site.gives()


def test_what_others_can_write_is_not_used(site):
    folder = os.path.dirname(site.kept)
    for path, mode in ((folder, 0o770), (folder, 0o707), (site.kept, 0o602), (site.kept, 0o620)):
        before = os.stat(path).st_mode & 0o777
        os.chmod(path, mode)
        assert not site.gives()
        os.chmod(path, before)
        assert site.gives()
    for path in (folder, site.kept):
        os.chown(path, 1, 1)
        assert not site.gives()
        os.chown(path, 0, 0)
        os.rename(path, f"{path}-other")
        os.symlink(f"{path}-other", path)
        assert not site.gives()
        os.remove(path)
        os.rename(f"{path}-other", path)
    assert site.gives()


def test_module_utils_of_the_user_are_seen(site):
    """They may replace those of Ansible, in a run with another configuration."""
    replacing, before = site.path("utils"), read(site.kept)
    assert not site.is_made(ANSIBLE_MODULE_UTILS=replacing)
    os.mkdir(replacing)
    assert site.is_made(ANSIBLE_MODULE_UTILS=replacing) and read(site.kept) == before


def test_a_folder_that_cannot_be_made_is_only_slow(work_dir):
    site = PayloadSite(work_dir)
    site.write("home/supervisor-deploy", "a file")
    assert site.is_made() and site.is_made()


def full_disk(*_arguments, **_more):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def as_ansible_makes_it(kept):
    """The archive without what we have added to it."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(read(kept).partition(b"\n")[2]))) as archive:
        with zipfile.ZipFile(output, "w") as made:
            for name in archive.namelist():
                if name.endswith(".py"):
                    made.writestr(name, archive.read(name))
    return base64.b64encode(output.getvalue())


def test_a_full_disk_leaves_nothing_behind(site, monkeypatch):
    """Ansible makes its own archive, which is smaller, or reports the full disk itself."""
    payload = module.Payload(f"{site.collection}/plugins/modules/deploy.py", site.path("tmp"))
    assert payload.give()
    with monkeypatch.context() as full:
        full.setattr(os, "rename", full_disk)
        os.remove(payload._made)
        assert not payload.give() and os.listdir(os.path.dirname(payload._made)) == []

    write(payload._made, as_ansible_makes_it(site.kept))
    os.remove(site.kept)
    with monkeypatch.context() as full:
        full.setattr(os, "rename", full_disk)
        payload.keep()
        assert os.listdir(os.path.dirname(site.kept)) == []
    payload.keep()
    assert site.gives() and os.listdir(os.path.dirname(site.kept)) == ["deploy.payload"]


def test_what_is_not_an_archive_is_not_kept(work_dir, monkeypatch):
    """Another version of Ansible may make something else."""
    monkeypatch.setattr(module.C, "ANSIBLE_HOME", work_dir)
    made = module.Payload(os.path.join(COLLECTION, "plugins/modules/deploy.py"), work_dir)
    os.mkdir(os.path.dirname(made._made))
    for text in (b"", b"?", b"UEsDBA=="):
        write(made._made, text)
        made.keep()
        assert os.listdir(os.path.join(work_dir, "supervisor-deploy")) == []


@pytest.mark.parametrize("magic", [None, b"\x00\x01\r\n"])
def test_another_python_takes_the_sources(work_dir, monkeypatch, magic):
    if magic:
        monkeypatch.setattr(module.importlib.util, "MAGIC_NUMBER", magic)
    name = f"{module.PLUGINS}module_utils/one.py"
    files = {f"{'/'.join(name.split('/')[:depth])}/__init__.py": b"" for depth in range(1, 6)}
    files[name] = b"print(__file__)\n"
    path = os.path.join(work_dir, "payload.zip")
    with open(path, "wb") as file:
        file.write(module.compiled(files))
    imported = name[:-len(".py")].replace("/", ".")
    code = f"import sys; sys.path.insert(0, {path!r}); import {imported}"
    printed = subprocess.run([PYTHON, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    assert printed == f"{path}/{name}{'' if magic else 'c'}"
