# SPDX-License-Identifier: MIT
"""The application of most examples: the account tsup, its instance tsupv, and program1; names and looks at it."""

from waiting import wait_for

DEPLOY = "hadeploy --src app.yml --action deploy"
SUPERVISORD = "/usr/bin/supervisord -n -c /etc/supervisord_tsupv.conf"
PROGRAM = "/bin/bash /opt/tsup/program1.sh"

CONFIGURATION = "Setup configuration file /etc/supervisord_tsupv.conf"
SERVICE = "Setup supervisord_tsupv.service"
CLIENT = "Setup /usr/bin/supervisorctl_tsupv"
SCRIPT = "Copy template file 'program1.sh' to '/opt/tsup/program1.sh'"
STATE = "Get current state for supervisor_tsupv_program1 programs"
RESTART = "Restart supervisor_tsupv program program1"


def wait_running(hosts, *expected):
    """Waits until exactly these processes and a sleep run as tsup."""
    for host in hosts:
        wait_for(lambda h=host: h.pgrep("tsup") == sorted([*expected, "sleep 2"]), f"{expected} on {host.name}")


def pid_of(host, line):
    return wait_for(lambda: host.pid_of(line), f"'{line}' on {host.name}")


def assert_unchanged(output, *names):
    for name in names:
        assert output.changed(name) == [], str(output)
        assert output.recap[name]["changed"] == 0 and output.recap[name]["failed"] == 0, str(output)
        assert output.recap[name]["ok"] > 0, str(output)


def change_script(deployment, comment):
    deployment.write("templates/program1.sh", deployment.read("templates/program1.sh") + f"# {comment}\n")


def page(host, user, password):
    """The HTTP status of the web page, asked for inside the host; 0 if nothing listens."""
    script = ("import base64, sys, urllib.error, urllib.request as r\n"
              "token = base64.b64encode(':'.join(sys.argv[1:]).encode()).decode()\n"
              "request = r.Request('http://127.0.0.1:9001/', headers={'Authorization': 'Basic ' + token})\n"
              "try: print(r.urlopen(request).status)\n"
              "except urllib.error.HTTPError as error: print(error.code)\n"
              "except OSError: print(0)\n")
    return int(host.run("python3", "-c", script, user, password).stdout)
