// SPDX-License-Identifier: MIT
#include "daemon/layout/template.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

#include "lib/core/text.hpp"

namespace layout {
namespace {

class Filler {
 public:
  Filler(std::string_view text, const Variables& variables) : text_(text), variables_(variables) {}

  core::Expected<std::string> fill() {
    while (at_ < text_.size() && error_.empty()) step();
    if (error_.empty() && !open_.empty()) fail(open_.back().line, "'{{% if ... %}}' has no '{{% endif %}}'");
    if (!error_.empty()) return core::Err{core::Error{error_, 0}};
    return std::move(out_);
  }

 private:
  struct Branch {
    bool keep = false;   // what is being read goes out
    bool outer = false;  // so did what is around it
    bool hadElse = false;
    int line = 0;
  };

  [[nodiscard]] bool keeping() const { return open_.empty() || open_.back().keep; }
  [[nodiscard]] int lineAt(std::size_t place) const {
    return 1 + static_cast<int>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(place), '\n'));
  }
  void fail(int line, const std::string& reason) { error_ = fmt::format("line {}: {}", line, reason); }

  void step() {
    const auto next = text_.find("{{", at_);
    const auto tag = next == std::string_view::npos ? std::string_view() : text_.substr(next, 3);
    if (keeping()) out_ += text_.substr(at_, next == std::string_view::npos ? next : next - at_);
    if (tag.empty()) {
      at_ = text_.size();
    } else if (tag == "{{{") {
      between(next, "}}}", [this](std::string_view inner, int line) { variable(inner, line); });
    } else if (tag == "{{%") {
      between(next, "%}}", [this](std::string_view inner, int line) { block(inner, line); });
      if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    } else {
      if (keeping()) out_ += "{{";
      at_ = next + 2;
    }
  }

  template <class Use>
  void between(std::size_t start, std::string_view closing, Use use) {
    const auto end = text_.find(closing, start + 3);
    if (end == std::string_view::npos) return fail(lineAt(start), fmt::format("there is no '{}' to this tag", closing));
    at_ = end + closing.size();
    use(core::trim(text_.substr(start + 3, end - start - 3)), lineAt(start));
  }

  void variable(std::string_view name, int line) {
    if (!keeping()) return;
    const auto found = variables_.find(name);
    if (found == variables_.end()) return fail(line, fmt::format("there is no variable '{}'", name));
    out_ += found->second;
  }

  void block(std::string_view inner, int line) {
    const auto words = core::splitBlanks(inner);
    if (words.size() == 1 && words[0] == "endif" && !open_.empty()) {
      open_.pop_back();
    } else if (words.size() == 1 && words[0] == "else" && !open_.empty() && !open_.back().hadElse) {
      auto& branch = open_.back();
      branch.hadElse = true;
      branch.keep = branch.outer && !branch.keep;
    } else if (words.size() >= 4 && words.size() <= 5 && words[0] == "if" && words[2] == "is" &&
               words.back() == "defined" && (words.size() == 4 || words[3] == "not")) {
      const bool defined = variables_.count(words[1]) > 0;
      open_.push_back({keeping() && defined == (words.size() == 4), keeping(), false, line});
    } else {
      fail(line,
           fmt::format("'{}' is not understood here: if NAME is defined, if NAME is not defined, else, endif", inner));
    }
  }

  std::string_view text_;
  const Variables& variables_;
  std::size_t at_ = 0;
  std::string out_;
  std::string error_;
  std::vector<Branch> open_;
};

constexpr std::string_view kBuiltin =
    R"(; supervisord_{{{name}}}.conf: written by supervisor-manager from {{{source}}}.
; Changes made here are lost; programs belong in {{{include_dir}}}/*.ini

[unix_http_server]
file={{{socks_dir}}}/supervisor.sock
chmod=0700
chown={{{user}}}:{{{group}}}

{{% if http_server is defined %}}
[inet_http_server]
port={{{http_server.endpoint}}}
{{% if http_server.allowed_hosts is defined %}}
allowed_hosts={{{http_server.allowed_hosts}}}
{{% endif %}}
{{% if http_server.password is defined %}}
username={{{http_server.username}}}
password={{{http_server.password}}}
{{% endif %}}

{{% endif %}}
[supervisord]
logfile={{{logs_dir}}}/supervisord.log
logfile_maxbytes=50MB
logfile_backups=10
{{% if output_twice is not defined %}}
; loglevel=debug would write every line of the programs' output here, too
{{% endif %}}
loglevel={{{loglevel}}}
pidfile={{{pid_dir}}}/supervisord.pid
nodaemon=false
minfds={{{minfds}}}
minprocs={{{minprocs}}}
umask={{{umask}}}
user={{{user}}}
identifier=supervisor_{{{name}}}
childlogdir={{{logs_dir}}}
{{% if directory is defined %}}
directory={{{directory}}}
{{% endif %}}

; supervisorctl and the web page need this section.
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{{{socks_dir}}}/supervisor.sock

[include]
files={{{include_dir}}}/*.ini
)";

}  // namespace

core::Expected<std::string> fillTemplate(std::string_view text, const Variables& variables) {
  return Filler(text, variables).fill();
}

std::string_view builtinTemplate() noexcept { return kBuiltin; }

}  // namespace layout
