# SPDX-License-Identifier: MIT
"""The sections that the examples do not use, together: groups, sudo, trees, units, downloads, playbooks, scopes."""

import os

from application import assert_unchanged
from waiting import wait_for

HOSTS = """
hosts:
- { name: en1, ssh_host: en1.mycluster.com }
- { name: en3, ssh_host: en3.mycluster.com }
host_overrides:
- { name: "*", ssh_user: root, ssh_private_key_file: keys/root_id }
host_groups:
- { name: edge, hosts: [en1] }
- { name: everywhere, groups: [edge], hosts: [en3] }
vars:
  place: /opt/site
  on_edge: { port: 8000 }
"""
SECTIONS = """
include: hosts.yml
local_files_folders: [ files ]
local_templates_folders: [ templates ]
playbooks_folders: [ playbooks ]
groups:
- { name: web, system: yes }
users:
- { login: tsup, comment: "The shop's account", groups: web, can_sudo_to: root }
- { login: nobody, managed: no }
folders:
- { scope: everywhere, path: "${place}", owner: tsup, group: web, mode: 0750 }
- { scope: edge, path: /opt/kept, owner: root, group: root, mode: 0755, no_remove: yes }
- { scope: edge, path: /opt/never, owner: root, group: root, mode: 0755, when: no }
files:
- { scope: edge, src: "http://127.0.0.1:<<on_edge.port>>/page", dest_folder: "${place}", owner: tsup, group: web,
    mode: 0640 }
- { scope: everywhere, src: "tmpl://ticker.conf", dest_folder: "${place}", owner: root, group: root, mode: 0644,
    notify: systemd://ticker }
trees:
- { scope: en3, src: "file://tree", dest_folder: "${place}/tree", owner: tsup, group: web, file_mode: 0644,
    folder_mode: 0755 }
systemd_units:
- { name: ticker, scope: everywhere, unit_file: "file://ticker.service", state: started }
ansible_playbooks:
- { for_action: deploy, priority: 9000, playbook_file: after.yml }
"""
FILES = {
    "hosts.yml": HOSTS,
    "app.yml": SECTIONS,
    "templates/ticker.conf": "host={{ inventory_hostname }} place={{ place }} shell=${HOME}\n",
    "files/ticker.service": "[Service]\nExecStart=/bin/sleep 100000\n[Install]\nWantedBy=multi-user.target\n",
    "files/tree/a/b": "a file\n",
    "files/tree/c": "another\n",
    "playbooks/after.yml": "- hosts: edge\n  gather_facts: false\n  tasks:\n  - name: Leave a mark\n"
                           "    copy: { content: done, dest: /opt/mark }\n",
}

PAGE = "Download 'http://127.0.0.1:8000/page' to '/opt/site/page'"


def write(deployment):
    for name, text in FILES.items():
        os.makedirs(os.path.dirname(deployment.path(name)), exist_ok=True)
        deployment.write(name, text)


def rights(host, path):
    return host.run("stat", "-c", "%U:%G %a", path).stdout.strip()


def unit_pid(host):
    return host.run("systemctl", "show", "--property=MainPID", "--value", "ticker").stdout.strip()


def test_every_section(deployer, hosts):
    one, three = hosts["en1"], hosts["en3"]
    one.write("/srv/pages/page", "a page\n")
    one.run("systemd-run", "--unit=pages", "python3", "-m", "http.server", "8000", "--bind", "127.0.0.1",
            "--directory", "/srv/pages")
    try:
        wait_for(lambda: ":1F40 " in one.run("cat", "/proc/net/tcp").stdout, "the server to listen")
        deployment = deployer("simple")
        write(deployment)
        walk(deployment, one, three)
    finally:
        one.run("systemctl", "stop", "pages.service")
        one.run("rm", "-rf", "/opt/kept", "/opt/mark")


def walk(deployment, one, three):
    command = "hadeploy --src app.yml --action "
    output = deployment.run(f"{command}deploy")
    assert "Setup folder '/opt/never'" not in output.results
    assert rights(one, "/opt/site") == rights(three, "/opt/site") == "tsup:web 750"
    assert rights(one, "/opt/site/page") == "tsup:web 640" and one.run("cat", "/opt/site/page").stdout == "a page\n"
    assert three.run("sh", "-c", "ls -d /opt/site/page /opt/kept", check=False).stdout == ""
    assert three.run("cat", "/opt/site/ticker.conf").stdout == "host=en3 place=/opt/site shell=${HOME}\n"
    assert three.run("sh", "-c", "cd /opt/site/tree && find . -type f | sort").stdout == "./a/b\n./c\n"
    assert rights(three, "/opt/site/tree/a") == "tsup:web 755" and rights(three, "/opt/site/tree/a/b") == "tsup:web 644"
    assert one.run("sudo", "-n", "id", "-u", user="tsup").stdout == "0\n"
    assert "tsup" in one.run("getent", "group", "web").stdout
    assert one.run("cat", "/opt/mark").stdout == "done"
    assert three.run("test", "-e", "/opt/mark", check=False).returncode == 1
    assert one.run("systemctl", "is-active", "ticker").stdout == "active\n"
    again = deployment.run(f"{command}deploy")
    assert again.changed("en1") == again.changed("en3") == [], again

    before = unit_pid(one), unit_pid(three)
    deployment.replace("templates/ticker.conf", "host=", "name=")
    output = deployment.run(f"{command}deploy --limit en1")
    copy = "Copy template file 'ticker.conf' to '/opt/site/ticker.conf'"
    assert output.changed("en1") == [copy, "Restart ticker service"] and "en3" not in output.recap, str(output)
    assert unit_pid(one) != before[0] and unit_pid(three) == before[1]
    output = deployment.run(f"{command}deploy --scope edge")  # items whose scope is this text
    assert set(output.results) == {"Setup folder '/opt/kept'", PAGE}, str(output)
    output = deployment.run(f"{command}deploy --noScope files")
    assert copy not in output.results and output.changed("en3") == [], str(output)

    # What is not ours stays, and with it the folder.
    three.write("/opt/site/strange", "by somebody else\n")
    deployment.run(f"{command}remove")
    assert three.run("sh", "-c", "ls -d /opt/site /opt/site/*").stdout == "/opt/site\n/opt/site/strange\n"
    assert one.run("ls", "/opt").stdout == "kept\nmark\n"
    for host in (one, three):
        assert host.run("systemctl", "is-active", "ticker", check=False).stdout == "inactive\n"
        left = host.run("sh", "-c", "getent passwd tsup nobody; getent group web; ls /etc/sudoers.d/tsup", check=False)
        assert left.stdout.startswith("nobody:") and left.stdout.count("\n") == 1
    assert_unchanged(deployment.run(f"{command}remove"), "en1", "en3")
