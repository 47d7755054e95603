// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/table.hpp"

#include <algorithm>
#include <array>

namespace deploy {
namespace {

using Shape = Section::Shape;

const std::array kSections{
    Section{"hosts", Shape::Items, Plugin::None, "The hosts, and how ssh and sudo get there.", "name",
            hostAttributes()},
    Section{"host_overrides", Shape::Items, Plugin::None,
            "Changes attributes of hosts, so that one list of hosts serves several applications. Overrides apply by "
            "ascending priority, then in the order of the text. An empty text removes the attribute.",
            "name", hostOverrideAttributes()},
    Section{"host_groups", Shape::Items, Plugin::None, "Names for sets of hosts.", "name", hostGroupAttributes()},
    Section{"host_group_overrides", Shape::Items, Plugin::None, "Changes host groups.", "name",
            hostGroupOverrideAttributes()},
    Section{"exit_on_fail",
            Shape::Boolean,
            Plugin::None,
            "Yes: after a host has failed, no host begins the next stage. No: the others continue.",
            {},
            {},
            "yes"},
    Section{"vars", Shape::Map, Plugin::None,
            "Variables: for ${NAME} in the text that follows, and for Ansible's {{ NAME }}. A value can be a map or a "
            "list."},
    Section{"encrypted_vars", Shape::Map, Plugin::None,
            "Variables for {{ NAME }} whose values are texts of ansible-vault, which begin with $ANSIBLE_VAULT;."},
    Section{"include", Shape::Texts, Plugin::None,
            "Files that are read at this place, relative to the file that includes them."},
    Section{"local_files_folders", Shape::Texts, Plugin::Files,
            "Folders of the deployer in which file://PATH is searched, if PATH is relative. The first one that has it "
            "is used."},
    Section{"local_templates_folders", Shape::Texts, Plugin::Files, "The same for tmpl://PATH."},
    Section{"groups", Shape::Items, Plugin::Users, "Groups of accounts.", "name", groupAttributes()},
    Section{"users", Shape::Items, Plugin::Users, "Accounts.", "login", userAttributes()},
    Section{"folders", Shape::Items, Plugin::Files,
            "Folders. Missing folders above one are created and belong to root.", "path", folderAttributes()},
    Section{"files", Shape::Items, Plugin::Files, "Files, from the deployer or from a web server.", "src",
            fileAttributes()},
    Section{"trees", Shape::Items, Plugin::Files, "Whole folders of the deployer.", "dest_folder", treeAttributes()},
    Section{"systemd_units", Shape::Items, Plugin::Systemd,
            "Services of systemd, in /usr/lib/systemd/system/NAME.service.", "name", unitAttributes()},
    Section{"supervisors", Shape::Items, Plugin::Supervisor,
            "Instances of supervisord. Each belongs to an account, which controls its programs without root.", "name",
            supervisorAttributes()},
    Section{"supervisor_programs", Shape::Items, Plugin::Supervisor,
            "Programs of an instance. Each becomes the file NAME_prg.ini of its include_dir. Attributes that are keys "
            "of supervisord.conf(5) are written only if they are given.",
            "name", programAttributes()},
    Section{"supervisor_groups", Shape::Items, Plugin::Supervisor,
            "Groups of programs of an instance. Each becomes the file NAME_grp.ini of its include_dir.", "name",
            programGroupAttributes()},
    Section{"ansible_playbooks",
            Shape::Items,
            Plugin::Ansible,
            "Playbooks that run before or after our own stages.",
            {},
            playbookAttributes()},
    Section{"playbooks_folders", Shape::Texts, Plugin::Ansible, "Folders in which playbook_file is searched."},
    Section{"roles_folders", Shape::Texts, Plugin::Ansible, "Folders in which playbooks find their roles."},
    Section{"included_scopes", Shape::Texts, Plugin::None, "Limits the run to these; --scope replaces it. See SCOPES."},
    Section{"excluded_scopes", Shape::Texts, Plugin::None, "Leaves these out; --noScope adds to it. See SCOPES."},
};

}  // namespace

std::string_view toText(Plugin plugin) noexcept {
  switch (plugin) {
    case Plugin::None: break;
    case Plugin::Users: return "users";
    case Plugin::Files: return "files";
    case Plugin::Systemd: return "systemd";
    case Plugin::Supervisor: return "supervisor";
    case Plugin::Ansible: return "ansible";
  }
  return "";
}

std::span<const Section> sections() { return kSections; }

const Section* findSection(std::string_view name) noexcept {
  const auto found =
      std::find_if(kSections.begin(), kSections.end(), [&](const Section& section) { return section.name == name; });
  return found == kSections.end() ? nullptr : &*found;
}

const Attribute* findAttribute(std::span<const Attribute> attributes, std::string_view name) noexcept {
  const auto found =
      std::find_if(attributes.begin(), attributes.end(), [&](const Attribute& one) { return one.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

}  // namespace deploy
