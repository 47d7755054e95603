// SPDX-License-Identifier: MIT
#include "ctl/supervisorctl/failure_text.hpp"

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/core/users.hpp"

namespace ctl {
namespace {

constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kLinkPrefix = "supervisorctl_";
constexpr std::string_view kElsewhere = "give the right address with -s URL or its configuration with -c FILE";

bool isUnix(const SessionSettings& settings) { return settings.serverUrl.starts_with(kUnix); }

std::string socketOf(const SessionSettings& settings) { return settings.serverUrl.substr(kUnix.size()); }

/// How to start the supervisord of this call: if the link names an instance, with the command for it.
std::string startIt(const SessionSettings& settings) {
  const std::string name = settings.program.substr(settings.program.rfind('/') + 1);
  if (!name.starts_with(kLinkPrefix)) return "start it";
  return "start it with \"supervisor-manager start " + name.substr(kLinkPrefix.size()) + '"';
}

std::string accountName(uid_t uid) {
  const auto account = core::findAccount(uid);
  return account ? account->name : "user id " + std::to_string(uid);
}

std::string permissionText(const SessionSettings& settings) {
  const std::string start = settings.serverUrl + ": Permission denied: ";
  const std::string me = accountName(::geteuid());
  struct stat info {};
  if (!isUnix(settings))
    return start + "the system (for example a firewall) does not let " + me + " connect; ask its administrator";
  if (::stat(socketOf(settings).c_str(), &info) != 0)
    return start + me +
           " may not enter a directory in the path of this socket; run supervisorctl as the account that "
           "runs supervisord, or as root";
  const std::string owner = accountName(info.st_uid);
  return start + "the socket belongs to " + owner + " and its mode does not admit " + me + "; run supervisorctl as " +
         owner + " or root, or admit " + me + " with chmod and chown in [unix_http_server]";
}

std::string unauthorizedText(const SessionSettings& settings) {
  const std::string& url = settings.serverUrl;
  if (!settings.username || !settings.password)
    return url +
           " requires a user name and a password; give them with -u and -p or --password-file, or as username and "
           "password in [supervisorctl]";
  return url + " refuses the user name " + *settings.username +
         " with this password; use those of the server's section ([unix_http_server] or [inet_http_server])";
}

std::string statusText(const Failure& failure, const SessionSettings& settings) {
  const std::string answered = settings.serverUrl + " answers " + failure.text + ": ";
  switch (failure.code) {
    case 403:
      return answered +
             "a server without a password can only be called by an address, localhost, the name of its machine or one "
             "of "
             "allowed_hosts; use one of these";
    case 503:
      return answered +
             "it has as many clients as it can serve; try again in a moment, and close clients that are not needed "
             "(tail -f, open pages)";
    case 404: return answered + "this server is not a supervisord; " + std::string(kElsewhere);
    default: return answered + "the log of supervisord may have more details (maintail)";
  }
}

/// The next step after a failed call of the system.
std::string adviceFor(int code, const SessionSettings& settings) {
  switch (code) {
    case EPIPE:
    case ECONNRESET:
      return "supervisord closed the connection, because it exits or has too many clients; try again in a moment";
    case EAGAIN: return "too many clients are waiting; supervisord is busy, stopped or hangs: check its log";
    case ETIMEDOUT: return "no answer in time; supervisord hangs, or a firewall blocks the connection";
    case ENAMETOOLONG:
      return "the path of a socket has at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
             " bytes; configure a shorter one";
    default: return (isUnix(settings) ? "check this path, or " : "check this address, or ") + std::string(kElsewhere);
  }
}

std::string systemText(const Failure& failure, const SessionSettings& settings) {
  if (failure.code == EACCES || failure.code == EPERM) return permissionText(settings);
  const char* words = ::strerrordesc_np(failure.code);
  return settings.serverUrl + ": " + (words ? words : "Unknown error") + ": " + adviceFor(failure.code, settings);
}

}  // namespace

std::string connectionText(const Failure& failure, const SessionSettings& settings) {
  const std::string& url = settings.serverUrl;
  if (failure.isFault(xmlrpc::FaultCode::ShutdownState))
    return url + " is shutting down (SHUTDOWN_STATE) and does not accept commands; wait until it has exited, then " +
           startIt(settings) + " again";
  switch (failure.kind) {
    case Failure::Kind::Refused:
      return url + " refused connection: nothing listens there" + (isUnix(settings) ? " any more; " : "; ") +
             "if supervisord does not run, " + startIt(settings) + ", else " + std::string(kElsewhere);
    case Failure::Kind::NoFile:
      return url + " no such file: supervisord does not run, or its socket is elsewhere; " + startIt(settings) +
             ", or " + std::string(kElsewhere);
    case Failure::Kind::Unauthorized: return unauthorizedText(settings);
    case Failure::Kind::Status: return statusText(failure, settings);
    case Failure::Kind::System: return systemText(failure, settings);
    case Failure::Kind::Lookup:
      return url + ": " + failure.text + ": check the name of the host, or " + std::string(kElsewhere);
    case Failure::Kind::Protocol:
      return url + ": " + failure.text +
             "; supervisord exits or has too many clients (try again in a moment), or this server is not a "
             "supervisord (" +
             std::string(kElsewhere) + ')';
    case Failure::Kind::Address: return failure.text + "; write http://HOST:PORT or unix:///PATH";
    case Failure::Kind::Fault:
    case Failure::Kind::Interrupted:
    case Failure::Kind::Other: break;
  }
  return {};
}

std::string failureLine(const Failure& failure, const SessionSettings& settings) {
  if (failure.isFault(xmlrpc::FaultCode::CantReread)) return "ERROR: " + failure.text;
  const std::string text = connectionText(failure, settings);
  if (text.empty()) return genericLine(failure);
  return (failure.kind == Failure::Kind::Unauthorized ? "Server requires authentication: " : "error: ") + text;
}

std::string shutdownLine(std::string_view what, const SessionSettings& settings) {
  return "ERROR: " + std::string(what) + ": wait until " + settings.serverUrl + " has exited, then " +
         startIt(settings) + " again";
}

}  // namespace ctl
