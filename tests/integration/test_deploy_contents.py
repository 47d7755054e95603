# SPDX-License-Identifier: MIT
"""What the deployer makes of a plan for one host: evaluated items, and contents known by their hashes."""

import base64
import hashlib
import json
import os
from types import SimpleNamespace

import pytest

from deploy_host import load_ansible

load_ansible()

from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.parsing.vault import VaultLib, VaultSecret  # noqa: E402
from ansible.template import Templar  # noqa: E402
from ansible_collections.supervisor_manager.supervisor.plugins.action.deploy import ActionModule  # noqa: E402
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils import contents as module  # noqa: E402
from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils import items as host_items  # noqa: E402

CONF = """; {{{ name }}} of {{{user}}}
{{% if http_server is defined %}}
port={{{ http_server.endpoint }}}
{{% if http_server.password is defined %}}
password={{{ http_server.password }}}
{{% endif %}}
{{% endif %}}
{{# not seen #}}
size={{ size }}
"""


@pytest.fixture
def loader():
    return DataLoader()


@pytest.fixture
def contents(work_dir, loader):
    variables = {"size": "50MB", "inventory_hostname": "en1", "tricky": "{{ size }}"}
    return module.Contents(Templar(loader=loader, variables=variables), loader, variables, work_dir)


@pytest.fixture
def templar(loader):
    return Templar(loader=loader, variables={"size": "50MB", "port": 8080, "numbers": [1, 2]})


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def text_of(contents, described):
    data = contents.data(described["sha256"])
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (described["sha256"], described["size"])
    return data.decode()


def test_a_host_gets_its_items_with_expressions_evaluated(templar):
    plan = {"items": {"users": [{"hosts": ["en1"], "login": "a", "comment": "{{ port }}", "keep": "{# no #}"},
                                {"hosts": ["en2"], "login": "b"}],
                      "groups": [{"hosts": ["en2"], "name": "g"}],
                      "supervisor_programs": [{"hosts": ["en1"], "name": "p", "environment": ["A={{ numbers }}"],
                                               "startsecs": 1, "http": {"endpoint": "0.0.0.0:{{ port }}"}}]}}
    assert host_items.of_host(plan, "en1", templar) == {
        "users": [{"login": "a", "comment": "8080", "keep": "{# no #}"}],
        "supervisor_programs": [{"name": "p", "environment": ["A=[1, 2]"], "startsecs": 1,
                                 "http": {"endpoint": "0.0.0.0:8080"}}]}
    with pytest.raises(module.BadItem, match=r"^'a': 'nothing' is undefined.*\(app.yml:5:3\)$"):
        host_items.of_host({"items": {"users": [{"hosts": ["en1"], "login": "a", "at": "app.yml:5:3",
                                                 "comment": "{{ nothing }}"}]}}, "en1", templar)


def test_a_configuration_is_rendered_in_two_steps(contents, work_dir):
    path = write(f"{work_dir}/conf", CONF)
    item = {"name": "tsupv", "user": "tsup", "http_server": {"endpoint": "0.0.0.0:9001"}, "conf_file_source": path}
    host_items.describe_files({"supervisors": [item]}, ["instances"], contents, False)
    assert text_of(contents, item) == "; tsupv of tsup\nport=0.0.0.0:9001\nsize=50MB\n"
    item = {"name": "tsupv", "user": "tsup", "conf_file_source": path}
    host_items.describe_files({"supervisors": [item]}, ["instances"], contents, False)
    assert text_of(contents, item) == "; tsupv of tsup\nsize=50MB\n"
    wrong = {"name": "s", "at": "app.yml:8:3", "conf_file_source": write(f"{work_dir}/wrong", "\n{{% if %}}\n")}
    with pytest.raises(module.BadItem, match=r"'s': .*/wrong:2: .*\(app.yml:8:3\)$"):
        host_items.describe_files({"supervisors": [wrong]}, ["instances"], contents, False)


def test_a_tree_is_its_folders_and_files(contents, work_dir):
    write(f"{work_dir}/tree/a", "{{ size }}")
    write(f"{work_dir}/tree/in/b", "2")
    item = {"scheme": "tmpl", "source": f"{work_dir}/tree", "dest_folder": "/opt/x"}
    host_items.describe_files({"trees": [item]}, ["files"], contents, False)
    assert item["folders"] == ["in"] and [entry["path"] for entry in item["entries"]] == ["a", "in/b"]
    assert text_of(contents, item["entries"][0]) == "50MB"
    names = dict(item, entries=None)
    host_items.describe_files({"trees": [names]}, ["files"], contents, True)
    assert names["entries"] == [{"path": "a"}, {"path": "in/b"}]
    os.symlink("in", f"{work_dir}/tree/link")
    with pytest.raises(module.BadItem, match="cannot hold a symbolic link to a folder"):
        host_items.describe_files({"trees": [item]}, ["files"], contents, False)


def test_stages_describe_only_their_files(contents):
    item = {"scheme": "file", "source": "/does/not/exist", "dest": "/x"}
    host_items.describe_files({"files": [item]}, ["accounts", "programs"], contents, False)
    assert "sha256" not in item
    with pytest.raises(module.BadItem, match="/does/not/exist"):
        host_items.describe_files({"files": [item]}, ["files"], contents, False)


def test_a_long_file_is_hashed_once_in_a_run(contents, loader, work_dir):
    path = write(f"{work_dir}/src/long", "x" * (module.WORTH_REMEMBERING + 1))
    described = contents.of_file({}, path)
    memory = [name for name in os.listdir(work_dir) if name.startswith("hash-")]
    write(f"{work_dir}/{memory[0]}", "0" * 64)
    other = module.Contents(None, loader, {}, work_dir)
    assert len(memory) == 1 and other.of_file({}, path)["sha256"] == "0" * 64
    os.utime(path, (1, 1))
    assert other.of_file({}, path) == described


def test_an_encrypted_file_is_decrypted(contents, loader, work_dir):
    secrets = [("default", VaultSecret(b"password"))]
    path = f"{work_dir}/secret"
    with open(path, "wb") as file:
        file.write(VaultLib(secrets).encrypt(b"clear\n"))
    with pytest.raises(module.BadItem, match=r"'/x': .*secret.*\(app.yml:2:3\)"):
        contents.of_file({"dest": "/x", "at": "app.yml:2:3"}, path)
    loader.set_vault_secrets(secrets)
    described = contents.of_file({}, path)
    assert described.pop("is_secret") and text_of(contents, described) == "clear\n"
    assert contents.of_template({}, path, "/x")["is_secret"] and contents.for_diff() == {}
    loader.cleanup_all_tmp_files()


def test_short_contents_are_sent_for_a_diff(contents, work_dir):
    short = contents.of_file({}, write(f"{work_dir}/short", "1"))
    contents.of_file({}, write(f"{work_dir}/long", "x" * (module.SHOWN_IN_DIFF + 1)))
    assert contents.for_diff() == {short["sha256"]: {"base64": base64.b64encode(b"1").decode()}}


def test_a_value_is_no_template_of_its_own(contents, work_dir):
    """Ansible evaluates variables in variables; the text that comes out is not evaluated again."""
    path = write(f"{work_dir}/t", "{{ tricky }} {{ '{{' }} size {{ '}}' }}\n\n")
    assert text_of(contents, contents.of_template({}, path, "/x")) == "50MB {{ size }}\n\n"


@pytest.mark.parametrize("comment", [
    "{{ 'evaluated' | upper }}", "{% if true %}EVALUATED{% endif %}", "{# gone #}", "' ~ ('evaluated' | upper) ~ '"])
def test_an_attribute_in_a_configuration_is_no_template(contents, work_dir, comment):
    """Its value can be a fact, which the host chose: the deployer must not evaluate what a host says."""
    path = write(f"{work_dir}/conf", "size={{ size }}\n;{{{ comment }}}\n;{{ '{{{ comment }}}' }}\n;{{{ list }}}\n")
    item = {"name": "s", "comment": comment, "list": [1, comment], "conf_file_source": path}
    host_items.describe_files({"supervisors": [item]}, ["instances"], contents, False)
    assert text_of(contents, item) == f"size=50MB\n;{comment}\n;{comment}\n;{[1, comment]}\n"


def test_parts_of_attributes_do_not_make_a_template(contents, work_dir):
    path = write(f"{work_dir}/conf", "{{{ a }}}{{{ a }}} 'evaluated' | upper {{{ b }}}{{{ b }}} {{{ a }}}{ size }}")
    item = {"name": "s", "a": "{", "b": "}", "conf_file_source": path}
    host_items.describe_files({"supervisors": [item]}, ["instances"], contents, False)
    assert text_of(contents, item) == "{{ 'evaluated' | upper }} {{ size }}"


def test_a_destination_is_no_template(contents, work_dir):
    path = write(f"{work_dir}/t", "{{ template_destpath }}")
    assert text_of(contents, contents.of_template({}, path, "/x/{{ size }}")) == "/x/{{ size }}"


def test_a_mistake_does_not_show_the_whole_text(contents, templar, work_dir):
    path = write(f"{work_dir}/conf", "password={{{ password }}}\n{{ size | }}\n")
    item = {"name": "s", "password": "Wei-Qu0raesh", "conf_file_source": path}
    with pytest.raises(module.BadItem, match="template error") as mistake:
        host_items.describe_files({"supervisors": [item]}, ["instances"], contents, False)
    assert "Wei-Qu0raesh" not in str(mistake.value)
    plan = {"items": {"supervisors": [{"hosts": ["en1"], "name": "s", "password": "Wei-Qu0raesh{{ size"}]}}
    with pytest.raises(module.BadItem, match="template error") as mistake:
        host_items.of_host(plan, "en1", templar)
    assert "Wei-Qu0raesh" not in str(mistake.value)


def test_a_binary_template_is_refused(contents, work_dir):
    with open(f"{work_dir}/t", "wb") as file:
        file.write(b"\xff\xfe")
    with pytest.raises(module.BadItem, match="is a text in UTF-8; use file://"):
        contents.of_template({"dest": "/x"}, f"{work_dir}/t", "/x")


class Action(ActionModule):
    """The action plugin without a connection: what it transfers is in `sent`, the module's arguments are its result."""

    def __init__(self, templar, loader, args):
        self._task = SimpleNamespace(args=args, check_mode=False, diff=False)
        self._templar, self._loader = templar, loader
        self._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir="/remote", join_path=os.path.join))
        self.sent = []

    def _transfer_file(self, local_path, remote_path):
        self.sent.append((local_path, remote_path))

    def _fixup_perms2(self, remote_paths, remote_user=None, execute=True):
        pass

    def _execute_module(self, module_name=None, module_args=None, tmp=None, task_vars=None, persist_files=False,
                        delete_remote_tmp=None, wrap_async=False):
        return module_args

    def prepared(self):
        arguments, contents, packages = self._prepare({"inventory_hostname": "en1"}, False)
        return self._call(arguments, contents, packages, {})


@pytest.mark.parametrize("stages, wants, sent", [
    (["instances"], True, True), (["instances"], False, False), (["programs"], True, False)])
def test_packages_go_only_where_they_are_wanted(templar, loader, work_dir, stages, wants, sent):
    plan = {"version": 1, "action": "deploy", "items": {}, "packages": ["/src/a.deb"], "prune": True,
            "hosts": {"en1": {"privileged": False}}}
    args = {"plan": write(f"{work_dir}/plan.json", json.dumps(plan)), "stages": stages,
            "before": {"wants_packages": wants, "changed_paths": ["/f"], "steps": ["not sent"]}}
    action = Action(templar, loader, args)
    arguments = action.prepared()
    assert action.sent == ([("/src/a.deb", "/remote/a.deb")] if sent else [])
    assert arguments["options"] == {"purge": False, "prune": True, "diff": False, "privileged": False,
                                    "packages": ["/remote/a.deb"] if sent else []}
    assert arguments["before"] == {"changed_paths": ["/f"]} and arguments["compare"] is False
