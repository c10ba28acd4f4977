#include "node/service/actor.h"

#include <algorithm>

#include "sync/base/bytes.h"

namespace solidaires::service {

std::string Author::encode() const {
  // The parts are told apart by tabs: a name has none.
  std::string plain = name;
  std::ranges::replace(plain, '\t', ' ');
  return cat(account, '\t', plain, '\t', node.str());
}

Author Author::decode(std::string_view text) {
  Author author;
  auto const first = text.find('\t');
  if (first == std::string_view::npos) {
    author.name = text;
    return author;
  }
  auto const second = text.find('\t', first + 1);
  author.account = text.substr(0, first);
  author.name =
      text.substr(first + 1, second == std::string_view::npos ? second : second - first - 1);
  if (second != std::string_view::npos) {
    author.node = NodeName::parse(text.substr(second + 1)).value_or(NodeName());
  }
  return author;
}

bool Actor::works_for(NodeName const& node) const {
  return std::ranges::find(offices, node) != offices.end();
}

}  // namespace solidaires::service
