// Structured log lines, "event key=value key=value". Never personal data, never a token or a
// secret. An error is logged once, by whoever does not return it. Any thread; spdlog stays in the
// .cc.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace solidaires {

enum class LogLevel { debug, info, warning, error };

struct LogField {
  std::string key;
  std::string value;

  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, char const* text) : key(name), value(text) {}
  LogField(std::string_view name, bool flag) : key(name), value(flag ? "true" : "false") {}
  template <class Number>
    requires(std::integral<Number> || std::floating_point<Number>) && (!std::same_as<Number, bool>)
  LogField(std::string_view name, Number number) : key(name), value(std::to_string(number)) {}
};

// Lines go to standard error. `level` is the lowest that is written.
void log_setup(LogLevel level);
// `event` is dotted and stable ("link.up"): people and alerts search for it. Values that need it
// are quoted.
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void log_debug(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::debug, event, fields);
}
inline void log_info(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::info, event, fields);
}
inline void log_warning(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::warning, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<LogField> fields = {}) {
  log(LogLevel::error, event, fields);
}

}  // namespace solidaires
