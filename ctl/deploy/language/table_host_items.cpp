// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/table_parts.hpp"

/// The sections of what is on a host besides supervisors: accounts, folders, files, systemd's units, playbooks.
namespace deploy {
namespace {

using Form = Attribute::Form;

constexpr std::string_view kWhere = "The hosts; see SCOPES.";

constexpr Attribute managed(std::string_view about) {
  return {.name = "managed", .kind = &kBoolean, .about = about, .fallback = "yes"};
}

constexpr Attribute modeOf(std::string_view name, std::string_view about) {
  return {.name = name, .kind = &kMode, .about = about, .required = true};
}

constexpr std::array kOwner = std::to_array<Attribute>({
    {.name = "owner", .kind = &kAccount, .about = "The owner.", .required = true},
    {.name = "group", .kind = &kAccount, .about = "The group.", .required = true},
});

constexpr auto kGroups = joined(
    std::to_array<Attribute>({{.name = "name", .kind = &kAccount, .about = "The name of the group.", .required = true},
                              scopeOf(kWhere, false, "all"),
                              managed("No: only check that it exists."),
                              {.name = "system", .kind = &kBoolean, .about = "Yes: a system group.", .fallback = "no"},
                              kNoRemove}),
    kWhen);

constexpr auto kUsers = joined(
    std::to_array<Attribute>(
        {{.name = "login", .kind = &kAccount, .about = "The name of the account.", .required = true},
         scopeOf(kWhere, false, "all"),
         managed("No: only check that it exists. Then comment, group, groups, password, system and create_home must "
                 "not be given."),
         {.name = "comment", .about = "The comment of passwd(5)."},
         {.name = "group", .kind = &kAccount, .about = "The primary group.", .computed = "one of the same name"},
         {.name = "groups",
          .kind = &kAccounts,
          .about = "All supplementary groups, separated by commas. Others that the account has are taken from it.",
          .form = Form::CommaList},
         {.name = "password",
          .kind = &kCryptHash,
          .about = "The password as a hash of crypt(3), such as `openssl passwd -6` prints.",
          .computed = "none, and no login with one"},
         {.name = "system", .kind = &kBoolean, .about = "Yes: a system account.", .fallback = "no"},
         {.name = "create_home",
          .kind = &kBoolean,
          .about = "Yes: it has a home directory, which the action remove removes with it.",
          .fallback = "yes"},
         {.name = "can_sudo_to",
          .kind = &kSudoTargets,
          .about = "Accounts that sudo lets it become without a password, or ALL.",
          .form = Form::CommaList},
         {.name = "authorized_keys",
          .kind = &kLocalPath,
          .about = "Files with public keys, relative to this file, which are added to those that it has.",
          .form = Form::List},
         kNoRemove}),
    kWhen);

constexpr auto kFolders =
    joined(std::to_array<Attribute>(
               {scopeOf(kWhere, true), {.name = "path", .kind = &kPath, .about = "The folder.", .required = true}}),
           kOwner, std::array{modeOf("mode", "Its permissions."), kNoRemove}, kWhen);

constexpr auto kFiles = joined(
    std::to_array<Attribute>(
        {scopeOf(kWhere, true),
         {.name = "src",
          .kind = &kSource,
          .about = "file://PATH or tmpl://PATH on the deployer, or an http:// or https:// URL, which the host fetches. "
                   "A template is rendered by Ansible on the deployer.",
          .required = true},
         {.name = "dest_folder", .kind = &kPath, .about = "Its folder, which must exist.", .required = true},
         {.name = "dest_name", .kind = &kFileName, .about = "Its name there.", .computed = "the last part of src"}}),
    kOwner,
    std::to_array<Attribute>(
        {modeOf("mode", "Its permissions."),
         {.name = "notify",
          .kind = &kNotify,
          .about = "What is restarted after the file has changed, if it runs; see NOTIFICATIONS.",
          .form = Form::ListOrScalar},
         {.name = "validate",
          .kind = &kValidate,
          .about = "A command that checks the new file on the host before it replaces the old one. %s in it is the "
                   "path of the new file; no shell reads it."},
         {.name = "validate_certs",
          .kind = &kBoolean,
          .about = "For https: check the certificate of the server.",
          .fallback = "yes"},
         {.name = "force_basic_auth",
          .kind = &kBoolean,
          .about = "For http and https: send the password without being asked.",
          .fallback = "no"},
         {.name = "url_username", .about = "The user name for http and https."},
         {.name = "url_password", .kind = &kPassword, .about = "The password for http and https."},
         kNoRemove}),
    kWhen);

constexpr auto kTrees = joined(
    std::to_array<Attribute>({scopeOf(kWhere, true),
                              {.name = "src",
                               .kind = &kTreeSource,
                               .about = "file://PATH or tmpl://PATH: a folder of the deployer. With tmpl:// every "
                                        "file in it is a template.",
                               .required = true},
                              {.name = "dest_folder",
                               .kind = &kPath,
                               .about = "The folder on the host. The action remove removes it.",
                               .required = true}}),
    kOwner,
    std::array{modeOf("file_mode", "The permissions of its files."),
               modeOf("folder_mode", "The permissions of its folders."), kNoRemove},
    kWhen);

constexpr std::array kReactions{std::string_view{"restart"}, std::string_view{"reload"}, std::string_view{"none"}};

constexpr auto kUnits =
    joined(std::to_array<Attribute>(
               {{.name = "name", .kind = &kUnit, .about = "The name, without .service.", .required = true},
                scopeOf(kWhere, true),
                {.name = "unit_file",
                 .kind = &kTreeSource,
                 .about = "file://PATH or tmpl://PATH on the deployer.",
                 .required = true},
                {.name = "enabled", .kind = &kBoolean, .about = "Whether it starts at boot.", .fallback = "yes"},
                {.name = "state",
                 .kind = &kWord,
                 .about = "Its state after a deployment; current does not change it.",
                 .fallback = "current",
                 .words = kStates},
                {.name = "action_on_notify",
                 .kind = &kWord,
                 .about = "What happens to the running service after its unit or a file that notifies it has changed.",
                 .fallback = "restart",
                 .words = kReactions},
                kNoRemove}),
           kWhen);

constexpr auto kPlaybooks =
    joined(std::to_array<Attribute>({{.name = "for_action",
                                      .kind = &kAction,
                                      .about = "The action that runs it. A name of its own makes a new action.",
                                      .required = true},
                                     {.name = "priority",
                                      .kind = &kNumber,
                                      .about = "When it runs: lower numbers first; see PRIORITIES.",
                                      .required = true},
                                     {.name = "playbook_text", .kind = &kLines, .about = "The playbook itself."},
                                     {.name = "playbook_file",
                                      .kind = &kLocalPath,
                                      .about = "Its file, in playbooks_folders. One of the two is required."}}),
           kWhen);

}  // namespace

std::span<const Attribute> groupAttributes() { return kGroups; }
std::span<const Attribute> userAttributes() { return kUsers; }
std::span<const Attribute> folderAttributes() { return kFolders; }
std::span<const Attribute> fileAttributes() { return kFiles; }
std::span<const Attribute> treeAttributes() { return kTrees; }
std::span<const Attribute> unitAttributes() { return kUnits; }
std::span<const Attribute> playbookAttributes() { return kPlaybooks; }

}  // namespace deploy
