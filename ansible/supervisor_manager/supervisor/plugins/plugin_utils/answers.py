# SPDX-License-Identifier: MIT
"""What a host may answer: the deployer believes its results, but not their form."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type  # foreign name

from ansible_collections.supervisor_manager.supervisor.plugins.plugin_utils.contents import BadItem


def one_of(*kinds):
    """Whether a value has one of the types."""
    return lambda value: isinstance(value, kinds)


def each(check):
    return lambda value: isinstance(value, list) and all(check(one) for one in value)


def record(required, optional):
    """Whether a value is a dictionary with these keys, and no others."""
    def check(value):
        return (isinstance(value, dict) and set(required) <= set(value) <= set(required) | set(optional) and all(
            (required.get(key) or optional[key])(one) for key, one in value.items()))
    return check


FLAG, TEXT, MAYBE_TEXT = one_of(bool), one_of(str), one_of(str, type(None))
DIFF = record({}, {key: TEXT for key in ("before", "after", "before_header", "after_header")})
STEP = record({"stage": MAYBE_TEXT, "name": TEXT, "handler": FLAG,
               "result": lambda value: value in ("ok", "changed", "failed")},
              {"at": MAYBE_TEXT, "message": MAYBE_TEXT,
               "diff": lambda value: value is None or each(DIFF)(value)})
ROW = record({"supervisor": TEXT},
             dict({key: MAYBE_TEXT for key in ("instance_state", "program", "state", "description")}, wanted=FLAG))
ANSWER = {
    "changed": FLAG, "failed": FLAG, "msg": TEXT, "steps": each(STEP), "pending": each(TEXT), "wanted": each(TEXT),
    "wants_packages": FLAG, "changed_paths": each(TEXT), "status": each(ROW), "action": MAYBE_TEXT,
    # of a module that did not come that far
    "module_stdout": TEXT, "module_stderr": TEXT, "exception": TEXT, "rc": one_of(int),
}


def checked(answer):
    """The answer of a host, without keys that are not the module's. Raises BadItem if its form is another one."""
    kept = {key: value for key, value in answer.items() if key in ANSWER}
    wrong = [key for key, value in kept.items() if not ANSWER[key](value)]
    if wrong:
        raise BadItem(f"its answer is not one of the module 'deploy': '{wrong[0]}' makes no sense. Look for what "
                      "answers in place of the module, such as another python_interpreter")
    if any(step["result"] == "failed" for step in kept.get("steps", ())):
        kept["failed"] = True
    return kept
