#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns the asset files into one C++ source: embed.py OUTPUT FILE..."""
import hashlib
import os
import sys

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


def literal(text: str) -> str:
    """Raw string pieces: compilers limit the length of one literal."""
    pieces = [text[i:i + 8000] for i in range(0, len(text), 8000)]
    return "\n".join(f'R"~~~({piece})~~~"' for piece in pieces)


def main() -> None:
    rows = []
    for name in sys.argv[2:]:
        with open(name, encoding="utf-8") as file:
            text = file.read()
        tag = hashlib.sha256(text.encode()).hexdigest()[:16]
        rows.append(f'    {{"{os.path.basename(name)}", "{TYPES[os.path.splitext(name)[1]]}", "\\"{tag}\\"",\n{literal(text)}}},\n')
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        out.write('#include "instance/web/assets.hpp"\n\nnamespace web {\nnamespace {\nconstexpr Asset kAssets[] = {\n')
        out.writelines(rows)
        out.write("};\n}  // namespace\n\nstd::span<const Asset> assets() noexcept { return kAssets; }\n\n}  // namespace web\n")


main()
