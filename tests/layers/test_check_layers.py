# SPDX-License-Identifier: MIT
"""The check of the layers itself: it finds each planted violation, and allowed includes pass."""

import pytest

import check_layers

VIOLATIONS = [
    # (file, its #include line, words of the reason)
    ("lib/core/a.cpp", '#include "lib/xmlrpc/value.hpp"', "lib/core must not include lib/xmlrpc"),
    ("lib/core/a.cpp", '#include "dbus/sdbus_compat.hpp"', "lib/core must not include dbus"),
    ("lib/core/a.cpp", '  #  include "daemon/managerd.hpp"', "lib/core must not include daemon"),
    ("lib/core/a.hpp", "#include <iostream>", "build time"),
    ("lib/terminal/a.cpp", "#include <ini.h>", "inih stays in lib/core"),
    ("instance/x/a.cpp", '#include "lib/core/result.hpp"', "instance/x has no row"),
    ("instance/main.cpp", '#include "instance/x/a.hpp"', "has no row in the table"),
    ("instance/process/a.cpp", '#include "instance/api/method.hpp"', "instance/process must not include instance/api"),
    ("instance/process/a.cpp", '#include "instance/supervisord.hpp"', "instance/process must not include instance"),
    ("instance/config/a.cpp", '#include "daemon/entries/entry.hpp"', "instance/config must not include daemon/entries"),
    ("instance/web/a.cpp", "#include <sha2.h>", "libmd stays in instance/http"),
    ("instance/api/a.cpp", "#include <expat.h>", "expat stays in lib/xmlrpc"),
    ("daemon/instances/a.cpp", '#include "dbus/sdbus_compat.hpp"', "daemon/instances must not include dbus"),
    ("daemon/instances/a.cpp", "#include <sdbus-c++/sdbus-c++.h>", "sdbus-c++ stays in dbus"),
    ("daemon/instances/a.cpp", "#include <systemd/sd-bus.h>", "sd-bus stays in daemon/bus"),
    ("daemon/layout/a.cpp", '#include "daemon/instances/fleet.hpp"', "daemon/layout must not include daemon/instances"),
    ("daemon/a.cpp", '#include "ctl/supervisorctl/names.hpp"', "daemon must not include ctl/supervisorctl"),
    ("ctl/supervisorctl/a.cpp", '#include "dbus/sdbus_compat.hpp"', "ctl/supervisorctl must not include dbus"),
    ("ctl/a.cpp", '#include "lib/core/result.hpp"', "ctl has no row"),
    ("ctl/pidproxy/a.cpp", '#include "../../lib/core/result.hpp"', "from the source root"),
    ("dbus/a.hpp", '#include "lib/core/result.hpp"', "dbus must not include lib/core"),
]


def plant(root, path, line):
    file = root / path
    file.parent.mkdir(parents=True)
    file.write_text(f"// SPDX-License-Identifier: MIT\n{line}\n")


@pytest.mark.parametrize("path, line, reason", VIOLATIONS)
def test_a_violation_is_found(tmp_path, path, line, reason):
    plant(tmp_path, path, line)
    crossings = check_layers.check(tmp_path)
    assert len(crossings) == 1 and crossings[0].startswith(path + ":") and reason in crossings[0]


@pytest.mark.parametrize("path, line", [
    ("lib/xmlrpc/a.cpp", '#include "lib/core/result.hpp"'),
    ("lib/core/a.cpp", "#include <ini.h>"),
    ("instance/a.cpp", '#include "instance/web/pages.hpp"'),
    ("daemon/bus/a.cpp", '#include "dbus/sdbus_compat.hpp"'),
    ("tests/unit/core/a.cpp", '#include "daemon/instances/fleet.hpp"'),
    ("tests/support/a.cpp", "#include <filesystem>"),
    ("lib/core/a.cpp", '// once: #include "daemon/managerd.hpp"'),
])
def test_what_is_allowed_passes(tmp_path, path, line):
    plant(tmp_path, path, line)
    assert check_layers.check(tmp_path) == []
