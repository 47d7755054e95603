// SPDX-License-Identifier: MIT
// Compiles fmt into our programs, once. Its shared library would need the shared C++ runtime: loading and relocating
// both takes longer than everything else that a command does.
#define FMT_HEADER_ONLY
// Numbers are never formatted for a locale: without this each program would contain all of std::locale.
#define FMT_STATIC_THOUSANDS_SEPARATOR ','
#include <fmt/format.h>

FMT_BEGIN_NAMESPACE
namespace detail {

// The functions that fmt declares for users of its library, as in its src/format.cc.
template FMT_API auto dragonbox::to_decimal(float x) noexcept -> dragonbox::decimal_fp<float>;
template FMT_API auto dragonbox::to_decimal(double x) noexcept -> dragonbox::decimal_fp<double>;
template FMT_API auto thousands_sep_impl(locale_ref) -> thousands_sep_result<char>;
template FMT_API auto decimal_point_impl(locale_ref) -> char;
template FMT_API void buffer<char>::append(const char*, const char*);
template FMT_API void vformat_to(buffer<char>&, string_view, basic_format_args<FMT_BUFFER_CONTEXT(char)>, locale_ref);

}  // namespace detail
FMT_END_NAMESPACE

namespace {

// Inline functions are compiled where they are used.
[[gnu::used]] std::string (*const kVformat)(fmt::string_view, fmt::format_args) = &fmt::vformat;
[[gnu::used]] void (*const kVprint)(std::FILE*, fmt::string_view, fmt::format_args) = &fmt::vprint;
[[gnu::used]] void (*const kVprintOut)(fmt::string_view, fmt::format_args) = &fmt::vprint;
[[gnu::used]] bool (*const kPrintable)(std::uint32_t) = &fmt::detail::is_printable;
[[gnu::used]] void (*const kAssertFail)(const char*, int, const char*) = &fmt::detail::assert_fail;
[[gnu::used]] void (*const kThrow)(const char*) = &fmt::detail::throw_format_error;

}  // namespace
