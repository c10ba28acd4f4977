#include "sync/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace solidaires {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::err;
}

spdlog::logger& logger() {
  static auto const instance = [] {
    auto made = std::make_shared<spdlog::logger>("solidaires",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

// Quotes a value that holds spaces, quotes, '=' or control characters, so that a line stays one
// line and nobody can forge a second field through a value.
void append_value(std::string& line, std::string const& value) {
  bool const plain = !value.empty() && value.find_first_of(" \"=\\") == std::string::npos &&
                     value.find_first_of(std::string("\n\r\t\0", 4)) == std::string::npos;
  if (plain) {
    line += value;
    return;
  }
  line += '"';
  for (char const c : value) {
    if (c == '"' || c == '\\') line += '\\';
    bool const control = static_cast<unsigned char>(c) < 0x20;
    line += control ? ' ' : c;
  }
  line += '"';
}

}  // namespace

void log_setup(LogLevel level) {
  logger().set_level(level_of(level));
}

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!logger().should_log(level_of(level))) return;
  std::string line(event);
  for (auto const& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value);
  }
  logger().log(level_of(level), line);
}

}  // namespace solidaires
