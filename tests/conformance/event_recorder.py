# SPDX-License-Identifier: MIT
"""An event listener for the tests: appends each event to the file that its argument names, and answers it.

The answer to an event is OK, unless the payload holds the words "please fail" (then FAIL, once for each serial).
"""

import sys


def main():
    refused = set()
    with open(sys.argv[1], "a", encoding="utf-8", errors="replace") as record:
        while True:
            sys.stdout.write("READY\n")
            sys.stdout.flush()
            line = sys.stdin.readline()
            if not line:
                return
            header = dict(token.split(":") for token in line.split())
            payload = sys.stdin.read(int(header["len"]))
            record.write(f"{line.strip()}\n{payload}\n--\n")
            record.flush()
            answer = "OK"
            if "please fail" in payload and header["serial"] not in refused:
                refused.add(header["serial"])
                answer = "FAIL"
            sys.stdout.write(f"RESULT {len(answer)}\n{answer}")
            sys.stdout.flush()


main()
