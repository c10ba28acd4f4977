// Areas that a record serves, between their codes ("commune:73303", "epci:200068997", "dep:73",
// "region:84", "country:FR") and the words of people. Pure functions over immutable geography.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/geography/gazetteer.h"

namespace solidaires::service {

// "Ugine (Savoie)", "CA Arlysère", "Savoie", "toute la France"; empty if the code names nothing.
[[nodiscard]] std::string area_name(geography::Gazetteer const& gazetteer, std::string_view code);

// What a person means by a text: one code, or else the names that it may stand for, best first.
struct AreaMeant {
  std::string code;
  std::vector<std::string> proposed;
};
// `territory`: departments of this portal, which decide between places of one name.
[[nodiscard]] AreaMeant area_meant(geography::Gazetteer const& gazetteer, std::string_view text,
                                   std::vector<std::string> const& territory);

}  // namespace solidaires::service
