# SPDX-License-Identifier: MIT
"""Commands, environments and expansions against the Python code that Supervisor uses for them: shlex and `%`."""

import json
import random
import shlex
import subprocess

from programs import program

WORDS = ["a", "b c", " ", "  ", "\t", "\n", "'", '"', "\\", "\\\\", "'q w'", '"d e"', "#x", "$HOME", "=", ",", "", "é"]
PAIRS = ["A", "B", "=", "=", ",", ",", " ", "1", "/x/y", "'q,w'", '"d=e"', '"', "'", "\\", "#c\n", "\n", ";", "@", "(a)", ":", "-", "+", ".", "{"]
FORMATS = ["%", "%%", "(s)", "(u)", "(n)", "(no)", "(", ")", "s", "d", "i", "x", "X", "o", "e", "f", "g", "c", "r", "a", "#", "0", "-", " ", "+", "5",
           "12", ".", ".3", "l", "*", "H", "é", "text"]


def texts(seed, tokens, count):
    pick = random.Random(seed)
    return ["".join(pick.choice(tokens) for _ in range(pick.randint(0, 9))) for _ in range(count)]


def compare(mode, inputs, judge):
    output = subprocess.run(program("config_dump") + [mode] + inputs, check=True, capture_output=True).stdout.decode()
    lines = output.splitlines()
    assert len(lines) == len(inputs)
    for text, line in zip(inputs, lines):
        mine = json.loads(line)
        if "too big" in str(mine):  # widths that Python would fill memory with
            continue
        try:
            theirs = judge(text)
        except (ValueError, TypeError, KeyError) as why:
            assert isinstance(mine, dict), (text, mine, why)
            if isinstance(why, KeyError):
                assert "contains names (" + str(why) + ")" in mine["error"]
            elif "a conversion without a name" not in mine["error"]:  # ours: Supervisor fills in the whole mapping
                said = mine["error"].removesuffix("; a literal '%' is written '%%'")  # a hint of ours
                assert said.endswith(str(why)), (text, mine, why)
        else:
            assert mine == theirs or "a conversion without a name" in str(mine), (text, mine, theirs)


def test_commands():
    compare("words", texts(1, WORDS, 6000), shlex.split)


def environment(text):
    """4.4's way, on shlex in POSIX mode."""
    lexer = shlex.shlex(text, posix=True)
    lexer.wordchars += "/.+-():"
    tokens = list(lexer)
    found = {}
    for at in range(0, len(tokens), 4):
        three = tokens[at:at + 3]
        if len(three) != 3 or three[1] != "=":
            raise ValueError(f"Unexpected end of key/value pairs in value '{text}'")
        found[three[0]] = three[2]
    return [list(pair) for pair in sorted(found.items())]


def test_environments():
    pick = random.Random(2)
    likely = [",".join(f"{pick.choice('ABC')}={text}" for text in texts(pick.random(), PAIRS, 2)) for _ in range(3000)]
    compare("pairs", texts(3, PAIRS, 6000) + likely, environment)


def test_expansions():
    names = {"s": "text", "u": "hé", "n": 7}
    pick = random.Random(4)
    likely = ["%(" + pick.choice("sun") + ")" + text for text in texts(5, FORMATS[11:], 4000)]
    compare("expand", texts(6, FORMATS, 6000) + likely, lambda text: text % names)
