# SPDX-License-Identifier: MIT
"""Our INI reader against Python's, on written and thousands of random files: same sections, keys, values and errors."""

import configparser
import json
import os
import random
import subprocess

from programs import program

CASES = [
    "[s]\nk=" + "x" * 300 + "\nz=1\n", "[program:" + "p" * 60 + "]\ncommand=/bin/x\n", "[s]\nk = v ; comment\n",
    "[s]\nk=v;not\n", "[s]\nk = v # c\n", "[s] ; c\nk=v\n", "; a\n# b\n[s]\n ; c\n  # d\nk=v\n",
    "[s]\nk: v\nurl: http://x:80/\n", "[s]\nk:x=y\nserverurl=unix:///a.sock\nenvironment:A=\"b\"\n", "[s]\nk=1\nk=2\n",
    "[s]\nk=1\n[t]\nk=2\n[s]\nk=3\n", "[s]\nk=a\n  b\n\tc\nz=1\n", "[s]\nenvironment=A=1,\n  B=2\nz=1\n",
    "[s]\nk=a\n\n  b\n", "[s]\nk=a\n  ; c\n  b\n", "[s]\nk=a ; one\n  b ; two\n", "[s]\n  k=a\nz=1\n",
    "[s]\n  k=a\n  z=1\n", "[s]\nk=a\n  #b\n", "[s]\nk=\n  a\n  b\n", "[s]\nk=a\n  [x]\n", "[s]\nfoo\nk=v\n",
    "[s]\nk=\nj= ; only\n", "[s\nk=v\n", "k=v\n[s]\nj=w\n", "[S]\nKey=V\n", "[ program : x ]\nk=v\n", "[a]b]\nk=v\n",
    "[s]\n=v\n", "[s]\n=v\n  w\n", "[a]\n[b]\nk=v\n[c]\n", "[a]\ncommand=sh -c 'a ; b'\n", "[a]\nmy key  =   v  \t \n",
    "[s]\nenvironment=" + "x" * 190 + ",PATH=/bin\n", "[]\nk=v\n", "[]]\nk=v\n", "[s]\n[x\n", "[s]\n[x=1\n",
    "[s]\r\nk=v\r\nj=w ; c\r\n", "[s]\rk=v\r  w\r", "[s]\nk" + "x" * 60 + "=v\n  w\n", "[s]\nk=a\n\n\n\nj=b\n",
    "[s]\nk=a\n[t]\n  b=c\n    d\n e=f\n", "[s]\nk=" + "y" * 200000 + "\n", "", "\n\n; only\n", "[s]\nk=v\n[t]",
    "[s]\nk\\=v\nkäse=brot ; é\n", "[DEFAULT]\na=1\n[s]\nb=2\n", "[s]\n'\"=\\\n\"quote\n", "  [s]\n   k=v\n",
]
TOKENS = ["[", "a]", "[s]", "k", "=", "v", ":", ";", "#", " ", "  ", "\t", "\n", "\n", "\n", "x y", "K", "%(h)s", '"', "[s", "b=c",
          "\n  ", " ;c", " #c", "=\n", "\n\n", "\r\n", "é", "'", "\\"]
LINES = ["[s]", "[t] ; c", "[program:a b]", "k=v", "k = v ; c", "K:v #c", "  more", "\tmore ; x", "   deep=x", "", "   ", "; c",
         " # c", "j=", "j=;x", "u: http://h:1/ ;", 'env=A="b;c",D="e #f"', "k=a;b ;c #d", "k=a#b #c ;d", "  [x]", "[u]x", "z==1",
         "y:=2", "w = %(ENV_X)s", "nonsense", "[DEFAULT]", "é=ü"]


def pythons(path):
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    try:
        with open(path, encoding="utf-8") as file:
            parser.read_file(file)
    except configparser.ParsingError as error:
        return {"error": str(error)}
    return [[name, [list(pair) for pair in parser._sections[name].items()]] for name in parser.sections()]


def compare(directory, texts):
    paths = []
    for number, text in enumerate(texts):
        paths.append(os.path.join(directory, f"{number}.ini"))
        with open(paths[-1], "w", encoding="utf-8", newline="") as file:
            file.write(text)
    ours = []
    for start in range(0, len(paths), 2000):
        output = subprocess.run(program("config_dump") + ["ini"] + paths[start:start + 2000], check=True, capture_output=True)
        ours += output.stdout.decode().splitlines()
    assert len(ours) == len(paths)
    for path, text, line in zip(paths, texts, ours):
        assert json.loads(line) == pythons(path), repr(text)


def test_hand_made_files(work_dir):
    compare(work_dir, CASES)


def test_random_tokens(work_dir):
    pick = random.Random(7)
    compare(work_dir, ["[s]\n" * pick.randint(0, 1) + "".join(pick.choice(TOKENS) for _ in range(pick.randint(1, 40)))
                      for _ in range(8000)])


def test_random_lines(work_dir):
    pick = random.Random(11)
    compare(work_dir, ["[s]\n" + "".join(pick.choice(LINES) + pick.choice(["\n", "\n", "\n", "\r\n"])
                                        for _ in range(pick.randint(1, 14))) for _ in range(8000)])
