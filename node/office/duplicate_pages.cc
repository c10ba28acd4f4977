#include "node/office/pages.h"
#include "node/page/wording.h"
#include "node/service/catalogue.h"
#include "node/service/duplicates.h"
#include "schema/display.h"

namespace solidaires::office {
namespace {

using page::View;
using service::Pair;
using service::PairVerdict;
using service::Taken;
using service::WorkingCopy;

constexpr std::size_t kPerPage = 20;

std::string pair_path(sync::DocumentKey const& one, sync::DocumentKey const& other) {
  return cat("/espace/doublons/", one.scope.owner(), '/', one.id.to_string(), '/',
             other.id.to_string());
}

std::string likenesses(Pair const& pair) {
  std::string text;
  for (auto const one : pair.shared)
    text += cat(text.empty() ? "" : ", ", service::likeness_label(one));
  return text;
}

std::string_view taken_name(Taken taken) {
  switch (taken) {
    case Taken::kept: return "kept";
    case Taken::other: return "other";
    case Taken::both: return "both";
  }
  return {};
}

std::optional<Taken> parse_taken(std::string_view name) {
  for (auto const taken : {Taken::kept, Taken::other, Taken::both}) {
    if (taken_name(taken) == name) return taken;
  }
  return std::nullopt;
}

http::Response list_page(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const& context = office.context();
  auto const verdict = service::parse_verdict(request.query.get("avis"));
  auto const asked = std::atoll(std::string(request.query.get("page")).c_str());
  auto const number = asked > 1 && asked < 1'000 ? static_cast<std::size_t>(asked) : 1;
  service::Duplicates const duplicates(context.instance);
  auto const found = duplicates.list(visitor.actor, verdict, (number - 1) * kPerPage, kPerPage);
  if (!found) return office.refused(visitor, found.error());
  std::vector<View> pairs;
  for (auto const& pair : found->pairs) {
    View view;
    view.text("href", pair_path(pair.first.key, pair.second.key))
        .text("first", pair.first.title)
        .text("second", pair.second.title)
        .text("type", pair.first.type->singular.fr)
        .text("why", likenesses(pair));
    if (visitor.actor.offices.size() > 1)
      view.text("node", title_of_node(context, pair.first.node));
    pairs.push_back(std::move(view));
  }
  View view;
  view.flag("has_pairs", !pairs.empty())
      .list("pairs", std::move(pairs))
      .flag("open", !verdict)
      .flag("unsure", verdict == PairVerdict::unsure)
      .flag("distinct", verdict == PairVerdict::distinct)
      .flag("more", found->more)
      .text("count",
            page::counted(static_cast<std::int64_t>(found->total),
                          "paire de fiches qui se ressemblent",
                          "paires de fiches qui se ressemblent", true, page::Language::fr));
  auto const to = [&](std::size_t page) {
    return cat("/espace/doublons?page=", page,
               verdict ? cat("&avis=", service::verdict_name(*verdict)) : std::string());
  };
  if (number > 1) view.text("previous", to(number - 1));
  if (number * kPerPage < found->total) view.text("next", to(number + 1));
  page::PageInfo info;
  info.title = "Doublons";
  info.section = "duplicates";
  return office.page(visitor, info, "office/duplicates", view);
}

// The two records that the address names, the one that is to stay first.
struct Both {
  WorkingCopy kept, other;
};

Result<Both> both_of(Office const& office, Visitor const& visitor, http::Request const& request,
                     std::string_view kept) {
  auto const node = NodeName::parse(request.capture("node"));
  if (!node) return fail(Code::not_found, "Cette fiche n’existe pas.");
  if (!service::unites(visitor.actor))
    return fail(Code::denied, "Votre compte ne permet pas de réunir des fiches.");
  auto& editorial = office.context().editorial;
  SOL_ASSIGN(auto first, editorial.get(visitor.actor, *node, request.capture("first")));
  SOL_ASSIGN(auto second, editorial.get(visitor.actor, *node, request.capture("second")));
  if (first.type != second.type || first.key == second.key)
    return fail(Code::invalid, "Ces deux fiches ne peuvent pas être la même.");
  if (second.key.id.to_string() == kept) std::swap(first, second);
  return Both{std::move(first), std::move(second)};
}

// The one that is to stay unless somebody says otherwise: what people entered before what a file
// brought, what is public before what is not.
std::string proposed_to_stay(WorkingCopy const& one, WorkingCopy const& other) {
  auto const worth = [](WorkingCopy const& copy) {
    return std::tuple(copy.is_public(), copy.source.empty(), copy.record.size());
  };
  return (worth(other) > worth(one) ? other : one).key.id.to_string();
}

View side_view(Context const& context, WorkingCopy const& copy) {
  auto const now = context.instance.clock.now();
  View view;
  view.text("title", copy.title)
      .text("href", record_path(copy.key))
      .text("owner", person(context, copy.owner))
      .text("source", copy.source)
      .text("updated", date_and_hour(copy.updated_at, now))
      .view("state", state_view(copy.state));
  if (copy.is_public())
    view.text("public_href", service::public_path(*copy.type, copy.key.id, copy.title));
  return view;
}

std::vector<View> lines_of(schema::Field const& field, schema::Record const& record,
                           schema::DisplayOptions const& options) {
  std::vector<View> lines;
  for (auto const& line : schema::display(field, record, options))
    lines.push_back(std::move(View().text("text", line)));
  return lines;
}

View field_view(Context const& context, schema::Field const& field, Both const& both,
                Taken chosen) {
  auto const options = display_options(context);
  auto kept = lines_of(field, both.kept.record, options);
  auto other = lines_of(field, both.other.record, options);
  View view;
  view.text("key", field.key)
      .text("label", field.label.fr)
      .flag("set", schema::is_set(field.kind))
      .flag("take_kept", chosen == Taken::kept)
      .flag("take_other", chosen == Taken::other)
      .flag("take_both", chosen == Taken::both)
      .flag("kept_empty", kept.empty())
      .flag("other_empty", other.empty());
  view.list("kept", std::move(kept)).list("other", std::move(other));
  return view;
}

struct Chosen {
  service::TakenFields taken{};
  bool owner_of_other = false;
  std::string error{};
};

http::Response pair_page(Office const& office, Visitor const& visitor, Both const& both,
                         Chosen const& chosen, int status) {
  auto const& context = office.context();
  auto const& [kept, other] = both;
  View view;
  view.view("stays", side_view(context, kept)).view("goes", side_view(context, other));
  view.text("action", pair_path(kept.key, other.key))
      .text("kept", kept.key.id.to_string())
      .text("swap_href", cat(pair_path(kept.key, other.key), "?garder=", other.key.id.to_string()))
      .text("kept_basis", kept.basis.encode())
      .text("other_basis", other.basis.encode())
      .text("error", chosen.error)
      .flag("shown", kept.is_public() || other.is_public())
      .flag("two_owners", !other.owner.account.empty() && other.owner.account != kept.owner.account)
      .flag("owner_of_other", chosen.owner_of_other);
  auto const verdict = service::Duplicates(context.instance).verdict(kept, other);
  view.flag("distinct", verdict == PairVerdict::distinct)
      .flag("unsure", verdict == PairVerdict::unsure);
  std::vector<View> fields;
  for (auto const* const field : service::differences(*kept.type, kept.record, other.record)) {
    auto const found = chosen.taken.find(field->key);
    fields.push_back(field_view(
        context, *field, both,
        found == chosen.taken.end() ? service::proposed(*field, kept.record) : found->second));
  }
  view.flag("has_fields", !fields.empty()).list("fields", std::move(fields));
  page::PageInfo info;
  info.title = cat("Doublon ? ", kept.title);
  info.section = "duplicates";
  return office.page(visitor, info, "office/duplicate", view, status);
}

http::Response show_pair(Office const& office, Visitor& visitor, http::Request const& request) {
  auto both = both_of(office, visitor, request, request.query.get("garder"));
  if (!both) return office.refused(visitor, both.error());
  if (request.query.get("garder").empty() &&
      proposed_to_stay(both->kept, both->other) != both->kept.key.id.to_string())
    std::swap(both->kept, both->other);
  return pair_page(office, visitor, *both, {}, 200);
}

http::Response remember(Office const& office, Visitor& visitor, Both const& both,
                        std::optional<PairVerdict> verdict) {
  auto const done = service::Duplicates(office.context().instance)
                        .remember(visitor.actor, both.kept, both.other, verdict);
  if (!done) return office.refused(visitor, done.error());
  leave_message(office, visitor,
                verdict == PairVerdict::distinct ? "C’est noté : deux fiches distinctes."
                : verdict                        ? "C’est noté : à revoir plus tard."
                                                 : "Cette paire est de nouveau à examiner.");
  return http::Response::redirect("/espace/doublons");
}

http::Response unite(Office const& office, Visitor& visitor, Both const& both,
                     http::Request const& request) {
  auto const kept_seen = service::EditBasis::decode(request.form.get("_kept"));
  auto const other_seen = service::EditBasis::decode(request.form.get("_other"));
  if (!kept_seen) return office.refused(visitor, kept_seen.error());
  if (!other_seen) return office.refused(visitor, other_seen.error());
  Chosen chosen{.owner_of_other = request.form.get("_owner") == "other"};
  for (auto const& [name, value] : request.form.items()) {
    if (auto const taken = parse_taken(value); taken && !name.starts_with('_'))
      chosen.taken.emplace(name, *taken);
  }
  auto const& [kept, other] = both;
  auto const united = office.context().editorial.unite(
      visitor.actor,
      {.kept = kept.key,
       .other = other.key,
       .kept_seen = kept_seen->seen,
       .other_seen = other_seen->seen,
       .record = service::united(*kept.type, kept.record, other.record, chosen.taken),
       .owner_of_other = chosen.owner_of_other});
  if (!united) {
    auto const code = united.error().code();
    if (code != Code::invalid && code != Code::conflict)
      return office.refused(visitor, united.error());
    chosen.error = united.error().message();
    return pair_page(office, visitor, both, chosen, code == Code::invalid ? 422 : 409);
  }
  leave_message(office, visitor,
                "Les deux fiches n’en font plus qu’une. L’adresse de l’autre mène ici, et son "
                "contenu reste dans l’historique.");
  return http::Response::redirect(record_path(united->key));
}

http::Response decide(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const both = both_of(office, visitor, request, request.form.get("_stays"));
  if (!both) return office.refused(visitor, both.error());
  auto const action = request.form.get("_then");
  if (action == "unite") return unite(office, visitor, *both, request);
  if (action == "again") return remember(office, visitor, *both, std::nullopt);
  auto const verdict = service::parse_verdict(action);
  if (!verdict) return http::Response::redirect(pair_path(both->kept.key, both->other.key));
  return remember(office, visitor, *both, verdict);
}

}  // namespace

void add_twins(View& view, Office const& office, Visitor const& visitor, WorkingCopy const& copy) {
  if (!service::unites(visitor.actor)) return;
  auto const found = service::Duplicates(office.context().instance).of(visitor.actor, copy);
  if (!found) return;
  std::vector<View> twins;
  for (auto const& pair : *found) {
    auto const& twin = pair.first.key == copy.key ? pair.second : pair.first;
    twins.push_back(std::move(View()
                                  .text("title", twin.title)
                                  .text("why", likenesses(pair))
                                  .view("state", state_view(twin.state))
                                  .text("href", pair_path(copy.key, twin.key))));
  }
  view.flag("has_twins", !twins.empty()).list("twins", std::move(twins));
}

void add_duplicate_routes(http::Router& router, Office const& office) {
  router.get("/espace/doublons", for_visitor(office, list_page));
  router.get("/espace/doublons/{node}/{first}/{second}", for_visitor(office, show_pair));
  router.post("/espace/doublons/{node}/{first}/{second}", for_visitor(office, decide));
}

}  // namespace solidaires::office
