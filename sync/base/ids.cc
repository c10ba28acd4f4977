#include "sync/base/ids.h"

#include <algorithm>

#include "sync/base/check.h"

namespace solidaires {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

constexpr std::array<std::pair<ScopeKind, std::string_view>, 5> kScopeKinds{{
    {ScopeKind::local, "local"},
    {ScopeKind::office, "office"},
    {ScopeKind::published, "public"},
    {ScopeKind::network, "network"},
    {ScopeKind::group, "group"},
}};

}  // namespace

DocumentId DocumentId::make(Instant now, Rng& rng) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.u64(static_cast<std::uint64_t>(to_unix_ms(now)) << 16U).u64(rng.next());
  std::uint64_t const chance = rng.next();
  bytes[6] = static_cast<char>(0x70U | (chance & 0x0fU));  // version 7
  bytes[7] = static_cast<char>((chance >> 8U) & 0xffU);
  bytes[8] = static_cast<char>(0x80U | (static_cast<unsigned char>(bytes[8]) & 0x3fU));  // variant
  auto const id = from_bytes(bytes);
  SOL_CHECK(id.has_value());
  return *id;
}

Result<DocumentId> DocumentId::from_bytes(std::string_view bytes) {
  if (bytes.size() != kSize) return fail(Code::invalid, "a document id has 16 bytes");
  DocumentId id;
  std::ranges::transform(bytes, id.bytes_.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return id;
}

Result<DocumentId> DocumentId::parse(std::string_view text) {
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool const hyphen_due = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen_due != (text[i] == '-')) return fail(Code::invalid, "not a document id");
    if (!hyphen_due) digits += text[i];
  }
  SOL_ASSIGN(auto const bytes, from_hex(digits));
  return from_bytes(bytes);
}

std::string DocumentId::to_string() const {
  std::string text = hex(bytes());
  for (std::size_t const at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

std::string DocumentId::short_id() const {
  return base32(bytes().substr(kSize - 5));
}

std::string to_string(ReplicaId id) {
  Bytes bytes;
  ByteWriter(bytes).u64(static_cast<std::uint64_t>(id));
  return hex(bytes);
}

Result<ReplicaId> parse_replica_id(std::string_view text) {
  SOL_ASSIGN(auto const bytes, from_hex(text));
  if (bytes.size() != 8) return fail(Code::invalid, "a replica id has 16 hexadecimal digits");
  SOL_ASSIGN(auto const number, ByteReader(bytes).u64());
  return static_cast<ReplicaId>(number);
}

Result<NodeName> NodeName::parse(std::string_view text) {
  bool const sized = text.size() >= 2 && text.size() <= 40;
  bool const spelled =
      std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
  if (!sized || !spelled || !is_lower(text.front()) || text.back() == '-') {
    return fail(Code::invalid,
                "a node's name has 2 to 40 of a-z, 0-9 and -, starts with a letter and does not "
                "end with -");
  }
  NodeName name;
  name.text_ = text;
  return name;
}

Result<ScopeId> ScopeId::parse(std::string_view text) {
  if (text == "local") return ScopeId::local();
  auto const slash = text.find('/');
  if (slash == std::string_view::npos) return fail(Code::invalid, "a scope is written kind/owner");
  auto const owner = text.substr(slash + 1);
  for (auto const& [kind, name] : kScopeKinds) {
    if (kind == ScopeKind::local || text.substr(0, slash) != name) continue;
    if (kind == ScopeKind::group) {
      SOL_ASSIGN(auto const id, DocumentId::parse(owner));
      return ScopeId::group(id);
    }
    SOL_TRY(NodeName::parse(owner));
    return ScopeId(kind, std::string(owner));
  }
  return fail(Code::invalid, "a scope is local, office/, public/, network/ or group/");
}

std::string ScopeId::to_string() const {
  auto const* const entry =
      std::ranges::find(kScopeKinds, kind_, [](auto const& pair) { return pair.first; });
  return kind_ == ScopeKind::local ? "local" : cat(entry->second, '/', owner_);
}

}  // namespace solidaires
