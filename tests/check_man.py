# SPDX-License-Identifier: MIT
"""Checks the manual pages: they format without a warning, and they leave nothing out.

The sources have tables of programs, options, verbs, keys and events. Each of them must have an entry (the line after
.TP) in the page and section that describe it, and each page that another one names must exist. All pages have the same
head, with version and date of the project, and their common sections in the same order. Prints `page: reason` for each
violation. With the build's directory of pages, also checks the pages as they are installed:

  check_man.py [DIRECTORY]
"""

import email.utils
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Tables of keys in the configuration's schema, and where their keys are explained.
SCHEMA_SECTIONS = {
    "kSupervisordKeys": ["SECTION [supervisord]", "KEYS OF SUPERVISOR 2.0"],
    "kSupervisorctlKeys": ["SECTION [supervisorctl]"],
    "kUnixServerKeys": ["SECTION [unix_http_server]"],
    "kInetServerKeys": ["SECTION [inet_http_server]"],
    "kGroupKeys": ["SECTION [group:NAME]"],
    "kScaleKeys": ["SECTION [scale:NAME]"],
    "kSocketKeys": ["SECTION [socket:NAME]"],
    "kIncludeKeys": ["SECTION [include]"],
    "kCommonKeys": ["SECTION [program:NAME]", "KEYS OF SUPERVISOR 2.0"],
    "kExtensionKeys": ["SECTION [program:NAME]"],
    "kFcgiKeys": ["SECTION [fcgi-program:NAME]"],
    "kListenerKeys": ["SECTION [eventlistener:NAME]"],
}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def plain(text):
    """A line of a page without its formatting."""
    text = re.sub(r"^\.[A-Z]+ ", "", text)
    text = re.sub(r"\\f(\[[A-Z]*\]|.)", "", text)
    return text.replace("\\-", "-").replace('"', "")


def tags(page):
    """{section: the words that have an entry there}; the empty section has those of the whole page."""
    found, section, lines = {"": set()}, "", iter(page.splitlines())
    for line in lines:
        if line.startswith(".SH "):
            section = plain(line)
        elif line == ".TP":
            tag = next(lines, "")
            while tag.endswith("\\"):
                tag = tag[:-1] + next(lines, "")
            # Types and defaults are in brackets.
            words = re.findall(r"-?-?[^\s,()=]+", re.sub(r" \([^)]*\)", " ", plain(tag)))
            found.setdefault(section, set()).update(words)
            found[""].update(words)
    return found


def between(text, begin, end):
    start = text.index(begin)
    return text[start:text.index(end, start)]


def schema_keys():
    """Yields (table, keys) for each table of the schema, without the one that only joins two others."""
    source = read("lib", "dialect", "schema.cpp") + read("lib", "dialect", "extension_keys.hpp")
    for declaration in re.split(r"^(?:inline )?constexpr ", source, flags=re.MULTILINE)[1:]:
        table = re.match(r"[\w:]+ (\w+Keys)\b(?!\()(?! = joined\(kCommonKeys)", declaration)
        if table:
            yield table.group(1), re.findall(r'\{"([a-z_]+)"', declaration)


def missing(page, wanted, sections=("",)):
    found = tags(read("man", page))
    there = set().union(*(found.get(section, set()) for section in sections))
    where = f" in {' or '.join(sections)}" if any(sections) else ""
    return [f"{page}: no entry for {word}{where}" for word in wanted if word not in there]


def check_keys():
    problems, seen = [], set()
    for table, keys in schema_keys():
        seen.add(table)
        if not keys:
            problems.append(f"supervisord.conf.5: no keys found in {table} of lib/dialect/schema.cpp: "
                            "adapt check_man.py to its new form")
        problems += missing("supervisord.conf.5", keys, SCHEMA_SECTIONS.get(table, ["nowhere"]))
    problems += [f"supervisord.conf.5: the schema has no table {table}" for table in SCHEMA_SECTIONS if table not in seen]
    return problems


def check_table(page, sections, source, pattern, least):
    """Everything that `pattern` finds in a source must have an entry. Fewer than `least` finds are an error: then the
    pattern does not fit the source any more."""
    words = [word for word in re.findall(pattern, source) if word and not word.startswith("__")]
    if len(words) < least:
        return [f"{page}: only {len(words)} of {pattern} in the source: adapt check_man.py to its new form"]
    return missing(page, words, sections)


def check_tables():
    attributes = read("daemon", "entries", "attributes.cpp")
    settings = read("daemon", "entries", "settings.cpp")
    declared = read("daemon", "entries", "declared.cpp")
    events = between(read("instance", "config", "listener.cpp"), "kEventTypes{", "};")
    daemon_options = between(read("instance", "config", "command_line.cpp"), "OptionSpec kSpecs[]", "};")
    client_options = between(read("ctl", "supervisorctl", "command_line.cpp"), "kOptions{{", "}};")
    client_commands = read("ctl", "supervisorctl", "command_table.cpp").replace('{"EOF"', "")
    manager_options = re.sub(r"Definition\{\{[^,]+, \"([\w-]+)\"", r'"--\1"', read("ctl", "supervisor-manager", "options.cpp"))
    entry, own = ["SECTION [supervisor:NAME]: AN INSTANCE"], ["SECTION [supervisor-manager]"]
    return [
        *check_table("supervisor-manager.conf.5", entry, attributes, r'Attribute\{"([^"]+)"', 40),
        *check_table("supervisor-manager.conf.5", own, settings, r'Setting\{"([^"]+)"', 8),
        *check_table("supervisor-manager.conf.5", ["SECTION [supervisor_program:NAME], [supervisor_group:NAME]"],
                    between(declared, "readOwn(", "\n}"), r'key == "([a-z_]+)"', 8),
        *check_table("supervisord-events.7", ["TYPES"], events, r'"(\w+)"', 27),
        *check_table("supervisord.1", ["OPTIONS"], re.sub(r'"(\w+)"', r'"--\1"', daemon_options), r'"(--\w+)"', 18),
        *check_table("supervisord.1", ["OPTIONS"], re.sub(r"'(.)'", r"'-\1'", daemon_options), r"'(-.)'", 18),
        *check_table("supervisorctl.1", ["OPTIONS"], re.sub(r'"([\w-]+)"', r'"--\1"', client_options), r'"(--[\w-]+)"', 7),
        *check_table("supervisorctl.1", ["COMMANDS"], client_commands, r'    \{"(\w+)", (?:run|leave)', 20),
        *check_table("supervisor-deploy.1", ["OPTIONS"], read("ctl", "deploy", "options.cpp"), r'Definition\{\{"(--\w+)"', 20),
        *check_table("supervisor-manager.1", ["VERBS"], read("ctl", "supervisor-manager", "verbs.cpp"), r'Verb\{"([^"]+)"', 20),
        *check_table("supervisor-manager.1", ["OPTIONS"], manager_options, r'"(--[a-z-]+)"', 18),
    ]


def programs():
    """Yields the names of all programs that are installed."""
    for folder in ("instance", "ctl", "daemon"):
        for path, _, names in os.walk(os.path.join(ROOT, folder)):
            if "meson.build" in names:
                source = read(path, "meson.build")
                for name, arguments in re.findall(r"executable\('([^']+)'(.*?)\n(?=\S|$)", source + "\n", re.DOTALL):
                    if "install: true" in arguments:
                        yield name


def check_pages():
    """Each program has a page, each page is installed, and each page that another one names exists."""
    build = read("man", "meson.build")
    pages = [name for name in os.listdir(os.path.join(ROOT, "man")) if re.search(r"\.[1-8]$", name)]
    made = re.findall(r"output: '([^']+)'", build)
    problems = [f"man/meson.build: {page} is not installed" for page in pages if f"'{page}'" not in build]
    names = sorted(programs())
    if len(names) < 6:
        problems.append(f"only these programs were found in the meson.build files: {names}")
    problems += [f"{name}: has no manual page" for name in names if not {f"{name}.1", f"{name}.8"} & set(pages)]
    ours = {name.rsplit(".", 1)[0] for name in pages + made}
    for page in pages:
        text = read("man", page).replace("\\-", "-")
        for name, section in re.findall(r"^\.BR (\S+) \((\d)\)", text, re.MULTILINE):
            if name in ours and f"{name}.{section}" not in pages + made:
                problems.append(f"{page}: names {name}({section}), which is in another section")
    return problems


# The name of the manual, by section, in the head of a page.
MANUALS = {"1": "User Commands", "5": "File Formats", "7": "Miscellaneous", "8": "System Administration"}
# Sections that pages have in common, in their order; others are between DESCRIPTION and SEE ALSO.
COMMON = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "NOTES", "EXAMPLES", "SEE ALSO"]
NEAR_MISSES = {"EXAMPLE", "INTRODUCTION", "RETURN VALUE", "BUGS"}


def check_head(path, version, date):
    """The line .TH has the page's name, its section, date, version and manual."""
    page = os.path.basename(path)
    name, section = page.rsplit(".", 1)
    escaped = name.replace("-", "\\-")
    wanted = f'.TH {escaped} {section} "{date}" "supervisor\\-manager {version}" "{MANUALS[section]}"'
    heads = [line for line in read(path).splitlines() if line.startswith(".TH")]
    return [] if heads == [wanted] else [f"{page}: has the head {heads}, not {wanted}"]


def check_sections(path):
    """Common sections have the same names and order in all pages, and titles of several words are quoted."""
    page = os.path.basename(path)
    lines = re.findall(r"^\.SH (.*)$", read(path), re.MULTILINE)
    names = [line.strip('"') for line in lines]
    common = [name for name in names if name in COMMON]
    wanted = {"NAME", "DESCRIPTION", "SEE ALSO"} | ({"SYNOPSIS"} if page[-1] in "18" else set())
    problems = [f"{page}: .SH {line}: not quoted" for line in lines if " " in line and not line.startswith('"')]
    problems += [f"{page}: has no section {name}" for name in sorted(wanted - set(names))]
    problems += [f"{page}: section {name}: use one of {COMMON}" for name in names if name in NEAR_MISSES]
    if common != sorted(common, key=COMMON.index) or names[0] != "NAME" or names[-1] != "SEE ALSO":
        problems.append(f"{page}: its sections are not in order: {names}")
    return problems


def check_version():
    """The build and the packages, whose date the pages have, have the same version."""
    project = re.search(r"version: '([^']+)'", read("meson.build")).group(1)
    packages = re.match(r"\S+ \(([^)-]+)", read("debian", "changelog")).group(1)
    return [] if project == packages else [f"meson.build is version {project}, debian/changelog {packages}"]


def release_date():
    """The date of the last entry of debian/changelog, which man/meson.build uses too."""
    text = re.search(r"^ -- .*>  (.+)$", read("debian", "changelog"), re.MULTILINE).group(1)
    return email.utils.parsedate_to_datetime(text).strftime("%Y-%m-%d")


def check_heads(sources, built):
    version = re.search(r"version: '([^']+)'", read("meson.build")).group(1)
    problems = check_version()
    for path in sources:
        problems += check_head(path, "@VERSION@", "@DATE@")
    for path in built:
        problems += check_head(path, version, release_date())
    for path in [*sources, *built]:
        problems += check_sections(path)
    return problems


def check_format(paths):
    """The warnings of man and, if it is installed, mandoc."""
    problems = []
    for path in paths:
        commands = [["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path]]
        if shutil.which("mandoc"):
            commands.append(["mandoc", "-Tlint", "-W", "warning", path])
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "MANWIDTH": "80"})
            warnings = done.stderr if command[0] == "man" else done.stdout + done.stderr
            # A page of the source tree has no date yet: the build fills it in.
            lines = [line for line in warnings.splitlines() if "@DATE@" not in line]
            problems += [f"{os.path.basename(path)}: {line}" for line in lines]
    return problems


def pages_in(folders):
    return [os.path.join(folder, name) for folder in folders for name in sorted(os.listdir(folder))
            if re.search(r"\.[1-8]$", name)]


def main():
    sources, built = pages_in([os.path.join(ROOT, "man")]), pages_in(sys.argv[1:])
    paths = [*sources, *built]
    problems = [*check_pages(), *check_keys(), *check_tables(), *check_heads(sources, built), *check_format(paths)]
    print("\n".join(problems) if problems else f"man: {len(paths)} pages, complete and without a warning")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
