# SPDX-License-Identifier: MIT
"""The contents of a host's files on the deployer: templates are rendered, and everything is known by its hash."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

import base64
import hashlib
import json
import os
import re
import secrets

import jinja2

from ansible.errors import AnsibleError
from ansible.module_utils.common.text.converters import to_text
from ansible.template import AnsibleEnvironment, generate_ansible_template_vars
from ansible.utils.unsafe_proxy import wrap_var

INLINE = 1 << 20  # longer contents go as files
SHOWN_IN_DIFF = 64 << 10
ALL_SHOWN = 4 << 20
MAX_TEMPLATE = 16 << 20
CHUNK = 1 << 20
WORTH_REMEMBERING = 1 << 20
PLAIN = re.compile(r"[A-Za-z0-9_./:@,=+ -]*\Z")  # means nothing to Jinja2, in or out of an expression


class BadItem(Exception):
    """An item cannot be sent; the text names it, its place and the reason."""


def bad_item(item, reason):
    for key in ("login", "path", "dest", "dest_folder", "name", "src"):
        if key in item:
            return BadItem(f"'{item[key]}': {reason} ({item.get('at', 'the plan')})")
    return BadItem(f"{reason} ({item.get('at', 'the plan')})")


def reason_of(error):
    """Why a template cannot be evaluated, without its text, which can have passwords in it."""
    return to_text(error).partition(". String: ")[0]


class Placeholders:
    """Replace texts that must not be evaluated as templates: an attribute can come from a fact, and a host must not
    choose what runs on the deployer.
    """

    def __init__(self):
        self._key = f"v{secrets.token_hex(16)}n"  # not to be guessed by a host
        self._texts = []

    def hide(self, value):
        """The value as text, or its placeholder."""
        text = str(value)
        if PLAIN.match(text):
            return text
        self._texts.append(text)
        return f"{self._key}{len(self._texts) - 1}e"

    def show(self, text):
        """The text with all placeholders replaced by their texts."""
        return re.sub(f"{self._key}([0-9]+)e", lambda found: self._texts[int(found.group(1))], text)


class Contents:
    """Describes contents ({sha256, size}, is_secret if they were encrypted) and remembers where they are: bytes, or a
    path of the deployer.

    Hashes of long files are kept in `folder`, for other hosts and tasks of the same run.
    """

    def __init__(self, templar, loader, task_vars, folder):
        self._templar = templar
        self._loader = loader
        self._task_vars = task_vars
        self._folder = folder
        self._places = {}
        self._secret = set()

    def of_file(self, item, path):
        """A file as it is; an encrypted one (vault) is decrypted."""
        try:
            real, is_encrypted = self._real_file(path)
            info = os.stat(real)
            digest = self._hash(real, info)
        except (OSError, AnsibleError) as error:
            raise bad_item(item, f"{path}: {getattr(error, 'strerror', None) or to_text(error)}")
        self._places[digest] = ("path", real, info.st_size)
        return self._described(digest, is_encrypted)

    def of_bytes(self, data, is_secret=False):
        digest = hashlib.sha256(data).hexdigest()
        self._places[digest] = ("bytes", data, len(data))
        return self._described(digest, is_secret)

    def _described(self, digest, is_secret):
        described = {"sha256": digest, "size": self.size(digest)}
        if is_secret:
            self._secret.add(digest)
            described["is_secret"] = True
        return described

    def _real_file(self, path):
        """(a file that can be read, whether that is decrypted)"""
        real = self._loader.get_real_file(path)
        return real, real != self._loader.path_dwim(path)

    def of_template(self, item, path, dest):
        """A template, rendered as ansible.builtin.template does."""
        text, is_encrypted = self._read(item, path)
        return self.of_bytes(self._render(item, path, dest, text).encode("utf-8"), is_encrypted)

    def of_conf_file(self, item, path, dest):
        """conf_file_src: first {{{ }}} with the item's attributes, then {{ }} with Ansible's variables."""
        attributes = Placeholders()
        environment = jinja2.Environment(
            variable_start_string="{{{", variable_end_string="}}}", block_start_string="{{%", block_end_string="%}}",
            comment_start_string="{{#", comment_end_string="#}}", trim_blocks=True, keep_trailing_newline=True,
            undefined=jinja2.StrictUndefined, finalize=attributes.hide)
        text, is_encrypted = self._read(item, path)
        try:
            text = environment.from_string(text).render(item)
        except jinja2.TemplateError as error:
            line = getattr(error, "lineno", None)
            raise bad_item(item, f"{path}{':' + str(line) if line else ''}: {error}")
        return self.of_bytes(attributes.show(self._render(item, path, dest, text)).encode("utf-8"), is_encrypted)

    def _read(self, item, path):
        try:
            real, is_encrypted = self._real_file(path)
            with open(real, "rb") as file:
                data = file.read(MAX_TEMPLATE + 1)
            if len(data) > MAX_TEMPLATE:
                raise bad_item(item, f"{path}: a template has at most {MAX_TEMPLATE} bytes; use file://")
            return data.decode("utf-8"), is_encrypted
        except UnicodeDecodeError:
            raise bad_item(item, f"{path}: a template is a text in UTF-8; use file://")
        except (OSError, AnsibleError) as error:
            raise bad_item(item, f"{path}: {getattr(error, 'strerror', None) or to_text(error)}")

    def _render(self, item, path, dest, text):
        folder = os.path.dirname(path)
        variables = self._task_vars.copy()
        variables.update(generate_ansible_template_vars(path, path, wrap_var(dest)))
        templar = self._templar.copy_with_new_env(
            environment_class=AnsibleEnvironment, trim_blocks=True, available_variables=variables,
            searchpath=[folder, os.path.join(folder, "templates")])
        try:
            rendered = templar.do_template(text, preserve_trailing_newlines=True, escape_backslashes=False)
        except Exception as error:  # whatever a filter raises
            raise bad_item(item, f"{path}: {reason_of(error)}")
        return to_text(rendered)

    def _hash(self, path, info):
        key = [path, info.st_size, info.st_mtime_ns, info.st_ino]
        memory = os.path.join(self._folder, "hash-" + hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32])
        if info.st_size >= WORTH_REMEMBERING and os.path.exists(memory):
            with open(memory, encoding="ascii") as file:
                return file.read()
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            for chunk in iter(lambda: file.read(CHUNK), b""):
                digest.update(chunk)
        if info.st_size >= WORTH_REMEMBERING:
            self._remember(memory, digest.hexdigest())
        return digest.hexdigest()

    @staticmethod
    def _remember(memory, text):
        temporary = f"{memory}.{os.getpid()}"
        with open(temporary, "w", encoding="ascii") as file:
            file.write(text)
        os.rename(temporary, memory)

    def size(self, sha256):
        return self._places[sha256][2] if sha256 in self._places else None

    def data(self, sha256):
        kind, place, _ = self._places[sha256]
        if kind == "bytes":
            return place
        with open(place, "rb") as file:
            return file.read()

    def path(self, sha256):
        """The path of a content that is a file of the deployer, or None."""
        kind, place, _ = self._places[sha256]
        return place if kind == "path" else None

    def inline(self, sha256):
        return {"base64": base64.b64encode(self.data(sha256)).decode("ascii")}

    def for_diff(self):
        """Short texts, so that a comparison can show what differs."""
        found, total = {}, 0
        for sha256, (_, _, size) in self._places.items():
            if sha256 not in self._secret and size <= SHOWN_IN_DIFF and total + size <= ALL_SHOWN:
                found[sha256] = self.inline(sha256)
                total += size
        return found
