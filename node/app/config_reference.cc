// The reference of the configuration, from the same table that validates it.
#include <chrono>

#include "node/app/config_keys.h"
#include "sync/base/bytes.h"

namespace solidaires::app {
namespace {

std::string_view role_name(Role role) {
  return role == Role::hub ? "hub" : "node";
}

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "";
}

std::string list_text(std::vector<std::string> const& list) {
  std::string text = "[";
  for (auto const& element : list) text += cat(text.size() > 1 ? ", \"" : "\"", element, '"');
  return text + "]";
}

// The default as TOML; empty if it is nothing.
std::string default_text(Slot const& slot) {
  auto const show = []<class Value>(Value const* value) -> std::string {
    if constexpr (std::same_as<Value, std::string>) {
      return value->empty() ? "" : cat('"', *value, '"');
    } else if constexpr (std::same_as<Value, std::filesystem::path> ||
                         std::same_as<Value, NodeName> || std::same_as<Value, HostPort>) {
      return "";  // never has one
    } else if constexpr (std::same_as<Value, Role>) {
      return cat('"', role_name(*value), '"');
    } else if constexpr (std::same_as<Value, LogLevel>) {
      return cat('"', level_name(*value), '"');
    } else if constexpr (std::same_as<Value, bool>) {
      return *value ? "true" : "false";
    } else if constexpr (std::same_as<Value, std::vector<std::string>>) {
      return list_text(*value);
    } else if constexpr (requires { value->count(); }) {
      return cat(value->count());
    } else {
      return cat(*value);
    }
  };
  return std::visit(show, slot);
}

std::string row(Key const& key) {
  Config defaults;
  auto const fallback = default_text(key.slot(defaults));
  std::string meaning(key.meaning);
  if (key.range.max > 0) meaning += cat(" (from ", key.range.min, " to ", key.range.max, ')');
  auto const shown = key.required       ? std::string("required")
                     : fallback.empty() ? std::string("–")
                                        : cat('`', fallback, '`');
  return cat("| `", key.name, "` | ", shown, " | ", meaning, ". |\n");
}

}  // namespace

std::string config_reference() {
  std::string text =
      "`extends = \"FILE\"`, above all sections, reads another file first; what stands in this one "
      "wins. Paths are relative to the file that names them.\n";
  for (auto const& section : config_sections()) {
    text += cat("\n### [", section.name, "]\n\n", section.meaning,
                "\n\n| key | default | meaning |\n|---|---|---|\n");
    for (auto const& key : config_keys()) {
      if (key.section == section.name) text += row(key);
    }
  }
  return text;
}

}  // namespace solidaires::app
