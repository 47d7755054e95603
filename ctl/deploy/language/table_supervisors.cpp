// SPDX-License-Identifier: MIT
#include <array>

#include "ctl/deploy/language/table_parts.hpp"
#include "lib/dialect/extension_keys.hpp"

/// The sections of instances, their programs and their groups.
namespace deploy {
namespace {

using Form = Attribute::Form;

constexpr std::array kServer = std::to_array<Attribute>({
    {.name = "endpoint",
     .kind = &kEndpoint,
     .about = "Where it listens. * is every address.",
     .fallback = "127.0.0.1:9001"},
    {.name = "username",
     .kind = &kUserName,
     .about = "The login that it asks for, if there is a password.",
     .computed = "the user of the instance"},
    {.name = "password",
     .kind = &kPageSecret,
     .about = "Its password: a hash of crypt(3), such as `openssl passwd -6` prints; {SHA256}, {SHA512} or {SHA} and "
              "the digest in hexadecimal; or clear text.",
     .computed = "none, everybody can use it"},
    {.name = "allowed_hosts",
     .kind = &kHostNames,
     .about = "Names that it accepts without a password, as in supervisor-manager.conf(5).",
     .form = Form::CommaList},
});

constexpr std::array kWords = std::to_array<Attribute>({
    {.name = "name", .kind = &kInstance, .about = "The name of the instance.", .required = true},
    scopeOf("The hosts; see SCOPES.", true),
    {.name = "user",
     .kind = &kAccount,
     .about = "The account that it belongs to, and which controls it.",
     .required = true},
    {.name = "group", .kind = &kAccount, .about = "The group of the account.", .required = true},
    {.name = "managed",
     .kind = &kBoolean,
     .about = "No: the instance is only described here, for its programs. It is neither created, started, stopped nor "
              "removed, and the run needs no root.",
     .fallback = "yes"},
    kNoRemove,
    {.name = "enabled", .kind = &kBoolean, .about = "Whether it starts at boot.", .fallback = "yes"},
    {.name = "state",
     .kind = &kWord,
     .about = "Its state after a deployment; current does not change it, and leaves a new one stopped.",
     .fallback = "started",
     .words = kStates},
    {.name = "http_server",
     .about = "Its web page and XML-RPC over TCP.",
     .form = Form::Map,
     .computed = "none",
     .members = kServer},
    {.name = "conf_file_src",
     .kind = &kTreeSource,
     .about = "A configuration of your own: file://PATH or tmpl://PATH on the deployer. In both, {{{ ATTRIBUTE }}} is "
              "replaced with attributes of the instance, and {{ NAME }} with variables.",
     .computed = "generated"},
    {.name = "conf_file_dst",
     .kind = &kLayout,
     .about = "Its configuration.",
     .fallback = "/etc/supervisord_NAME.conf"},
    {.name = "logs_dir", .kind = &kLayout, .about = "Its logs.", .fallback = "/var/log/supervisor_NAME"},
    {.name = "pid_dir", .kind = &kLayout, .about = "For supervisord.pid.", .fallback = "/run/supervisor_NAME"},
    {.name = "socks_dir", .kind = &kLayout, .about = "For supervisor.sock.", .fallback = "/run/supervisor_NAME"},
    {.name = "include_dir",
     .kind = &kLayout,
     .about = "The files of its programs and groups.",
     .fallback = "/etc/supervisord_NAME.d"},
    {.name = "supervisorctl",
     .kind = &kLayout,
     .about = "The command that controls it.",
     .fallback = "/usr/bin/supervisorctl_NAME"},
});

/// Attributes of an entry of the manager which Supervisor's deployment does not have.
constexpr std::string_view kAsEntry = "As in supervisor-manager.conf(5).";
constexpr Attribute entryKey(std::string_view name, const Kind& kind) {
  return {.name = name, .kind = &kind, .about = kAsEntry};
}
constexpr Attribute entryNumber(std::string_view name, std::int64_t least, std::int64_t most) {
  return {.name = name, .kind = &kNumber, .about = kAsEntry, .least = least, .most = most};
}
constexpr std::array kLogLevels =
    std::to_array<std::string_view>({"critical", "error", "warn", "info", "debug", "trace", "blather"});
constexpr std::array kEntry{
    entryKey("adopt_files", kBoolean),
    entryKey("cpu_max", kCpuMax),
    entryNumber("cpu_weight", 1, 10000),
    entryKey("directory", kPath),
    Attribute{.name = "environment", .kind = &kEnvironment, .about = kAsEntry, .form = Form::CommaList},
    entryNumber("io_weight", 1, 10000),
    entryKey("limit_as", kAmount),
    entryKey("limit_core", kAmount),
    entryKey("limit_cpu", kAmount),
    entryKey("limit_data", kAmount),
    entryKey("limit_fsize", kAmount),
    entryKey("limit_locks", kAmount),
    entryKey("limit_memlock", kAmount),
    entryKey("limit_msgqueue", kAmount),
    entryKey("limit_nice", kAmount),
    entryKey("limit_nofile", kAmount),
    entryKey("limit_nproc", kAmount),
    entryKey("limit_rtprio", kAmount),
    entryKey("limit_sigpending", kAmount),
    entryKey("limit_stack", kAmount),
    Attribute{.name = "loglevel", .kind = &kWord, .about = kAsEntry, .words = kLogLevels},
    entryKey("memory_high", kAmount),
    entryKey("memory_max", kAmount),
    entryNumber("nice", -20, 19),
    entryKey("no_new_privileges", kBoolean),
    entryNumber("oom_score_adj", -1000, 1000),
    entryNumber("priority", -99999, 99999),
    Attribute{.name = "supplementary_groups", .kind = &kAccounts, .about = kAsEntry, .form = Form::CommaList},
    entryKey("tasks_max", kAmount),
    entryKey("umask", kMask),
};

constexpr auto kSupervisors = joined(kWords, kEntry, kWhen);

constexpr std::array kProgramWords = std::to_array<Attribute>({
    {.name = "supervisor", .kind = &kInstance, .about = "Its instance, one of supervisors.", .required = true},
    {.name = "name", .kind = &kProgram, .about = "The name of the program.", .required = true},
    scopeOf("The hosts, which must be hosts of its instance.", false, {}, "that of the instance"),
    {.name = "command",
     .about = "The program and its arguments. No shell reads it. Required, unless conf_file_src is given."},
    {.name = "conf_file_src",
     .kind = &kTreeSource,
     .about = "A section of your own instead of a generated one: file://PATH or tmpl://PATH on the deployer."},
    {.name = "state",
     .kind = &kWord,
     .about = "Its state after a deployment; current does not change it.",
     .fallback = "started",
     .words = kStates},
    {.name = "autostart",
     .kind = &kBoolean,
     .about = "Whether it starts with its instance. Always written.",
     .computed = "yes if state is started, else no"},
    kNoRemove,
});

/// A key of [program:x], which is written as it is.
constexpr std::string_view kAsProgram = "As in supervisord.conf(5).";
constexpr Attribute programKey(std::string_view name, const Kind& kind, Form form = Form::Scalar) {
  return {.name = name, .kind = &kind, .about = kAsProgram, .form = form, .late = true};
}
constexpr Attribute programNumber(std::string_view name, std::int64_t least = 0, std::int64_t most = 2147483647) {
  return {.name = name, .kind = &kNumber, .about = kAsProgram, .least = least, .most = most, .late = true};
}
constexpr std::array kBackpressures = std::to_array<std::string_view>({"block", "drop"});
constexpr std::array kProgramKeys{
    programKey("process_name", kText),
    programNumber("numprocs"),
    programNumber("numprocs_start"),
    programNumber("priority", -2147483647),
    programKey("autorestart", kRestart),
    programNumber("startsecs"),
    programNumber("startretries", -1),
    Attribute{.name = "exitcodes",
              .kind = &kNumber,
              .about = kAsProgram,
              .form = Form::ListOrScalar,
              .most = 255,
              .late = true},
    programKey("stopsignal", kText),
    programNumber("stopwaitsecs"),
    programKey("stopasgroup", kBoolean),
    programKey("killasgroup", kBoolean),
    programKey("user", kText),
    programKey("redirect_stderr", kBoolean),
    programKey("stdout_logfile", kText),
    programKey("stdout_logfile_maxbytes", kSize),
    programNumber("stdout_logfile_backups"),
    programKey("stderr_logfile", kText),
    programKey("stderr_logfile_maxbytes", kSize),
    programNumber("stderr_logfile_backups"),
    programKey("environment", kVariable, Form::List),
    programKey("directory", kText),
    programKey("umask", kMask),
    programKey("serverurl", kText),
    programKey("stdout_capture_maxbytes", kSize),
    programKey("stdout_events_enabled", kBoolean),
    programKey("stdout_syslog", kBoolean),
    programKey("stderr_capture_maxbytes", kSize),
    programKey("stderr_events_enabled", kBoolean),
    programKey("stderr_syslog", kBoolean),
    programNumber("oom_score_adj", -1000, 1000),
    Attribute{.name = "log_backpressure", .kind = &kWord, .about = kAsProgram, .words = kBackpressures, .late = true},
};

/// The keys that Supervisor does not have. supervisord knows their types, and the run checks the sections.
constexpr auto kExtendedKeys = [] {
  std::array<Attribute, config::kExtensionKeys.size()> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = programKey(config::kExtensionKeys[i].name, kText);
  return all;
}();

constexpr auto kPrograms = joined(kProgramWords, kProgramKeys, kExtendedKeys, kWhen);

constexpr auto kProgramGroups = joined(
    std::to_array<Attribute>(
        {{.name = "supervisor", .kind = &kInstance, .about = "Its instance, one of supervisors.", .required = true},
         {.name = "name", .kind = &kProgram, .about = "The name of the group.", .required = true},
         {.name = "programs",
          .kind = &kProgram,
          .about = "Its programs. All of them must have the same hosts, which are those of the group.",
          .form = Form::List,
          .required = true},
         {.name = "priority", .kind = &kNumber, .about = kAsProgram, .least = -2147483647},
         scopeOf("Accepted, without effect.", false),
         kNoRemove}),
    kWhen);

}  // namespace

std::span<const Attribute> supervisorAttributes() { return kSupervisors; }
std::span<const Attribute> programAttributes() { return kPrograms; }
std::span<const Attribute> programGroupAttributes() { return kProgramGroups; }

}  // namespace deploy
