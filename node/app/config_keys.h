// The table of configuration keys: where each value goes, what it may be, what it means. Internal
// to the configuration; everybody else reads Config. Immutable: any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "node/app/config.h"

namespace solidaires::app {

// Where a value goes; the alternative says what TOML must hold.
using Slot =
    std::variant<std::string*, NodeName*, Role*, LogLevel*, HostPort*, bool*, std::uint16_t*,
                 std::uint32_t*, std::uint64_t*, std::chrono::seconds*, std::chrono::minutes*,
                 std::chrono::hours*, std::filesystem::path*, std::vector<std::string>*>;

// What a text must look like beyond being text. For lists: each element.
enum class Form : std::uint8_t {
  any,
  fetching,       // which files are fetched before anybody asks
  second_factor,  // of whom one-time codes are asked
  email,
  phone,
  language,
  department,
  base_url,
  mail_server,
  tiles,  // of a map: https://, with {z}, {x} and {y}
  colour,
  markdown,      // Markdown, or the path of a .md file
  file,          // must exist
  svg_file,      // must exist
  directory,     // made when needed
  address,       // IPv4 or IPv6
  network,       // an address or a CIDR block
  subscription,  // "all" or the name of a node
};

struct Range {
  std::uint64_t min = 0;
  std::uint64_t max = 0;  // min = max = 0: not a number
};

struct Key {
  std::string_view section;
  std::string_view name;
  Slot (*slot)(Config&);
  std::string_view meaning;  // Markdown, without a full stop at its end
  bool required = false;
  Form form = Form::any;
  Range range{};
};

struct Section {
  std::string_view name;
  std::string_view meaning;
};

[[nodiscard]] std::span<Section const> config_sections();  // in the order of the reference
[[nodiscard]] std::span<Key const> config_keys();          // grouped by section

// Checks a text against a form. Paths are not opened here. The error's message says what it must
// be.
[[nodiscard]] Result<> check_form(Form form, std::string_view text);
// "host:port", "[v6]:port", with or without "wss://" in front.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);
[[nodiscard]] bool is_loopback(std::string_view address);
// The candidate that a person most likely meant; empty if none is near.
[[nodiscard]] std::string_view nearest(std::string_view text,
                                       std::span<std::string_view const> candidates);

}  // namespace solidaires::app
