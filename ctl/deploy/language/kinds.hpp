// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "ctl/deploy/language/application.hpp"
#include "lib/core/result.hpp"

namespace deploy {

struct Attribute;

/// A value, or the reason why a text is none: words that follow "/section/0/key: ".
using Checked = core::Result<Value, std::string>;

/// The kind of a scalar. `read` never sees a text of Ansible (with "{{"): that is kept as it is if `late`, else
/// refused.
struct Kind {
  std::string_view name;  ///< in the manual: "number"
  Checked (*read)(const std::string& text, const Attribute& attribute);
  bool late = false;    ///< Ansible may compute it on the host
  bool secret = false;  ///< a password: clear text is warned about
};

extern const Kind kText;         ///< one line
extern const Kind kLines;        ///< any text
extern const Kind kNumber;       ///< between least and most of the attribute
extern const Kind kBoolean;      ///< the words of YAML 1.1
extern const Kind kWord;         ///< one of the attribute's words
extern const Kind kRestart;      ///< true, false, unexpected
extern const Kind kMode;         ///< "0755"
extern const Kind kMask;         ///< "022", as it was written
extern const Kind kPath;         ///< absolute, on the host
extern const Kind kLayout;       ///< a path that the manager accepts in an entry
extern const Kind kLocalPath;    ///< on the deployer
extern const Kind kFileName;     ///< without a slash
extern const Kind kHostName;     ///< of a host or a host_group
extern const Kind kAccount;      ///< login or group, as useradd accepts it
extern const Kind kAccounts;     ///< several, separated by commas
extern const Kind kSudoTargets;  ///< accounts or ALL
extern const Kind kCryptHash;    ///< of crypt(3)
extern const Kind kInstance;     ///< name of a supervisor
extern const Kind kProgram;      ///< name of a program or group
extern const Kind kUnit;         ///< name of a systemd unit, without .service
extern const Kind kAction;       ///< name of an action
extern const Kind kVariable;     ///< KEY=value
extern const Kind kEnvironment;  ///< KEY=value,KEY2="value"
extern const Kind kSize;         ///< bytes, with KB, MB or GB
extern const Kind kAmount;       ///< bytes with K, M, G, T, or infinity
extern const Kind kCpuMax;       ///< 50%
extern const Kind kSignal;
extern const Kind kEndpoint;    ///< HOST:PORT
extern const Kind kHostNames;   ///< names separated by commas
extern const Kind kUserName;    ///< of the web page
extern const Kind kPassword;    ///< a clear text, for ssh, sudo or a download
extern const Kind kPageSecret;  ///< a password of the web page, or its hash
extern const Kind kSource;      ///< file://, tmpl://, http:// or https://
extern const Kind kTreeSource;  ///< file:// or tmpl://
extern const Kind kScope;
extern const Kind kNotify;
extern const Kind kValidate;  ///< a command with %s

/// Whether Ansible computes the value: it has "{{" in it.
[[nodiscard]] bool isLate(std::string_view text) noexcept;

}  // namespace deploy
