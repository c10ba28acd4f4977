// The frame around every page of one instance: its name, colours, menu, footer and network. Built
// once at start (and again when the network changes), then immutable; any thread may render.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "node/page/templates.h"
#include "node/page/view.h"

namespace solidaires::page {

// The picture of a portal for those who show links to its pages.
inline constexpr std::string_view kPreview = "/apercu.png";

struct Link {
  std::string label;
  std::string href;                // empty: this page
  bool written_in_french = false;  // by people, whatever the language of the page
};

// What makes this instance different from the others; from its configuration.
struct SiteIdentity {
  std::string node;   // "savoie-mont-blanc"
  std::string title;  // "Savoie Mont-Blanc Solidaires"
  std::string short_title;
  std::string tagline;
  std::string base_url;                  // no '/' last
  std::string territory;                 // as people say it: "Savoie et Haute-Savoie"
  std::vector<std::string> departments;  // codes
  bool hub = false;
  bool demonstration = false;
  std::string accent = "#0b6b74";
  std::string tiles, tiles_credit;  // of maps, asked for by a button; or empty
  std::string logo_svg;             // markup of the operator's own file; empty: the default drawing
  std::string email, phone, postal_address, hours;
  std::string publisher, publisher_identity, publication_director, host, privacy_contact;
  std::string accessibility_state = "non conforme";  // as the statement says it
  std::string home_text, about_text, take_part_text, privacy_text, accessibility_text;  // Markdown
  std::vector<Link> network;  // the other portals

  // "https://tiles.example": where the tiles come from; empty: there are none.
  [[nodiscard]] std::string tiles_origin() const {
    return tiles.substr(0, tiles.find('/', tiles.find("://") + 3));
  }
};

struct MenuEntry {
  std::string key;  // matched by PageInfo::section
  Link link;
  std::int64_t count = 0;              // shown when above zero
  std::vector<std::string> also = {};  // other keys under the same entry
};

struct Alternate {
  std::string type;  // media type
  std::string label;
  std::string href;
};

struct PageInfo {
  std::string title;
  std::string description;
  std::string path;              // canonical path and query of this page; empty: none is announced
  std::string section;           // key of the menu entry to mark
  std::vector<Link> breadcrumb;  // without the home page, which is put first
  std::vector<Alternate> alternates;
  std::string json_ld;  // serialised JSON; written so that it cannot end its element
  std::string query;    // words to keep in the header's search
  // Path and query of the same page in the portal's other language; empty: there is none.
  std::string translation;
  std::string picture;  // path of one that shows what the page is about; empty: kPreview
  std::string picture_alt;
  std::string main_class = "wrap page";
  bool noindex = false;
};

// Who is logged in, for the frame of the back office. Public pages never show it: they are shared.
struct OfficeFrame {
  std::string visitor_name;  // empty: nobody
  Html csrf;                 // the hidden field of every form
  std::vector<MenuEntry> menu;
};

class Site {
 public:
  // `asset` gives the address of an asset by its name ("site.css"). `messages` are those of the
  // templates, and outlive the site.
  Site(SiteIdentity identity, Templates const& templates, std::vector<MenuEntry> menu,
       std::function<std::string(std::string_view)> asset, Messages const& messages = french());

  [[nodiscard]] SiteIdentity const& identity() const noexcept { return identity_; }
  [[nodiscard]] Templates const& templates() const noexcept { return *templates_; }
  [[nodiscard]] Messages const& messages() const noexcept { return *messages_; }
  [[nodiscard]] std::string asset(std::string_view name) const { return asset_(name); }

  // A whole public page around the template `name`.
  [[nodiscard]] std::string page(PageInfo const& info, std::string_view name,
                                 View const& view) const;
  // For a frame on another site: nothing around it, every link leaves the frame.
  [[nodiscard]] std::string embedded_page(PageInfo const& info, std::string_view name,
                                          View const& view) const;
  // The same in the frame of the back office: its own menu, never indexed.
  [[nodiscard]] std::string office_page(PageInfo const& info, OfficeFrame const& frame,
                                        std::string_view name, View const& view) const;
  // The style sheet of this instance's colours, and its address (which changes with them).
  [[nodiscard]] std::string const& theme_css() const noexcept { return theme_css_; }
  [[nodiscard]] std::string theme_url() const;
  // The site's sign as an SVG file, in its accent.
  [[nodiscard]] std::string icon_svg() const;

 private:
  [[nodiscard]] View frame(PageInfo const& info) const;
  void add_languages(View& frame, PageInfo const& info) const;
  [[nodiscard]] std::string finish(View frame, std::string_view name, View const& view) const;

  SiteIdentity identity_;
  Templates const* templates_;  // outlives the site
  Messages const* messages_;
  std::vector<MenuEntry> menu_;
  std::function<std::string(std::string_view)> asset_;
  std::string theme_css_;
};

// "04 65 71 38 10" as an address of a call allows it, after "tel:".
[[nodiscard]] std::string phone_link(std::string_view phone);
// "/a?x=1" for a value inside a query: percent-encoded as forms do.
[[nodiscard]] std::string url_encode(std::string_view text);

}  // namespace solidaires::page
