# SPDX-License-Identifier: MIT
"""Checks the English of documents, and with --code that of comments and string literals, against a list of phrases.

Each line of words.txt has a regular expression, a tab, and what to write instead. words_allowed.txt has phrases that may
stay, such as messages of Supervisor. Prints `file:line: "phrase": advice` for each find.

  check_words.py [--code] [--count] [FILE...]

Without files: all Markdown files, manual pages and configuration files of the source tree; with --code all C++, C, Python,
JavaScript and shell files too. --count prints the finds for each expression instead.
layers/test_check_words.py plants violations and expects each to be found.
"""

import argparse
import bisect
import io
import os
import re
import sys
import tokenize

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
HERE = os.path.join(ROOT, "tests")

# Folders whose files are documents whatever their names end in.
DOCUMENT_FOLDERS = ("conf.d", "completions", "systemd", "debian", "dbus")
CODE_SUFFIXES = (".cpp", ".hpp", ".c", ".h", ".py", ".js", ".css", ".html", ".sh", ".build", ".yml", ".yaml")
SKIPPED_FOLDERS = re.compile(r"^(build.*|\..+|__pycache__|subprojects)$")
# The list itself, and the test that plants violations.
EXEMPT = {"tests/words.txt", "tests/words_allowed.txt", "tests/check_words.py", "tests/layers/test_check_words.py"}

# A character that no expression matches: text on both sides of it is not one sentence.
BREAK = "\0"


def lines(path):
    """The lines of a list, without comments and empty lines."""
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]


def compiled(pattern):
    return re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE)


def read_words(path=os.path.join(HERE, "words.txt")):
    """[(expression, advice)] of words.txt. A line without advice is an error of the list."""
    words = []
    for line in lines(path):
        pattern, _, advice = line.partition("\t")
        if not advice.strip():
            raise ValueError(f"{path}: no advice after the expression '{pattern}': separate them with a tab")
        words.append((compiled(pattern), advice.strip()))
    return words


def read_allowed(path=os.path.join(HERE, "words_allowed.txt")):
    return [compiled(line) for line in lines(path)]


def blanked(text, pattern, mark=BREAK, flags=re.MULTILINE):
    """The text with every match replaced by as many marks; line ends stay, so that line numbers do."""
    return re.sub(pattern, lambda match: re.sub(r"[^\n]", mark, match.group()), text, flags=flags)


def markdown(text):
    """The prose of a Markdown file: without blocks of code, code between backquotes and addresses of links."""
    text = blanked(text, r"^```.*?^```$", flags=re.MULTILINE | re.DOTALL)
    text = blanked(text, r"`[^`\n]+(?:\n[^`\n]+)?`")
    text = blanked(text, r"\]\([^)\s]+\)")
    text = text.replace("\n\n", "\n" + BREAK)
    return re.sub(r"[*_#>|]", " ", text)


def manual(text):
    """The prose of a manual page: without requests, fonts, tables' formats and examples."""
    text = blanked(text, r"^\.(?:EX|nf)$.*?^\.(?:EE|fi)$", flags=re.MULTILINE | re.DOTALL)
    text = blanked(text, r"^\.(?:TP|TQ|PP|IP|SH|SS|RS|RE|TH|br|TS|TE)\b", mark=BREAK)
    text = blanked(text, r"^\.[A-Z]+ |^['.]\\\"", mark=" ")
    return blanked(text, r"\\f(?:\[[A-Z]*\]|.)", mark=" ").replace("\\-", " -")


def plain(text):
    """The prose of a file of another kind: all of it, without the marks of comments."""
    return re.sub(r"(?m)^(\s*)([#;/*<!-]+)", lambda match: match.group(1) + " " * len(match.group(2)), text)


CPP_TOKEN = re.compile(
    r'//(?P<line>[^\n]*)|/\*(?P<block>.*?)\*/|R"(?P<mark>[^(\s]*)\((?P<raw>.*?)\)(?P=mark)"'
    r"""|"(?P<string>(?:\\.|[^"\\\n])*)"|'(?:\\.|[^'\\\n])'|\#\s*include[^\n]*|\d'\d""", re.DOTALL)


def cpp(text):
    """Comments and string literals of C++: everything else is a break. Neighbours are one text."""
    prose = [c if c.isspace() else BREAK for c in text]
    for match in CPP_TOKEN.finditer(text):
        for group in ("line", "block", "raw", "string"):
            if match.group(group) is None:
                continue
            prose[match.start():match.end()] = [c if c == "\n" else " " for c in match.group()]
            prose[match.start(group):match.end(group)] = match.group(group)
            if group in ("line", "block"):
                prose[match.start():match.start(group)] = " " * (match.start(group) - match.start())
    return re.sub(r"(?m)^(\s*)([/*]+)", lambda match: match.group(1) + " " * len(match.group(2)), "".join(prose))


def python(text):
    """Comments and strings of Python: everything else is a break."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    prose = [c if c.isspace() else BREAK for c in text]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT or tokenize.tok_name[token.type] in ("STRING", "FSTRING_MIDDLE"):
            start, end = starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1]
            prose[start:end] = re.sub(r"[\"'#]", " ", text[start:end])
    return "".join(prose)


def prose_of(path, text):
    if path.endswith(".md"):
        return markdown(text)
    if re.search(r"(^|/)man/[^/]+\.[1-8]$", path):
        return manual(text)
    if path.endswith((".cpp", ".hpp", ".c", ".h", ".js")):
        return cpp(text)
    if path.endswith(".py"):
        return python(text)
    return plain(text)


def check_text(path, text, words, allowed):
    """Yields (line, phrase, expression, advice) for each find in a text."""
    prose = prose_of(path, text)
    ends = [match.start() for match in re.finditer("\n", text)]
    exempt = [match.span() for phrase in allowed for match in phrase.finditer(prose)]
    for expression, advice in words:
        for match in expression.finditer(prose):
            if not any(start <= match.start() and match.end() <= end for start, end in exempt):
                yield bisect.bisect_left(ends, match.start()) + 1, " ".join(match.group().split()), expression, advice


def is_document(path):
    top = path.split("/")[0]
    return (path.endswith(".md") or re.search(r"^man/[^/]+\.[1-8]$", path) is not None or top == "doc"
            or top in DOCUMENT_FOLDERS and not path.endswith(CODE_SUFFIXES))


def is_code(root, path):
    if path.endswith(CODE_SUFFIXES):
        return True
    if "." in os.path.basename(path):
        return False
    with open(os.path.join(root, path), "rb") as file:
        return file.read(2) == b"#!"


def files(root, code):
    """The paths, seen from `root`, of what is checked."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not SKIPPED_FOLDERS.match(name))
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")
            if path not in EXEMPT and (is_document(path) or code and is_code(root, path)):
                yield path


def check(root, paths, words, allowed):
    """All finds as (path, line, phrase, expression, advice). Files that are not text, such as pictures, are skipped."""
    for path in paths:
        try:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                text = file.read()
        except UnicodeDecodeError:
            continue
        for find in sorted(check_text(path, text, words, allowed), key=lambda find: find[0]):
            yield path, *find


def counts(finds, words):
    numbers = {expression.pattern: 0 for expression, _ in words}
    for *_, expression, _ in finds:
        numbers[expression.pattern] += 1
    return [f"{number:6} {pattern}" for pattern, number in sorted(numbers.items(), key=lambda item: -item[1])]


def main():
    parser = argparse.ArgumentParser(description="Checks documents and code for phrases that are not used here.")
    parser.add_argument("--code", action="store_true", help="also comments and string literals of the sources")
    parser.add_argument("--count", action="store_true", help="print the finds for each expression")
    parser.add_argument("file", nargs="*", help="check these files only")
    options = parser.parse_args()
    words, allowed = read_words(), read_allowed()
    given = [os.path.relpath(os.path.abspath(path), ROOT) for path in options.file]
    paths = given or list(files(ROOT, options.code))
    finds = list(check(ROOT, paths, words, allowed))
    if options.count:
        print("\n".join(counts(finds, words)))
    else:
        for path, line, phrase, _, advice in finds:
            print(f'{path}:{line}: "{phrase}": {advice}')
        print(f"words: {len(paths)} files, {len(finds)} phrases to replace")
    return 1 if finds else 0


if __name__ == "__main__":
    sys.exit(main())
