// What describes the machine-readable side of a portal to machines: the OpenAPI document of
// /api/v1, the DCAT catalogue of its data sets, nodeinfo. Made from the content model: a new type
// or field appears by itself.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "node/portal/context.h"

namespace solidaires::portal {

// The parameters of a list and what they mean, in French: for people, and in the OpenAPI document.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> list_parameters_of(
    schema::Type const& type, page::Messages const& words);

inline constexpr std::string_view kLicenceUrl =
    "https://www.etalab.gouv.fr/licence-ouverte-open-licence";

[[nodiscard]] std::string open_api(Context const& context);        // OpenAPI 3.1, JSON
[[nodiscard]] std::string dcat_catalogue(Context const& context);  // DCAT 3, JSON-LD
[[nodiscard]] std::string nodeinfo_links(Context const& context);  // /.well-known/nodeinfo
[[nodiscard]] std::string nodeinfo(Context const& context);        // schema 2.1

}  // namespace solidaires::portal
