# SPDX-License-Identifier: MIT
"""The costs of a deployment that finds nothing to change: {figure: value}. Needs root, for the hosts (tests/deploy)."""

import os
import resource
import shutil
import statistics
import time

from bed import Bed
from bed_deployment import Deployment

HOSTS = (("one host", " --limit en1"), ("two hosts", " --limit en1,en2"), ("three hosts", ""))
HERE = os.path.dirname(os.path.abspath(__file__))
COMMAND = "hadeploy --src app.yml --action deploy"
HOST = "- {{ name: {0}, ssh_host: {0}.mycluster.com, ssh_user: root, ssh_private_key_file: keys/root_id }}\n"


def _processor_time():
    """Seconds of all processes that have ended, on the deployer and, through their sshd, on the hosts."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _end_connections(hosts):
    for host in hosts:
        host.door.close()
        host.door.open()


def _repeated(bed, deployment, runs, command, **environment):
    """(wall, processor seconds) of a run; the first one, which deploys, does not count."""
    deployment.run(command, **environment)
    _end_connections(bed.hosts.values())
    before = _processor_time()
    walls = []
    for _ in range(runs):
        start = time.monotonic()
        output = deployment.run(command, **environment)
        walls.append(time.monotonic() - start)
        assert all(counts["changed"] == 0 for counts in output.recap.values()), output
    _end_connections(bed.hosts.values())
    return statistics.median(walls), (_processor_time() - before) / runs


def _one_task_each(bed, deployment, runs, groups):
    """{hosts: (wall, processor seconds)} of a playbook with a task for each step, where all is in place."""
    deployment.add_program("/usr/bin/ansible-playbook")
    shutil.copy(os.path.join(HERE, "one_task_each.yml"), deployment.folder)
    deployment.write("inventory", "".join(f"{name} ansible_host={name}.mycluster.com\n" for name in bed.hosts))
    command = "ansible-playbook -i inventory -u root --private-key keys/root_id one_task_each.yml"
    return {hosts: _repeated(bed, deployment, runs, command + limit, ANSIBLE_HOST_KEY_CHECKING="False")
            for hosts, limit in groups}


def second_run(directory, quick=False):
    """The simple example's application on one, two and three hosts, three times; beside it a playbook with a task for
    each step. `quick`: on one host, once."""
    runs, groups = (1, HOSTS[:1]) if quick else (3, HOSTS)
    os.chmod(directory, 0o755)
    bed_directory = os.path.join(directory, "bed")
    os.mkdir(bed_directory)
    with Bed(bed_directory) as bed:
        deployment = Deployment(bed, "simple", os.path.join(directory, "simple"))
        deployment.add_packages()
        deployment.replace("app.yml", "\nlocal_templates_folders", HOST.format("en3") + "\nlocal_templates_folders")
        deployment.run(COMMAND)
        figures = {}
        for hosts, (wall, processor) in _one_task_each(bed, deployment, runs, groups).items():
            figures[f"a task of Ansible for each step, {hosts}, s"] = wall
            figures[f"a task of Ansible for each step, {hosts}, processor s"] = processor
        for name, limit in groups:
            wall, processor = _repeated(bed, deployment, runs, COMMAND + limit)
            figures[f"deployment without changes, {name}: s"] = wall
            figures[f"deployment without changes, {name}: processor s"] = processor
    shutil.rmtree(bed_directory, ignore_errors=True)
    return figures
