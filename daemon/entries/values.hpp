// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lib/core/result.hpp"

/// The values of an entry's attributes: text to type, one function a kind. An error is the reason, in words that follow
/// "SECTION KEY: ".
namespace entries {

template <class T>
using Parsed = core::Result<T, std::string>;

/// yes, no, true, false, on, off, 1, 0; any case.
[[nodiscard]] Parsed<bool> parseBoolean(const std::string& text);
[[nodiscard]] Parsed<std::int64_t> parseNumber(const std::string& text, std::int64_t least, std::int64_t most);
/// Bytes with an optional K, M, G or T (powers of 1024); "infinity" is UINT64_MAX.
[[nodiscard]] Parsed<std::uint64_t> parseAmount(const std::string& text);
/// Octal, at most 0777.
[[nodiscard]] Parsed<std::uint32_t> parseMode(const std::string& text);
/// An absolute path without "..", links to be resolved or characters that an INI file, a glob or a shell reads as
/// something else; without a trailing slash, and with /var/run as /run, which it is a link to.
[[nodiscard]] Parsed<std::string> parsePath(const std::string& text);
/// "HOST:PORT", "*:PORT", "[IPV6]:PORT".
[[nodiscard]] Parsed<std::string> parseEndpoint(const std::string& text);
/// Plain, or a hash: {SHA}, {SHA256} and {SHA512} need their number of hexadecimal digits.
[[nodiscard]] Parsed<std::string> parsePassword(const std::string& text);
[[nodiscard]] Parsed<std::string> parseUserName(const std::string& text);
/// Names of hosts, with commas or blanks between them; returned with commas.
[[nodiscard]] Parsed<std::string> parseHostNames(const std::string& text);
/// Supervisor's form: KEY=value,KEY2="value, quoted".
[[nodiscard]] Parsed<std::vector<std::pair<std::string, std::string>>> parseEnvironment(const std::string& text);
/// "PERCENT%", "max" or "QUOTA [PERIOD]" in microseconds, as the kernel's cpu.max.
[[nodiscard]] Parsed<std::string> parseCpuMax(const std::string& text);

/// The name of an instance: it becomes part of paths, of a command and of a D-Bus path.
[[nodiscard]] bool isInstanceName(const std::string& name) noexcept;
/// The name of a program or group: it becomes a file name and a section name.
[[nodiscard]] bool isProgramName(const std::string& name) noexcept;

}  // namespace entries
