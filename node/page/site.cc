#include "node/page/site.h"

#include <algorithm>

#include "node/page/colour.h"
#include "sync/base/bytes.h"
#include "sync/base/hash.h"

namespace solidaires::page {
namespace {

// Two ridges and a sun, drawn in the colour of the text around them.
constexpr std::string_view kDefaultLogo =
    R"(<svg viewBox="0 0 48 48" aria-hidden="true" focusable="false"><circle cx="33" cy="14" r="6" fill="none" stroke="currentColor" stroke-width="2.5"/><path d="M3 40 17 16l9 14 5-7 14 17Z" fill="currentColor"/><path d="m17 16 4.8 7.5-3 2.5-2.6-2-3.4 2.6-1.8-1.2Z" fill="#fff" fill-opacity=".85"/></svg>)";

constexpr std::string_view kIcon =
    R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><circle cx="33" cy="14" r="6" fill="none" stroke="ACCENT" stroke-width="3"/><path d="M3 40 17 16l9 14 5-7 14 17Z" fill="ACCENT"/></svg>)";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::vector<View> menu_views(std::vector<MenuEntry> const& menu, std::string_view section) {
  std::vector<View> views;
  for (auto const& entry : menu) {
    View view;
    view.text("label", entry.link.label).text("href", entry.link.href);
    if (entry.key == section || std::ranges::find(entry.also, section) != entry.also.end())
      view.text("current", "true");
    if (entry.count > 0) view.number("count", entry.count);
    views.push_back(std::move(view));
  }
  return views;
}

std::vector<View> link_views(std::vector<Link> const& links) {
  std::vector<View> views;
  for (auto const& link : links) {
    views.push_back(std::move(View()
                                  .text("label", link.label)
                                  .text("href", link.href)
                                  .flag("in_french", link.written_in_french)));
  }
  return views;
}

}  // namespace

std::string phone_link(std::string_view phone) {
  std::string out;
  for (char const c : phone) {
    if ((c >= '0' && c <= '9') || (c == '+' && out.empty())) out += c;
  }
  return out;
}

std::string url_encode(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (char const c : text) {
    if (kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += hex(std::string_view(&c, 1));
    }
  }
  return out;
}

Site::Site(SiteIdentity identity, Templates const& templates, std::vector<MenuEntry> menu,
           std::function<std::string(std::string_view)> asset, Messages const& messages)
    : identity_(std::move(identity)),
      templates_(&templates),
      messages_(&messages),
      menu_(std::move(menu)),
      asset_(std::move(asset)) {
  theme_css_ = solidaires::page::theme_css(
      Colour::parse(identity_.accent).value_or(Colour{0.043, 0.42, 0.455}));
}

std::string Site::theme_url() const {
  return cat("/theme.css?v=", hex(sha256(theme_css_)).substr(0, 8));
}

std::string Site::icon_svg() const {
  return replaced(std::string(kIcon), "ACCENT", identity_.accent);
}

View Site::frame(PageInfo const& info) const {
  View frame;
  bool const home = info.path == messages_->address("/");
  frame.text("title", info.title)
      .text("full_title", home ? identity_.title : cat(info.title, " – ", identity_.short_title))
      .text("description", info.description)
      .flag("noindex", info.noindex)
      .text("site_title", identity_.title)
      .text("tagline", identity_.tagline)
      .text("site_query", info.query)
      .flag("demonstration", identity_.demonstration)
      .text("css_url", asset_("site.css"))
      .text("js_url", asset_("site.js"))
      .text("theme_url", theme_url())
      .text("icon_url", "/icone.svg")
      .text("main_class", info.main_class)
      .text("accessibility_state", identity_.accessibility_state)
      .html("logo_html",
            Html{identity_.logo_svg.empty() ? std::string(kDefaultLogo) : identity_.logo_svg});
  if (!info.path.empty()) frame.text("canonical", identity_.base_url + info.path);
  bool const own = !info.picture.empty();
  frame.text("picture", cat(identity_.base_url, own ? std::string_view(info.picture) : kPreview))
      .text("picture_alt", own ? info.picture_alt : identity_.territory);
  if (!info.json_ld.empty()) {
    frame.html("json_ld_html", Html{cat("<script type=\"application/ld+json\">",
                                        replaced(info.json_ld, "<", "\\u003c"), "</script>\n")});
  }
  if (!identity_.phone.empty()) {
    frame.text("phone", identity_.phone)
        .text("phone_link", phone_link(identity_.phone))
        .text("hours", identity_.hours);
  }
  frame.flag("has_network", !identity_.network.empty())
      .list("network", link_views(identity_.network));
  if (!info.breadcrumb.empty()) {
    std::vector<Link> trail{{std::string(messages_->say("Accueil"_fr)), messages_->address("/")}};
    trail.insert(trail.end(), info.breadcrumb.begin(), info.breadcrumb.end());
    frame.flag("has_breadcrumb", true).list("breadcrumb", link_views(trail));
  }
  add_languages(frame, info);
  std::vector<View> alternates;
  for (auto const& alternate : info.alternates) {
    alternates.push_back(std::move(View()
                                       .text("type", alternate.type)
                                       .text("label", alternate.label)
                                       .text("href", alternate.href)));
  }
  frame.list("alternates", std::move(alternates));
  return frame;
}

// In both languages where there are both; else the way to the other language's home page.
void Site::add_languages(View& frame, PageInfo const& info) const {
  bool const is_french = messages_->language() == schema::Language::fr;
  std::vector<View> languages;
  auto const add = [&](std::string_view code, std::string_view path) {
    languages.push_back(
        std::move(View().text("code", code).text("address", cat(identity_.base_url, path))));
  };
  if (!info.translation.empty() && !info.path.empty()) {
    add("fr", is_french ? info.path : info.translation);
    add("en", is_french ? info.translation : info.path);
  }
  frame.list("languages", std::move(languages));
  auto const elsewhere = std::string_view(is_french ? "/en" : "/");
  View other;
  other.text("code", is_french ? "en" : "fr")
      .text("label", is_french ? "In English" : "En français")
      .text("href", info.translation.empty() ? elsewhere : std::string_view(info.translation));
  frame.view("other_language", other);
}

std::string Site::finish(View frame, std::string_view name, View const& view) const {
  frame.html("body_html", templates_->render(name, view));
  return templates_->render("page/layout", frame).text;
}

std::string Site::page(PageInfo const& info, std::string_view name, View const& view) const {
  View whole = frame(info);
  whole.list("navigation", menu_views(menu_, info.section));
  whole.text("report_url", info.path.empty()
                               ? messages_->address("/signaler")
                               : messages_->address(cat("/signaler?page=", url_encode(info.path))));
  return finish(std::move(whole), name, view);
}

std::string Site::embedded_page(PageInfo const& info, std::string_view name,
                                View const& view) const {
  View whole = frame(info);
  whole.html("body_html", templates_->render(name, view));
  return templates_->render("page/embedded", whole).text;
}

std::string Site::office_page(PageInfo const& info, OfficeFrame const& office,
                              std::string_view name, View const& view) const {
  PageInfo unlisted = info;
  unlisted.noindex = true;
  unlisted.path.clear();
  View whole = frame(unlisted);
  whole.flag("office", true).text("body_class", "office").text("report_url", "/signaler");
  whole.list("navigation", menu_views(office.menu, info.section)).html("csrf_html", office.csrf);
  if (!office.visitor_name.empty()) {
    whole.view("visitor", View().text("name", office.visitor_name));
  }
  return finish(std::move(whole), name, view);
}

}  // namespace solidaires::page
