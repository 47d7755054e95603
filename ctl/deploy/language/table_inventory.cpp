// SPDX-License-Identifier: MIT
#include "ctl/deploy/language/table_parts.hpp"

namespace deploy {
namespace {

using Form = Attribute::Form;

/// What a host and an override have in common.
constexpr std::array kConnection = std::to_array<Attribute>({
    {.name = "ssh_user", .about = "The login on the host. A host needs one in the end, here or in host_overrides."},
    {.name = "ssh_private_key_file",
     .kind = &kLocalPath,
     .about = "The private key, relative to this file. It must be readable. Not together with ssh_password."},
    {.name = "ssh_password",
     .kind = &kPassword,
     .about = "The password for ssh. Ansible needs the program sshpass for it."},
    {.name = "ssh_port", .kind = &kNumber, .about = "The port of ssh.", .computed = "22", .least = 1, .most = 65535},
    {.name = "ssh_extra_args", .about = "Arguments for ssh alone."},
    {.name = "ssh_common_args", .about = "Arguments for ssh, sftp and scp."},
    {.name = "sftp_extra_args", .about = "Arguments for sftp alone."},
    {.name = "scp_extra_args", .about = "Arguments for scp alone."},
    {.name = "ssh_pipelining", .about = "Ansible's setting for this host.", .computed = "yes"},
    {.name = "ssh_executable", .about = "The program to use instead of ssh."},
    {.name = "become",
     .kind = &kBoolean,
     .about = "Yes: become another account on the host. Each of become_method, become_user, become_pass and become_exe "
              "implies it.",
     .computed = "no"},
    {.name = "become_method", .about = "How, as in Ansible.", .computed = "sudo"},
    {.name = "become_user", .about = "Which account.", .computed = "root"},
    {.name = "become_pass", .kind = &kPassword, .about = "The password for it."},
    {.name = "become_exe", .about = "The program to use instead of sudo."},
    {.name = "become_flags", .about = "Options for this program."},
    {.name = "python_interpreter", .about = "The Python of the host.", .computed = "/usr/bin/python3"},
});

constexpr std::array kPrivileged{Attribute{
    .name = "privileged", .kind = &kBoolean, .about = "No: do not install packages on this host.", .fallback = "yes"}};
constexpr std::array kForceSetup{Attribute{
    .name = "force_setup", .kind = &kBoolean, .about = "Yes: gather Ansible's facts of it first.", .fallback = "no"}};

constexpr auto kHosts =
    joined(std::to_array<Attribute>(
               {{.name = "name",
                 .kind = &kHostName,
                 .about = "The name of the host in scopes and messages.",
                 .required = true},
                {.name = "ssh_host", .about = "The name or address that ssh connects to.", .required = true}}),
           kConnection, kPrivileged, kForceSetup, kWhen);

constexpr auto kHostOverrides =
    joined(std::to_array<Attribute>({{.name = "name", .about = "A host, or all, or *.", .required = true},
                                     {.name = "priority",
                                      .kind = &kNumber,
                                      .about = "Overrides with a higher number apply later.",
                                      .fallback = "100",
                                      .least = -2147483647},
                                     {.name = "ssh_host", .about = "As in hosts."}}),
           kConnection, kPrivileged, kForceSetup, kWhen);

constexpr auto kHostGroups =
    joined(std::to_array<Attribute>(
               {{.name = "name", .kind = &kHostName, .about = "The name of the group in scopes.", .required = true},
                {.name = "hosts", .kind = &kHostName, .about = "Its hosts.", .form = Form::List},
                {.name = "groups", .kind = &kHostName, .about = "Groups whose hosts it has too.", .form = Form::List}}),
           kForceSetup, kWhen);

constexpr auto kHostGroupOverrides =
    joined(std::to_array<Attribute>(
               {{.name = "name", .about = "A group, or all, or *.", .required = true},
                {.name = "hosts", .kind = &kHostName, .about = "Its hosts, instead of its own.", .form = Form::List}}),
           kForceSetup, kWhen);

}  // namespace

std::span<const Attribute> hostAttributes() { return kHosts; }
std::span<const Attribute> hostOverrideAttributes() { return kHostOverrides; }
std::span<const Attribute> hostGroupAttributes() { return kHostGroups; }
std::span<const Attribute> hostGroupOverrideAttributes() { return kHostGroupOverrides; }

}  // namespace deploy
