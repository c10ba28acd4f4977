#include "node/service/demonstration.h"

#include <boost/json.hpp>
#include <charconv>
#include <map>

#include "node/model/civil_time.h"
#include "node/service/publication.h"
#include "node/service/working_copy_reader.h"
#include "node/store/store.h"
#include "schema/form.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

namespace json = boost::json;

constexpr std::string_view kLoadedKey = "demonstration/loaded";

struct Item {
  std::string ref;
  schema::Type const* type = nullptr;
  DocumentId id;
  json::object const* fields = nullptr;
  bool submitted_only = false;
};

// The first day from `date` on that the letters name: "sa" a Saturday, "sa1" the first Saturday of
// a month. Takes the letters from `text`; without any, `date` itself.
model::CivilDate on_weekday(model::CivilDate date, std::string_view& text) {
  constexpr std::string_view kDays[] = {"mo", "tu", "we", "th", "fr", "sa", "su"};
  auto const named = std::ranges::find(kDays, text.substr(0, 2));
  if (named == std::end(kDays)) return date;
  text.remove_prefix(2);
  bool const first = text.starts_with('1');
  if (first) text.remove_prefix(1);
  while (date.weekday() != static_cast<unsigned>(named - kDays) || (first && date.day > 7))
    date = model::CivilDate::from_days(date.days() + 1);
  return date;
}

// "@+12" -> the date in twelve days; "{ref:x}" -> the id of the record x.
std::string filled_in(std::string_view text, model::CivilDate today,
                      std::map<std::string, DocumentId> const& ids) {
  std::string out;
  while (!text.empty()) {
    if (text.size() > 2 && text[0] == '@' && (text[1] == '+' || text[1] == '-')) {
      std::int64_t days = 0;
      auto const [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), days);
      if (error == std::errc{}) {
        auto const date =
            model::CivilDate::from_days(today.days() + (text[1] == '-' ? -days : days));
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        out += on_weekday(date, text).iso();
        continue;
      }
    }
    if (text.starts_with("{ref:")) {
      auto const end = text.find('}');
      auto const found =
          ids.find(std::string(text.substr(5, end == std::string_view::npos ? 0 : end - 5)));
      if (found != ids.end()) {
        out += found->second.to_string();
        text.remove_prefix(end + 1);
        continue;
      }
    }
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

std::string_view text_member(json::object const& object, std::string_view name) {
  auto const* const value = object.if_contains(name);
  auto const* const text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

// The same for the same record of the same node: a load that was interrupted goes on where it
// stopped.
DocumentId id_of(Instance const& instance, std::string_view ref) {
  auto const digest = sha256(cat("demonstration/", instance.self.str(), '/', ref));
  return DocumentId::from_bytes(digest.substr(0, DocumentId::kSize)).value_or(DocumentId());
}

Result<std::vector<Item>> read_items(Instance const& instance, json::value const& document) {
  auto const* const array = document.if_array();
  if (array == nullptr) return fail(Code::invalid, "the demonstration content is not an array");
  std::vector<Item> items;
  for (auto const& value : *array) {
    auto const* const object = value.if_object();
    auto const* const fields = object == nullptr ? nullptr : object->if_contains("fields");
    if (fields == nullptr || !fields->is_object())
      return fail(Code::invalid, cat("demonstration record ", items.size() + 1, " has no fields"));
    auto const* const type = instance.model.type(text_member(*object, "type"));
    if (type == nullptr)
      return fail(Code::invalid,
                  cat("demonstration record ", items.size() + 1, " has an unknown type"));
    items.push_back({std::string(text_member(*object, "ref")), type,
                     id_of(instance, text_member(*object, "ref")), &fields->get_object(),
                     text_member(*object, "state") == "submitted"});
  }
  return items;
}

Result<schema::Record> read_record_of(Item const& item, model::CivilDate today,
                                      std::map<std::string, DocumentId> const& ids) {
  schema::FormFields typed;
  for (auto const& [name, value] : *item.fields) {
    if (auto const* const text = value.if_string(); text != nullptr) {
      typed.emplace(std::string(name), filled_in({text->data(), text->size()}, today, ids));
    } else if (auto const* const list = value.if_array(); list != nullptr) {
      for (auto const& one : *list) {
        if (auto const* const element = one.if_string(); element != nullptr) {
          typed.emplace(std::string(name),
                        filled_in({element->data(), element->size()}, today, ids));
        }
      }
    }
  }
  auto parsed = schema::parse_form(*item.type, typed);
  auto problems = parsed.problems;
  for (auto& problem : schema::validate(*item.type, parsed.record, schema::Stage::submit))
    problems.push_back(std::move(problem));
  for (auto const& problem : problems) {
    if (!problem.note)
      return fail(Code::invalid, cat("demonstration record '", item.ref, "', ", problem.field, ": ",
                                     problem.message.fr));
  }
  return std::move(parsed.record);
}

store::DocumentEdit working_edit(Instance const& instance, Item const& item,
                                 schema::Record const& record, Author const& author) {
  store::DocumentEdit edit{.key = {ScopeId::office(instance.self), item.id},
                           .type = item.type->key,
                           .presence = store::Presence::any};
  for (auto const& [key, value] : record) edit.fields.push_back({key, schema::encode(value)});
  auto const now = std::to_string(to_unix_ms(instance.clock.now()));
  edit.fields.push_back(
      {std::string(engine::kState), Bytes(model::state_name(model::State::submitted))});
  edit.fields.push_back({std::string(engine::kOwner), author.encode()});
  edit.fields.push_back({std::string(engine::kCreatedAt), now});
  edit.fields.push_back({std::string(engine::kSubmittedAt), now});
  edit.fields.push_back({std::string(engine::kDemonstration), "1"});
  return edit;
}

}  // namespace

Result<DemonstrationReport> load_demonstration(Instance const& instance, std::string_view text,
                                               Author const& author) {
  DemonstrationReport report;
  auto const now = instance.clock.now();
  SOL_ASSIGN(auto const loaded, instance.store.local(kLoadedKey, now));
  if (loaded) {
    report.loaded_before = true;
    return report;
  }
  boost::system::error_code error;
  auto const document = json::parse(text, error);
  if (error)
    return fail(Code::invalid, cat("the demonstration content cannot be read: ", error.message()));
  SOL_ASSIGN(auto const items, read_items(instance, document));
  std::map<std::string, DocumentId> ids;
  for (auto const& item : items) ids.emplace(item.ref, item.id);
  auto const today = model::to_civil(now).date;
  store::Commit commit{.now = now, .author = author.encode(), .reason = "demonstration"};
  for (auto const& item : items) {
    SOL_ASSIGN(auto const record, read_record_of(item, today, ids));
    commit.documents.push_back(working_edit(instance, item, record, author));
  }
  SOL_TRY(instance.store.commit(commit));
  store::Commit publication{.now = now, .author = author.encode(), .reason = "demonstration"};
  publication.local.push_back({.key = Bytes(kLoadedKey), .value = "1"});
  for (auto const& item : items) {
    if (item.submitted_only) {
      ++report.submitted;
      continue;
    }
    SOL_ASSIGN(auto const stored, instance.store.get({ScopeId::office(instance.self), item.id}));
    auto const copy = stored ? read_working_copy(stored->document, instance.model) : std::nullopt;
    if (!copy) return fail(Code::internal, "a demonstration record cannot be read back");
    SOL_ASSIGN(auto edit, publication_of(instance, *copy, now));
    publication.documents.push_back(
        {.key = copy->key,
         .fields = {
             {std::string(engine::kState), Bytes(model::state_name(model::State::published))},
             {std::string(engine::kPublishedAt), std::to_string(to_unix_ms(now))}}});
    publication.documents.push_back(std::move(edit));
    ++report.published;
  }
  SOL_TRY(instance.store.commit(publication));
  return report;
}

}  // namespace solidaires::service
