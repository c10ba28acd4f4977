#include "node/service/personal_data.h"

#include <algorithm>

#include "node/model/civil_time.h"
#include "node/service/working_copy_reader.h"
#include "node/store/commit.h"
#include "node/store/store.h"
#include "schema/json.h"

namespace solidaires::service {
namespace {

// Whoever wrote what still stands in the document.
bool wrote_in(sync::Document const& document, std::string_view account) {
  return std::ranges::any_of(document.fields, [&account](auto const& field) {
    return std::string_view(field.first).starts_with(store::kAuthorPrefix) &&
           Author::decode(sync::shown(field.second).value).account == account;
  });
}

std::string time_of(Instant at) {
  return schema::json_string(model::machine_time(at));
}

}  // namespace

Result<PersonalData> personal_data(Instance const& instance, Account const& account) {
  PersonalData data{.account = account, .records = {}, .words = {}};
  auto const id = account.id.to_string();
  auto const view = instance.store.view();
  auto const read = [&](store::StoredDocument const& stored) {
    auto const& document = stored.document;
    if (document.type == kReviewType) {
      auto words = words_of(document, id);
      sync::DocumentKey const record{document.key.scope, words.record};
      for (auto& remark : words.remarks)
        data.words.push_back({{}, record, {}, std::move(remark.text), remark.at});
      for (auto& ballot : words.ballots) {
        data.words.push_back({{},
                              record,
                              std::string(model::vote_label(ballot.vote)),
                              std::move(ballot.why),
                              ballot.at});
      }
    } else if (auto copy = read_working_copy(document, instance.model); copy) {
      if (copy->is_of(id)) {
        data.records.push_back(*std::move(copy));
      } else if (wrote_in(document, id)) {
        ++data.touched;
      }
    }
    return true;
  };
  SOL_TRY(view.each_document(ScopeId::office(account.node), DocumentId(), read));
  for (auto& word : data.words) {
    SOL_ASSIGN(auto const stored, view.get(word.record));
    auto const summary = stored ? read_summary(stored->document, instance.model) : std::nullopt;
    word.title = summary ? summary->title : "(fiche effacée)";
  }
  std::ranges::sort(data.records, std::greater{}, &WorkingCopy::updated_at);
  std::ranges::sort(data.words, std::greater{}, &OwnWord::at);
  return data;
}

std::string to_json(PersonalData const& data) {
  auto const& account = data.account;
  auto const text = [](std::string_view value) { return schema::json_string(value); };
  std::string json =
      cat("{\"account\":{\"name\":", text(account.name), ",\"email\":", text(account.email),
          ",\"role\":", text(account.role == nullptr ? std::string_view() : account.role->key),
          ",\"portal\":", text(account.node.str()), ",\"created\":", time_of(account.created_at),
          "},\"records\":[");
  std::string_view comma;
  for (auto const& copy : data.records) {
    json += cat(comma, schema::to_json(*copy.type, copy.record,
                                       {{"_id", text(copy.key.id.to_string())},
                                        {"_type", text(copy.type->key)},
                                        {"_state", text(model::state_name(copy.state))},
                                        {"_created", time_of(copy.created_at)},
                                        {"_updated", time_of(copy.updated_at)}}));
    comma = ",";
  }
  json += "],\"words\":[";
  comma = {};
  for (auto const& word : data.words) {
    json += cat(comma, "{\"record\":", text(word.record.id.to_string()),
                ",\"title\":", text(word.title), ",\"at\":", time_of(word.at),
                ",\"vote\":", text(word.vote), ",\"text\":", text(word.text), '}');
    comma = ",";
  }
  return json + cat("],\"records_of_others\":", data.touched, "}\n");
}

}  // namespace solidaires::service
