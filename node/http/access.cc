#include "node/http/access.h"

#include <algorithm>
#include <array>

namespace solidaires::http {
namespace {

constexpr std::array<std::string_view, 6> kBrowsers{"Mozilla/", "Opera/", "Lynx/",
                                                    "w3m/",     "Links",  "ELinks"};
constexpr std::array<std::string_view, 5> kRobots{"bot", "crawl", "spider", "http:", "https:"};

bool names(std::string_view text, std::string_view lower) noexcept {
  auto const same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  return !std::ranges::search(text, lower, same).empty();
}

}  // namespace

bool is_robot(std::string_view user_agent) noexcept {
  return std::ranges::none_of(kBrowsers,
                              [&](auto const begin) { return user_agent.starts_with(begin); }) ||
         std::ranges::any_of(kRobots, [&](auto const word) { return names(user_agent, word); });
}

}  // namespace solidaires::http
