# SPDX-License-Identifier: MIT
"""How the deployment suite reads the output of a run (tests/deploy/bed_deployment.py)."""

from bed_deployment import Output

PRINTED = """
TASK [Setup configuration file /etc/supervisord_tsupv.conf] ****************************************************
changed: [en1]
ok: [en2]

RUNNING HANDLER [Restart supervisord_tsupv service] ************************************************************
changed: [en1]

TASK [Setup user 'tsup'] ***************************************************************************************
failed: [en2]: useradd ended with 1 (app.yml:9:3)

PLAY RECAP *****************************************************************************************************
en1                        : ok=19   changed=2    unreachable=0    failed=0
en2                        : ok=1    changed=0    unreachable=0    failed=1
"""


def test_output_is_understood():
    output = Output(2, PRINTED)
    restart = "Restart supervisord_tsupv service"
    assert output.changed("en1") == ["Setup configuration file /etc/supervisord_tsupv.conf", restart]
    assert output.results["Setup configuration file /etc/supervisord_tsupv.conf"] == {"en1": "changed", "en2": "ok"}
    assert output.results["Setup user 'tsup'"] == {"en2": "failed"} and output.changed("en2") == []
    assert output.recap["en1"] == {"ok": 19, "changed": 2, "unreachable": 0, "failed": 0}
    assert output.recap["en2"]["failed"] == 1
