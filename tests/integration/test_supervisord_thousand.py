# SPDX-License-Identifier: MIT
"""One supervisord with 1,000 programs, and one with nothing to do."""

import resource

from processes import children, wait_for_sleep
from waiting import wait_for

COUNT = 1000


def test_a_thousand_programs_run_and_stop(daemon):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard == resource.RLIM_INFINITY or hard >= 8192
    # A common soft limit and the default minfds are too low: supervisord must raise its limit by itself.
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        server = daemon(f"[program:p]\ncommand=/bin/sleep 1000\nnumprocs={COUNT}\nprocess_name=p%(process_num)04d\n")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    info = wait_for(lambda: [i for i in server.rpc.supervisor.getAllProcessInfo() if i["statename"] == "RUNNING"
                            ] if server.log().count("success:") == COUNT else None, "all to run", 120)
    assert len(info) == COUNT
    assert len(children(server.pid)) == COUNT
    assert server.stop(limit=60) == 0
    assert server.log().count("stopped: ") == COUNT
    assert not [i for i in info if server.log().count(f"stopped: {i['name']} ") != 1]


def test_nothing_to_do_is_no_wakeup(daemon):
    server = daemon("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n")
    server.wait_state("cat", "RUNNING")
    wait_for_sleep(server.pid, looks=400)  # 4 s or more: a daemon that polls once a second never sleeps that long
