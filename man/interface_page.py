#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the manual page of the D-Bus interfaces from their introspection XML, whose comments are the text.

  interface_page.py VERSION DATE MANAGER.xml INSTANCE.xml > org.supervisormanager1.5
"""

import sys
import xml.etree.ElementTree as ET

HEAD = r""".\" Made from the introspection XML: change that instead.
.TH org.supervisormanager1 5 "{date}" "supervisor\-manager {version}" "File Formats"
.SH NAME
org.supervisormanager1 \- the D\-Bus interface of the supervisor manager
.SH DESCRIPTION
.BR supervisor\-managerd (8)
has the name
.I org.supervisormanager1
on the system bus. A call does not start the manager, since an administrator may have stopped it.
.BR supervisor\-manager (1)
is a client of this interface.
"""

TAIL = r""".SH AUTHORIZATION
Every account can use lists, properties and signals. All other calls require root or the owner of the instance; the owner
cannot create, change or remove the entry. For other callers polkit decides, with the details
.I verb
and, for an instance,
.I instance
and
.I user
(its owner), under these actions:
.TP
.I org.supervisormanager1.manage\-instances
start, stop, restart, reload, upgrade, kill, control\-program, read\-failure
.TP
.I org.supervisormanager1.manage\-boot
enable, disable
.TP
.I org.supervisormanager1.edit\-instances
create, change, remove
.TP
.I org.supervisormanager1.manage\-manager
reload\-manager, plan, reexecute, read\-complaints
.PP
polkit asks the user only if the message allows it (flag ALLOW_INTERACTIVE_AUTHORIZATION). An account can have 64 calls
that wait for their reply; further calls are refused with
.IR org.freedesktop.DBus.Error.LimitsExceeded .
The bus also limits the number of waiting calls of a connection
.RB ( max_replies_per_connection ,
128 on the system bus): for many instances use StartInstances and similar methods.
.SH ERRORS
.TP
.I org.supervisormanager1.Error.NoSuchInstance
There is no instance with this name, process or path.
.TP
.I org.supervisormanager1.Error.NoSuchProgram
The instance has no such program.
.TP
.I org.supervisormanager1.Error.InstanceExists
The name is taken.
.TP
.I org.supervisormanager1.Error.InstanceBusy
Another operation replaced this one before it was done.
.TP
.I org.supervisormanager1.Error.InstanceUnmanaged
The entry has
.BR "managed = no" :
the manager never touches the instance.
.TP
.I org.supervisormanager1.Error.InstanceNotRunning
The call requires a running instance.
.TP
.I org.supervisormanager1.Error.InstanceProtected
The entry has
.BR "no_remove = yes" .
.TP
.I org.supervisormanager1.Error.ConfigInvalid
The entry would be refused; the message has the reason.
.TP
.I org.supervisormanager1.Error.OperationFailed
The operation failed; the message has the reason.
.TP
.I org.supervisormanager1.Error.Timeout
The operation did not finish in time.
.TP
.I org.supervisormanager1.Error.ShuttingDown
The manager is shutting down.
.TP
.IR org.freedesktop.DBus.Error.AccessDenied ", " InteractiveAuthorizationRequired ", " InvalidArgs ", " NotSupported
As everywhere on the bus.
.SH EXAMPLES
.EX
busctl tree org.supervisormanager1
busctl introspect org.supervisormanager1 /org/supervisormanager1/instance/tsupv
busctl call org.supervisormanager1 /org/supervisormanager1 org.supervisormanager1.Manager StartInstance s tsupv
busctl monitor org.supervisormanager1
.EE
.SH "SEE ALSO"
.BR supervisor\-manager (1),
.BR supervisor\-managerd (8),
.BR supervisor\-manager.conf (5),
.BR busctl (1),
.BR polkit (8)
"""


def troff(text):
    """A text as troff source: no character of it is a command."""
    words = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("…", "...")
    return "\\&" + words if words.startswith((".", "'")) else words


def signature(member):
    """"StartInstance(in s name)", "Version s": a member in one line."""
    if member.tag == "property":
        return f"{member.get('name')} {member.get('type')}"
    words = []
    for argument in member.findall("arg"):
        direction = "" if member.tag == "signal" else argument.get("direction", "in") + " "
        words.append(f"{direction}{argument.get('type')} {argument.get('name')}")
    return f"{member.get('name')}({', '.join(words)})"


def notes(member):
    """What an annotation says of a property, in words."""
    for annotation in member.findall("annotation"):
        if annotation.get("name").endswith("EmitsChangedSignal"):
            return {"const": " It never changes.", "false": " Not part of PropertiesChanged."}[annotation.get("value")]
    return ""


def sections(interface):
    """(kind, [(members, text)]) for methods, signals and properties; members that share a comment stay together."""
    found = {"method": [], "signal": [], "property": []}
    text, members = "", []
    for element in list(interface) + [ET.Comment("")]:
        if element.tag is ET.Comment:
            if members:
                found[members[0].tag].append((members, text))
            text, members = element.text, []
        else:
            members.append(element)
    return found


def page(root):
    """One interface: the comments before the node and before the interface describe its path and its purpose."""
    interface = root.find("interface")
    about = [c.text for c in root if c.tag is ET.Comment]
    lines = [f'.SH "INTERFACE {troff(interface.get("name"))}"', *(troff(text) for text in about)]
    for kind, title in (("method", "Methods"), ("signal", "Signals"), ("property", "Properties")):
        items = sections(interface)[kind]
        if items:
            lines.append(f".SS {title}")
        for members, text in items:
            for i, member in enumerate(members):
                lines.append(".TP" if i == 0 else ".TQ")
                lines.append(f".B {troff(signature(member))}")
            lines.append(troff(text + notes(members[-1])))
    return lines


def main(version, date, *paths):
    out = [HEAD.format(version=version, date=date).rstrip("\n")]
    for path in paths:
        parser = ET.XMLParser(target=ET.TreeBuilder(insert_comments=True))
        out += page(ET.parse(path, parser).getroot())
    sys.stdout.write("\n".join(out) + "\n" + TAIL)


if __name__ == "__main__":
    main(*sys.argv[1:])
