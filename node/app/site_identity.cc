#include "node/app/site_identity.h"

#include <fstream>
#include <sstream>

#include "node/text/fold.h"

namespace solidaires::app {

using page::operator""_fr;
namespace {

std::string read_text(std::filesystem::path const& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return in ? std::move(text).str() : std::string();
}

// "Savoie et Haute-Savoie", "Ain, Isère et Loire".
std::string names_of(std::vector<std::string> const& codes, geography::Gazetteer const& gazetteer) {
  std::string text;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    auto const* const department = gazetteer.department(codes[i]);
    auto const name = department == nullptr ? std::string_view(codes[i]) : department->name;
    text += cat(i == 0 ? "" : i + 1 == codes.size() ? " et " : ", ", name);
  }
  return text;
}

}  // namespace

page::SiteIdentity site_identity(Config const& config, service::Instance const& instance,
                                 geography::Gazetteer const& gazetteer) {
  page::SiteIdentity site;
  site.node = config.instance.name.str();
  site.title = config.instance.title;
  site.short_title = config.instance.short_title;
  site.tagline = config.instance.tagline;
  site.base_url = config.instance.base_url;
  site.departments = config.instance.territory;
  site.territory = names_of(config.instance.territory, gazetteer);
  site.hub = config.instance.role == Role::hub;
  site.demonstration = config.instance.demonstration;
  site.accent = config.look.accent;
  site.tiles = config.geography.tiles;
  site.tiles_credit = config.geography.tiles_credit;
  if (!config.look.logo.empty()) site.logo_svg = read_text(config.look.logo);
  site.email = config.contact.email;
  site.phone = config.contact.phone;
  site.postal_address = config.contact.postal_address;
  site.hours = config.contact.hours;
  site.publisher = config.legal.publisher;
  site.publisher_identity = config.legal.publisher_identity;
  site.publication_director = config.legal.publication_director;
  site.host = config.legal.host;
  site.privacy_contact = config.legal.privacy_contact;
  site.home_text = config.texts.home;
  site.about_text = config.texts.about;
  site.take_part_text = config.texts.take_part;
  site.privacy_text = config.texts.privacy;
  site.accessibility_text = config.texts.accessibility;
  for (auto const& node : instance.directory.nodes()) {
    if (node.name != instance.self && !node.base_url.empty())
      site.network.push_back({node.title, node.base_url + "/"});
  }
  return site;
}

std::vector<page::MenuEntry> main_menu(schema::ContentModel const& model,
                                       page::Messages const& messages) {
  auto const language = messages.language();
  std::vector<page::MenuEntry> menu;
  for (auto const& type : model.types()) {
    auto const slash = type.prefix.find('/');
    auto const first = std::string_view(type.prefix).substr(0, slash);
    // Types that share the first part of their addresses share an entry: "emploi/offres",
    // "emploi/demandes".
    if (slash != std::string::npos && !menu.empty() &&
        menu.back().link.href.starts_with(messages.address(cat('/', first, '/')))) {
      menu.back().also.push_back(type.key);
      continue;
    }
    auto const label = type.has(schema::Trait::has_schedule)
                           ? std::string(messages.say("Agenda"_fr))
                       : slash != std::string::npos && language == schema::Language::fr
                           ? text::capitalised(first)
                           : text::capitalised(type.plural.in(language));
    menu.push_back({type.key, {label, messages.address(cat('/', type.prefix))}, 0, {}});
  }
  return menu;
}

}  // namespace solidaires::app
