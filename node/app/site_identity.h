// From the configuration (and the registry of nodes) to what the pages show of an instance.
#pragma once

#include "node/app/config.h"
#include "node/geography/gazetteer.h"
#include "node/page/site.h"
#include "node/service/instance.h"

namespace solidaires::app {

[[nodiscard]] page::SiteIdentity site_identity(Config const& config,
                                               service::Instance const& instance,
                                               geography::Gazetteer const& gazetteer);
[[nodiscard]] std::vector<page::MenuEntry> main_menu(schema::ContentModel const& model,
                                                     page::Messages const& messages);

}  // namespace solidaires::app
