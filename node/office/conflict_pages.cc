#include <charconv>

#include "node/office/change_view.h"
#include "node/office/form_reading.h"
#include "node/office/form_view.h"
#include "node/office/pages.h"
#include "node/page/wording.h"

namespace solidaires::office {
namespace {

using page::View;
using service::WorkingCopy;

std::string dot_text(sync::Dot dot) {
  return cat(to_string(dot.replica), '-', dot.counter);
}

std::optional<sync::Dot> read_dot(std::string_view text) {
  auto const hyphen = text.find('-');
  if (hyphen == std::string_view::npos) return std::nullopt;
  auto const replica = parse_replica_id(text.substr(0, hyphen));
  std::uint64_t counter = 0;
  auto const digits = text.substr(hyphen + 1);
  auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), counter);
  if (!replica || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return sync::Dot{*replica, counter};
}

// What somebody began to write in the place of all versions.
struct Written {
  schema::FormFields typed;
  std::vector<schema::Problem> problems;
};

// Another text can be written here; a file is sent in the record's form.
bool is_written(schema::Field const& field) {
  return field.kind != schema::FieldKind::picture && field.kind != schema::FieldKind::file;
}

bool is_prose(schema::Field const& field) {
  return field.kind == schema::FieldKind::text || field.kind == schema::FieldKind::long_text;
}

// The field as the record has it, or with all versions of its text one after the other.
schema::FormFields beginning(WorkingCopy const& copy, schema::Field const& field,
                             service::FieldConflict const& conflict, bool together) {
  auto record = copy.record;
  if (together && is_prose(field)) {
    std::string all;
    for (auto const& version : conflict.versions) {
      auto const* const text = version.value ? std::get_if<std::string>(&*version.value) : nullptr;
      if (text == nullptr || text->empty()) continue;
      if (!all.empty()) all += field.kind == schema::FieldKind::long_text ? "\n\n" : " / ";
      all += *text;
    }
    record[conflict.key] = schema::Value(std::move(all));
  } else if (conflict.key.contains('/')) {
    // Of a set, the one element.
    std::erase_if(record, [&](auto const& item) {
      return schema::field_of(item.first) == field.key && item.first != conflict.key;
    });
  }
  std::array const one{&field};
  return schema::form_values(*copy.type, schema::only(record, one));
}

struct Shown {
  std::string_view key;
  std::string_view error{};
  bool together = false;
  Written const* written = nullptr;  // null: nobody began to write
};

std::vector<View> version_views(Context const& context, service::FieldConflict const& conflict) {
  auto const first = std::ranges::find(conflict.versions, true, &service::ConflictVersion::shown);
  std::vector<View> versions;
  for (auto const& version : conflict.versions) {
    View one;
    one.text("dot", dot_text(version.dot)).flag("shown", version.shown);
    bool const compared =
        first != conflict.versions.end() && !version.shown && version.value && first->value;
    one.list("parts", compared ? difference_parts(first->text, version.text)
                               : std::vector<View>{std::move(View().text("same", version.text))});
    one.text("who", person(context, version.author))
        .text("when", date_and_hour(version.written_at, context.instance.clock.now()));
    one.text("id", cat("version-", dot_text(version.dot)));
    versions.push_back(std::move(one));
  }
  return versions;
}

http::Response conflict_page(Office const& office, Visitor const& visitor, WorkingCopy const& copy,
                             Shown const& shown, int status) {
  auto const& context = office.context();
  auto const found = std::ranges::find(copy.conflicts, shown.key, &service::FieldConflict::key);
  if (found == copy.conflicts.end()) return http::Response::redirect(record_path(copy.key));
  auto const action = cat(record_path(copy.key), "/conflit");
  View view;
  view.text("title", copy.title)
      .text("label", found->label)
      .text("record_href", record_path(copy.key))
      .text("error", shown.error)
      .text("action", action)
      .text("key", found->key)
      .text("basis", copy.basis.encode());
  view.list("versions", version_views(context, *found));
  auto const* const field = copy.type->field(schema::field_of(found->key));
  if (field != nullptr && is_written(*field)) {
    auto const named = candidates(office, visitor);
    FormOptions const options{schema::Audience::local, &named, display_options(context).place};
    Written const begun{
        shown.written == nullptr ? beginning(copy, *field, *found, shown.together)
                                 : shown.written->typed,
        shown.written == nullptr ? std::vector<schema::Problem>() : shown.written->problems};
    view.flag("may_write", true)
        .flag("writing", shown.together || shown.written != nullptr)
        .list("fields", {form_field(*field, begun.typed, begun.problems, options)});
    if (is_prose(*field) && !shown.together)
      view.text("together_href",
                cat(action, "?champ=", page::url_encode(found->key), "&ensemble=1#autrement"));
  }
  page::PageInfo info;
  info.title = cat("Départager : ", found->label);
  info.section = "conflicts";
  return office.page(visitor, info, "office/conflict", view, status);
}

http::Response show_conflict(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                             http::Request const& request) {
  return conflict_page(
      office, visitor, copy,
      {.key = request.query.get("champ"), .together = request.query.get("ensemble") == "1"}, 200);
}

// The answer to a settlement that was tried, with what was typed if it did not succeed.
http::Response settled_or_not(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                              Result<WorkingCopy> const& settled, Shown shown) {
  if (settled) {
    leave_message(office, visitor,
                  "C’est tranché : les autres versions restent dans l’historique.");
    return http::Response::redirect(record_path(copy.key));
  }
  if (settled.error().code() != Code::conflict) return office.refused(visitor, settled.error());
  shown.error = settled.error().message();
  auto const now = office.context().editorial.get(visitor.actor, copy.key);
  return conflict_page(office, visitor, now ? *now : copy, shown, 409);
}

http::Response write_anew(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                          http::Request const& request) {
  auto const key = request.form.get("_champ");
  auto const* const field = copy.type->field(schema::field_of(key));
  auto const basis = service::EditBasis::decode(request.form.get("_basis"));
  if (!basis) return office.refused(visitor, basis.error());
  if (field == nullptr || !is_written(*field))
    return http::Response::redirect(record_path(copy.key));
  Written written{typed_in(request), {}};
  auto const record = read_field(office.context(), copy, *field, written.typed, written.problems);
  if (!record) return conflict_page(office, visitor, copy, {.key = key, .written = &written}, 422);
  auto const settled =
      office.context().editorial.settle(visitor.actor, copy.key, key, *record, *basis);
  return settled_or_not(office, visitor, copy, settled, {.key = key, .written = &written});
}

http::Response settle(Office const& office, Visitor& visitor, WorkingCopy const& copy,
                      http::Request const& request) {
  if (request.form.get("_then") == "write") return write_anew(office, visitor, copy, request);
  auto const key = request.form.get("_champ");
  auto const chosen = read_dot(request.form.get("version"));
  if (!chosen)
    return conflict_page(office, visitor, copy,
                         {.key = key, .error = "Choisissez l’une des versions."}, 422);
  auto const settled = office.context().editorial.settle(visitor.actor, copy.key, key, *chosen);
  return settled_or_not(office, visitor, copy, settled, {.key = key});
}

}  // namespace

void add_conflict_routes(http::Router& router, Office const& office) {
  router.get("/espace/fiches/{node}/{id}/conflit", for_record(office, show_conflict));
  router.post("/espace/fiches/{node}/{id}/conflit", for_record(office, settle));
}

}  // namespace solidaires::office
