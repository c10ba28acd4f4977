#include "tests/unit/portal/world.h"

#include <set>

namespace solidaires::portal {
namespace {

page::Templates const& templates() {
  static auto const kTemplates = page::Templates::load({SOLIDAIRES_TEMPLATES_DIR}).value();
  return kTemplates;
}

page::Messages const& english() {
  static auto const kEnglish =
      page::Messages::load(schema::Language::en, SOLIDAIRES_ENGLISH_FILE).value();
  return kEnglish;
}

page::Templates const& english_templates() {
  static auto const kTemplates =
      page::Templates::load({SOLIDAIRES_TEMPLATES_DIR}, english()).value();
  return kTemplates;
}

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

// The end of the tag that begins at `at`: quotes may hold '>'.
std::size_t tag_end(std::string_view html, std::size_t at) {
  char quote = 0;
  for (; at < html.size(); ++at) {
    if (quote != 0) {
      if (html[at] == quote) quote = 0;
    } else if (html[at] == '"' || html[at] == '\'') {
      quote = html[at];
    } else if (html[at] == '>') {
      return at;
    }
  }
  return html.size();
}

}  // namespace

PortalWorld::PortalWorld(schema::ContentModel const& model, bool hub)
    : World("savoie-mont-blanc", {"73", "74"}, hub, model),
      mail_(*store, clock, rng, mail::Sender{"portail@essai.example", "Essai Solidaires"}),
      alerts_(instance, mail_),
      reports_(instance, mail_),
      relay_(instance, accounts, mail_) {
  open_catalogue();
  page::SiteIdentity identity;
  identity.node = "savoie-mont-blanc";
  identity.title = "Essai Solidaires";
  identity.short_title = "Essai";
  identity.base_url = "https://essai.example";
  identity.territory = "Savoie et Haute-Savoie";
  identity.departments = instance.territory;
  identity.hub = hub;
  identity.email = "bonjour@essai.example";
  auto const made = [&](page::Templates const& templates_of, page::Messages const& messages) {
    identity.accessibility_state = messages.say("non conforme"_fr);
    return std::make_shared<page::Site const>(
        identity, templates_of,
        std::vector<page::MenuEntry>{{"event", {"Agenda", messages.address("/agenda")}, 0}},
        [](std::string_view name) { return cat("/assets/", name); }, messages);
  };
  site_ = made(templates(), page::french());
  auto const speaking = [&](std::shared_ptr<page::Site const> const& site,
                            Context const* in_english) {
    return std::unique_ptr<Context>(
        new Context{instance,
                    *catalogue,
                    service::real_places(),
                    [site] { return site; },
                    20,
                    {},
                    &post_,
                    load_accessibility(SOLIDAIRES_ACCESSIBILITY_FILE).value(),
                    in_english});
  };
  english_context_ = speaking(made(english_templates(), english()), nullptr);
  context_ = speaking(site_, english_context_.get());
  english_context_->other = context_.get();
  add_routes(router_, *context_);
}

http::Response PortalWorld::answer(http::Request request) {
  request.id = "essai-1";
  std::string_view const target = request.target;
  auto const mark = target.find('?');
  auto const segments = http::parse_path(target.substr(0, mark));
  if (!segments) return http::Response::text("", 400);
  request.path.clear();
  for (auto const& segment : *segments) request.path += cat('/', segment);
  if (request.path.empty()) request.path = "/";
  if (mark != std::string_view::npos) request.query = http::parse_query(target.substr(mark + 1));
  auto match = router_.match(request.method, *segments);
  if (match.route == nullptr) return error_response(*context_, request, 404);
  request.route = match.route->pattern;
  request.captures = std::move(match.captures);
  return match.route->handler(request);
}

http::Response PortalWorld::get(std::string_view target) {
  http::Request request;
  request.target = target;
  return answer(std::move(request));
}

http::Response PortalWorld::post(std::string_view target, schema::FormFields const& fields,
                                 std::string_view sent_from) {
  http::Request request;
  request.method = http::Method::post;
  request.target = target;
  request.peer = "192.0.2.7";
  request.headers.add("Sec-Fetch-Site", sent_from);
  for (auto const& [name, value] : fields) request.form.add(name, value);
  return answer(std::move(request));
}

std::vector<mail::Envelope> PortalWorld::mails() {
  struct Catching final : mail::Transport {
    mail::Delivery deliver(mail::Envelope const& envelope, std::stop_token const&) override {
      caught.push_back(envelope);
      return {mail::Outcome::accepted, ""};
    }
    std::vector<mail::Envelope> caught;
  };
  Catching catching;
  EXPECT_TRUE(mail_.send_due(catching, {}));
  return std::move(catching.caught);
}

std::string part_of(mail::Envelope const& envelope, std::string_view type) {
  auto const at = envelope.message.find(cat("Content-Type: ", type));
  if (at == std::string::npos) return {};
  auto const begin = envelope.message.find("\r\n\r\n", at) + 4;
  auto const end = envelope.message.find("\r\n--=_", begin);
  std::string out;
  for (auto i = begin; i < std::min(end, envelope.message.size()); ++i) {
    char const c = envelope.message[i];
    if (c == '\r') continue;
    if (c != '=') {
      out += c;
    } else if (envelope.message[i + 1] == '\r') {
      i += 2;
    } else {
      out += from_hex(envelope.message.substr(i + 1, 2)).value();
      i += 2;
    }
  }
  return out;
}

boost::json::value PortalWorld::json_at(std::string_view target) {
  auto const response = get(target);
  EXPECT_EQ(response.status, 200) << target;
  boost::system::error_code error;
  auto value = boost::json::parse(response.body, error);
  EXPECT_FALSE(error) << target << ": " << error.message() << "\n" << response.body;
  return value;
}

std::vector<std::string> faults_of(std::string_view html) {
  static std::set<std::string, std::less<>> const kVoid{"base", "meta", "link", "input",
                                                        "br",   "img",  "hr",   "wbr"};
  std::vector<std::string> faults, open;
  std::set<std::string, std::less<>> ids;
  std::size_t headings = 0;
  for (auto at = html.find('<'); at != std::string_view::npos; at = html.find('<', at)) {
    if (html.substr(at).starts_with("<!--")) {
      at = html.find("-->", at);
      continue;
    }
    auto const end = tag_end(html, at);
    auto const tag = html.substr(at + 1, end - at - 1);
    at = end;
    if (tag.starts_with('!')) continue;
    bool const closing = tag.starts_with('/');
    std::string name;
    for (char const c : tag.substr(closing ? 1 : 0)) {
      if (!is_name(c)) break;
      name += c;
    }
    if (name.empty()) faults.push_back(cat("a bare '<' before \"", tag.substr(0, 20), '"'));
    if (closing) {
      if (open.empty() || open.back() != name) {
        faults.push_back(cat("</", name, "> closes ", open.empty() ? "nothing" : open.back()));
        return faults;
      }
      open.pop_back();
      continue;
    }
    headings += name == "h1" ? 1U : 0U;
    if (auto const id = tag.find(" id=\""); id != std::string_view::npos) {
      auto const value = tag.substr(id + 5, tag.find('"', id + 5) - id - 5);
      if (!ids.emplace(value).second) faults.push_back(cat("id ", value, " twice"));
    }
    if (!kVoid.contains(name) && !tag.ends_with('/')) open.push_back(name);
    if (name == "script" || name == "style") at = html.find(cat("</", name), at);
  }
  if (!open.empty()) faults.push_back(cat('<', open.back(), "> is never closed"));
  if (headings != 1) faults.push_back(cat(headings, " <h1>"));
  return faults;
}

}  // namespace solidaires::portal
