#include "node/http/router.h"

#include <map>
#include <span>
#include <tuple>

#include "sync/base/check.h"

namespace solidaires::http {
namespace {

using Segments = std::vector<std::string>;

// "{year:int}-{month:int}": literals and captures in turn.
struct Token {
  bool is_capture = false;
  bool is_number = false;
  std::string text;  // the literal, or the name
};

struct Pattern {
  std::string source;
  std::vector<Token> tokens;

  // Less fits closer: more literal text first, then numbers, then the spelling.
  [[nodiscard]] auto rank() const {
    std::size_t literal = 0;
    std::size_t numbers = 0;
    for (Token const& token : tokens) {
      if (!token.is_capture) literal += token.text.size();
      if (token.is_number) ++numbers;
    }
    return std::tuple(SIZE_MAX - literal, SIZE_MAX - numbers, source);
  }
};

Pattern parse_pattern(std::string_view text) {
  Pattern out{std::string(text), {}};
  while (!text.empty()) {
    if (text.front() != '{') {
      std::size_t const end = std::min(text.find('{'), text.size());
      out.tokens.push_back({false, false, std::string(text.substr(0, end))});
      text.remove_prefix(end);
      continue;
    }
    std::size_t const end = text.find('}');
    SOL_CHECK(end != std::string_view::npos && end > 1);
    std::string_view const inside = text.substr(1, end - 1);
    std::size_t const colon = inside.find(':');
    bool const is_number = colon != std::string_view::npos;
    SOL_CHECK(!is_number || inside.substr(colon) == ":int");
    // Two captures side by side would have no border.
    SOL_CHECK(out.tokens.empty() || !out.tokens.back().is_capture);
    out.tokens.push_back({true, is_number, std::string(inside.substr(0, colon))});
    text.remove_prefix(end + 1);
  }
  return out;
}

bool is_number(std::string_view text) noexcept {
  constexpr std::size_t kDigitsMax = 18;  // always fits 64 bits
  return !text.empty() && text.size() <= kDigitsMax &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Captures take as much as they can and give back as needed: "{slug}.{format}" cuts at the last
// dot.
bool matches(std::span<Token const> tokens, std::string_view text, Parameters& captures) {
  if (tokens.empty()) return text.empty();
  Token const& token = tokens.front();
  if (!token.is_capture) {
    return text.starts_with(token.text) &&
           matches(tokens.subspan(1), text.substr(token.text.size()), captures);
  }
  for (std::size_t size = text.size(); size > 0; --size) {
    std::string_view const taken = text.substr(0, size);
    if (token.is_number && !is_number(taken)) continue;
    Parameters rest = captures;
    rest.add(token.text, std::string(taken));
    if (matches(tokens.subspan(1), text.substr(size), rest)) {
      captures = std::move(rest);
      return true;
    }
  }
  return false;
}

Segments split(std::string_view pattern) {
  SOL_CHECK(pattern.starts_with('/'));
  pattern.remove_prefix(1);
  Segments out;
  while (!pattern.empty()) {
    std::size_t const end = std::min(pattern.find('/'), pattern.size());
    SOL_CHECK(end > 0);
    out.emplace_back(pattern.substr(0, end));
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return out;
}

}  // namespace

struct Router::Node {
  struct Child {
    Pattern pattern;
    std::unique_ptr<Node> node;
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::vector<Child> patterns;  // closest first
  std::string rest_name;        // of "{path*}"
  std::vector<std::unique_ptr<Route>> rest_routes;
  std::vector<std::unique_ptr<Route>> routes;

  Node& child(std::string const& segment);
  // Finds the routes of an address: all methods of the closest pattern that has any.
  std::vector<std::unique_ptr<Route>> const* find(std::span<std::string const> segments,
                                                  Parameters& captures) const;
  void collect(std::vector<Route const*>& out) const;
};

Router::Node& Router::Node::child(std::string const& segment) {
  if (segment.find('{') == std::string::npos) {
    auto& node = literals[segment];
    if (!node) node = std::make_unique<Node>();
    return *node;
  }
  for (Child& known : patterns) {
    if (known.pattern.source == segment) return *known.node;
  }
  patterns.push_back({parse_pattern(segment), std::make_unique<Node>()});
  Node& added = *patterns.back().node;
  std::ranges::sort(patterns, {}, [](Child const& one) { return one.pattern.rank(); });
  return added;
}

std::vector<std::unique_ptr<Route>> const* Router::Node::find(std::span<std::string const> segments,
                                                              Parameters& captures) const {
  if (segments.empty() && !routes.empty()) return &routes;
  if (!segments.empty()) {
    std::string const& first = segments.front();
    if (auto const literal = literals.find(first); literal != literals.end()) {
      if (auto const* found = literal->second->find(segments.subspan(1), captures)) return found;
    }
    for (Child const& known : patterns) {
      Parameters taken = captures;
      if (!matches(known.pattern.tokens, first, taken)) continue;
      if (auto const* found = known.node->find(segments.subspan(1), taken)) {
        captures = std::move(taken);
        return found;
      }
    }
  }
  if (rest_routes.empty()) return nullptr;
  std::string rest;
  for (std::string const& segment : segments) rest += (rest.empty() ? "" : "/") + segment;
  captures.add(rest_name, std::move(rest));
  return &rest_routes;
}

void Router::Node::collect(std::vector<Route const*>& out) const {
  for (auto const& route : routes) out.push_back(route.get());
  for (auto const& route : rest_routes) out.push_back(route.get());
  for (auto const& [segment, node] : literals) node->collect(out);
  for (Child const& known : patterns) known.node->collect(out);
}

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;

void Router::add(Method method, std::string_view pattern, Handler handler, RouteOptions options) {
  SOL_CHECK(method != Method::head && method != Method::other && handler);
  Node* node = root_.get();
  auto* routes = &node->routes;
  Segments const segments = split(pattern);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    std::string const& segment = segments[i];
    if (segment.starts_with('{') && segment.ends_with("*}")) {
      SOL_CHECK(i + 1 == segments.size());
      node->rest_name = segment.substr(1, segment.size() - 3);
      routes = &node->rest_routes;
      break;
    }
    node = &node->child(segment);
    routes = &node->routes;
  }
  SOL_CHECK(std::ranges::none_of(*routes, [&](auto const& one) { return one->method == method; }));
  routes->push_back(std::make_unique<Route>(method, std::string(pattern), std::move(handler),
                                            std::move(options)));
}

Router::Match Router::match(Method method, std::vector<std::string> const& segments) const {
  Match out;
  auto const* routes = root_->find(segments, out.captures);
  if (routes == nullptr) {
    if (!segments.empty() && segments.back().empty()) {
      Parameters ignored;
      out.without_slash =
          root_->find(std::span(segments).first(segments.size() - 1), ignored) != nullptr;
    }
    return out;
  }
  Method const wanted = method == Method::head ? Method::get : method;
  for (auto const& route : *routes) {
    if (route->method == wanted) out.route = route.get();
    out.allowed.emplace_back(method_name(route->method));
    if (route->method == Method::get) out.allowed.emplace_back("HEAD");
  }
  if (out.route != nullptr) {
    out.allowed.clear();
  } else {
    out.allowed.emplace_back("OPTIONS");
  }
  return out;
}

std::vector<Route const*> Router::routes() const {
  std::vector<Route const*> out;
  root_->collect(out);
  return out;
}

}  // namespace solidaires::http
