#include "node/service/indexes.h"

#include <algorithm>
#include <limits>

#include "node/service/accounts.h"
#include "node/service/reports.h"
#include "node/service/working_copy.h"
#include "node/text/fold.h"
#include "schema/dates.h"

namespace solidaires::service {
namespace {

using Entries = std::vector<store::IndexEntry>;

constexpr std::size_t kValueBytesMax = 900;

void add(Entries& entries, std::string_view index, Bytes value) {
  if (value.size() > kValueBytesMax) value.resize(kValueBytesMax);
  entries.push_back({std::string(index), std::move(value)});
}

Bytes work_value(std::string_view selector, sync::Document const& document, model::State state) {
  Bytes value = work_prefix(selector);
  auto const at =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, sync::highest_stamp_ms(document)));
  ByteWriter(value)
      .u64(std::numeric_limits<std::uint64_t>::max() - at)
      .raw(model::state_name(state))
      .u8(0)
      .raw(document.type);
  return value;
}

std::string_view engine_text(sync::Document const& document, std::string_view field) {
  return sync::shown_value(document, field).value_or(std::string_view());
}

bool has_open_conflict(sync::Document const& document) {
  return std::ranges::any_of(sync::conflicts(document), [](std::string const& field) {
    return field == sync::kExistence || !field.starts_with('_');
  });
}

// "https://www.exemple.fr/ici/?a=b" as "exemple.fr/ici"; empty for what is no address.
std::string site_key(std::string_view url) {
  auto const scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string key(url.substr(scheme + 3, url.find_first_of("?#") - scheme - 3));
  for (char& c : key) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (key.starts_with("www.")) key.erase(0, 4);
  while (key.ends_with('/')) key.pop_back();
  return key;
}

bool is_identifier(std::string_view field) {
  static constexpr std::array<std::string_view, 6> kFields{"siren",      "siret", "rna",
                                                           "source_ids", "doi",   "isbn"};
  return std::ranges::find(kFields, field) != kFields.end();
}

// What tells that two records are about the same: identifiers; the name within its commune, or the
// title with the first day; of organisations their phone and site, which what they offer shares.
void add_duplicate_keys(Entries& entries, sync::Document const& document) {
  std::string commune;
  std::string name, title, day, phone, site;
  for (auto const& [key, versions] : document.fields) {
    if (key.starts_with('_')) continue;
    auto const value = schema::decode(sync::shown(versions).value);
    auto const field = schema::field_of(key);
    auto const* const text = std::get_if<std::string>(&value);
    if (is_identifier(field)) {
      if (text != nullptr) {
        add(entries, index::kIdentifier, cat(field, ':', text::fold(*text)));
      } else if (auto const* const id = std::get_if<schema::ExternalId>(&value)) {
        add(entries, index::kIdentifier, cat(id->scheme, ':', id->value));
      }
    } else if (auto const* const address = std::get_if<schema::Address>(&value)) {
      if (commune.empty()) commune = address->commune_code;
    } else if (auto const* const schedule = std::get_if<schema::Schedule>(&value)) {
      day = schema::iso(schedule->start.date);
    } else if (text != nullptr) {
      if (field == "name") name = text::fold(*text);
      if (field == "title") title = text::fold(*text);
      if (field == "phone") phone = *text;
      if (field == "website") site = site_key(*text);
    }
  }
  if (!title.empty() && !day.empty())
    add(entries, index::kName, cat(commune, '\n', title, '\n', day));
  if (name.empty()) return;
  add(entries, index::kName, cat(commune, '\n', name));
  if (!phone.empty()) add(entries, index::kContact, cat(kPhonePrefix, phone));
  if (!site.empty()) add(entries, index::kContact, cat(kSitePrefix, site));
}

void add_working_copy(Entries& entries, sync::Document const& document) {
  auto const state = model::parse_state(engine_text(document, engine::kState));
  if (!state) return;
  bool const conflict = has_open_conflict(document);
  if (!sync::is_alive(document) && !conflict) return;
  add(entries, index::kWork, work_value({}, document, *state));
  auto const name = model::state_name(*state);
  add(entries, index::kWorkByState, work_value(name, document, *state));
  auto const owner = Author::decode(engine_text(document, engine::kOwner)).account;
  if (!owner.empty()) add(entries, index::kWorkByOwner, work_value(owner, document, *state));
  if (conflict) add(entries, index::kWorkConflict, work_value({}, document, *state));
  if (*state == model::State::published && engine_text(document, engine::kUnread) == "1")
    add(entries, index::kWorkUnread, work_value({}, document, *state));
  if (!engine_text(document, engine::kAskedAt).empty()) add(entries, index::kWorkAsked, Bytes());
  if (auto const source = engine_text(document, engine::kSource); !source.empty()) {
    auto const second_end = source.find('\n', source.find('\n') + 1);
    add(entries, index::kSource, Bytes(source.substr(0, second_end)));
  }
  if (auto const batch = engine_text(document, engine::kBatch); !batch.empty()) {
    add(entries, index::kBatch, Bytes(batch));
  }
  add_duplicate_keys(entries, document);
}

void add_public_copy(Entries& entries, sync::Document const& document) {
  add(entries, index::kShortId, document.key.id.short_id());
  if (auto const became = DocumentId::parse(engine_text(document, engine::kMergedInto)); became)
    add(entries, index::kMerged, Bytes(became->bytes()));
  if (!sync::is_alive(document)) return;
  for (auto const& [key, versions] : document.fields) {
    if (key.starts_with('_')) continue;
    auto const slash = key.find('/');
    if (slash != std::string::npos) {
      if (auto const id = DocumentId::parse(std::string_view(key).substr(slash + 1)); id) {
        add(entries, index::kReference, Bytes(id->bytes()));
        continue;
      }
    }
    auto const value = schema::decode(sync::shown(versions).value);
    if (auto const* const id = std::get_if<DocumentId>(&value)) {
      add(entries, index::kReference, Bytes(id->bytes()));
    }
  }
}

Entries entries_of(sync::Document const& document) {
  Entries entries;
  if (document.key.scope.kind() == ScopeKind::published) {
    add_public_copy(entries, document);
  } else if (document.type == kAccountType) {
    if (sync::is_alive(document)) {
      add(entries, index::kEmail, Bytes(engine_text(document, "email")));
    }
  } else if (document.type == kReportType) {
    if (is_open_report(document))
      add(entries, index::kOpenReport, work_prefix(document.key.scope.owner()));
  } else if (document.key.scope.kind() == ScopeKind::office) {
    add_working_copy(entries, document);
  }
  std::ranges::sort(entries);
  auto const twins = std::ranges::unique(entries);
  entries.erase(twins.begin(), twins.end());
  return entries;
}

}  // namespace

Bytes work_prefix(std::string_view selector) {
  Bytes prefix(selector);
  prefix += '\0';
  return prefix;
}

store::IndexScan work_scan(std::string_view index, std::string_view selector) {
  return {.index = std::string(index), .prefix = work_prefix(selector), .limit = kScanPage};
}

WorkEntry read_work_value(std::string_view selector, std::string_view value) {
  WorkEntry entry;
  auto const start = selector.size() + 1 + sizeof(std::uint64_t);
  if (value.size() < start) return entry;
  auto const rest = value.substr(start);
  auto const zero = rest.find('\0');
  entry.state = model::parse_state(rest.substr(0, zero)).value_or(model::State::draft);
  if (zero != std::string_view::npos) entry.type = rest.substr(zero + 1);
  return entry;
}

std::vector<store::IndexEntry> duplicate_keys(sync::Document const& document) {
  Entries entries;
  add_duplicate_keys(entries, document);
  return entries;
}

store::Indexer make_indexer() {
  return {std::string(kIndexVersion), entries_of};
}

}  // namespace solidaires::service
