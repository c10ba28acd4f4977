#include <array>
#include <boost/json.hpp>
#include <ctime>
#include <memory>

#include "node/app/commands.h"
#include "node/replication/erasure.h"
#include "node/service/indexes.h"
#include "node/service/objection.h"
#include "node/service/review.h"

namespace solidaires::app {
namespace {

namespace json = boost::json;

struct EraseWords {
  std::vector<std::string> records;
  std::string scope, order, record, reason;
  bool object = false, yes = false, json = false;
};

std::string when(Instant at) {
  auto const seconds = static_cast<std::time_t>(
      std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  std::tm parts{};
  std::array<char, 32> text{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "?";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string name_of(sync::DocumentKey const& key) {
  return cat(key.scope.to_string(), ' ', key.id.to_string());
}

// A UUID, or the address of a public record, or its tail.
Result<DocumentId> find_record(CommandContext const& context, std::string const& text) {
  if (auto id = DocumentId::parse(text)) return id;
  auto const tail = text.substr(text.find_last_of("-/") + 1);
  SOL_ASSIGN(auto const page,
             context.services().store().view().scan(store::IndexScan{
                 .index = std::string(service::index::kShortId), .prefix = tail, .limit = 10}));
  if (page.hits.size() == 1 && page.hits.front().value == tail) return page.hits.front().key.id;
  return fail(Code::not_found, cat("no record is called ", text,
                                   page.hits.empty() ? "" : " alone: give its whole id"));
}

// Everything of this node that speaks of a record, or the copy in the scope that was named.
Result<std::vector<sync::DocumentKey>> candidates(CommandContext const& context,
                                                  EraseWords const& words, DocumentId const& id) {
  if (words.scope.empty())
    return service::documents_of({ScopeId::office(context.services().config().instance.name), id});
  SOL_ASSIGN(auto scope, ScopeId::parse(words.scope));
  return std::vector{sync::DocumentKey{std::move(scope), id}};
}

Result<std::vector<sync::DocumentKey>> targets_of(CommandContext const& context,
                                                  EraseWords const& words,
                                                  std::vector<std::string> const& records) {
  std::vector<sync::DocumentKey> targets;
  for (auto const& text : records) {
    SOL_ASSIGN(auto const id, find_record(context, text));
    SOL_ASSIGN(auto const keys, candidates(context, words, id));
    bool any = false;
    for (auto const& key : keys) {
      SOL_ASSIGN(auto const stored, context.services().store().get(key));
      if (!stored) continue;
      any = true;
      targets.push_back(key);
    }
    if (!any) return fail(Code::not_found, cat("this node holds no copy of ", text));
  }
  return targets;
}

json::object receipt_json(replication::ErasureReceipt const& receipt) {
  json::array held;
  for (auto const& one : receipt.says.held) {
    held.push_back(json::object{
        {"document", name_of(one.key)}, {"since", when(one.since)}, {"reason", one.reason}});
  }
  return {{"node", receipt.says.node.str()},
          {"verified", receipt.verified},
          {"problem", receipt.problem},
          {"at", when(receipt.says.at)},
          {"issue", receipt.says.issue},
          {"replica", to_string(receipt.says.replica)},
          {"erased", receipt.says.erased},
          {"absent", receipt.says.absent},
          {"versions", receipt.says.versions},
          {"history_entries", receipt.says.history_entries},
          {"held", std::move(held)},
          {"statement", base64url(receipt.proof.statement)},
          {"signature", base64url(receipt.proof.signature)},
          {"certificate", receipt.proof.certificate}};
}

json::array names(std::vector<NodeName> const& nodes) {
  json::array list;
  for (auto const& node : nodes) list.emplace_back(node.str());
  return list;
}

json::object report_json(replication::ErasureReport const& report) {
  json::array documents;
  for (auto const& key : report.request.targets) documents.emplace_back(name_of(key));
  json::array receipts;
  for (auto const& receipt : report.receipts) receipts.push_back(receipt_json(receipt));
  json::object out{{"order", report.request.id.to_string()},
                   {"asked_by", report.request.node.str()},
                   {"asked_at", when(report.request.at)},
                   {"documents", std::move(documents)},
                   {"objection", !report.request.objection.digests.empty()},
                   {"confirmed", report.confirmed()},
                   {"expected", names(report.expected)},
                   {"waiting_for", names(report.waiting)},
                   {"receipts", std::move(receipts)}};
  if (report.ordered) {
    out["hub"] = report.hub.str();
    out["ordered_at"] = when(*report.ordered);
    out["statement"] = base64url(report.proof.statement);
    out["signature"] = base64url(report.proof.signature);
    out["certificate"] = report.proof.certificate;
  }
  return out;
}

std::string summary(CommandContext const& context, replication::ErasureReport const& report) {
  auto text = cat(report.request.id.to_string(), "  ", when(report.request.at), "  asked by ",
                  report.request.node.str(), ", ", report.request.targets.size(), " documents: ");
  if (!report.ordered) return text + "erased here; the hub has not ordered it yet";
  if (!context.services().instance().hub) {
    return text +
           (report.waiting.empty() ? "confirmed here, by order of " : "under way, by order of ") +
           report.hub.str() + ", which knows of the others";
  }
  text += cat(report.confirmed(), " of ", report.expected.size(), " confirmed");
  for (std::size_t i = 0; i < report.waiting.size(); ++i) {
    text += cat(i == 0 ? ", waiting for " : ", ", report.waiting[i].str());
  }
  return text;
}

void say_report(CommandContext const& context, replication::ErasureReport const& report) {
  context.say(summary(context, report));
  for (auto const& key : report.request.targets) context.say(cat("  ", name_of(key)));
  if (report.ordered) {
    context.say(cat("Ordered by ", report.hub.str(), " at ", when(*report.ordered),
                    ". Statement (base64url): ", base64url(report.proof.statement)));
    context.say(cat("Signature: ", base64url(report.proof.signature)));
    context.say(report.proof.certificate);
  }
  for (auto const& receipt : report.receipts) {
    auto const& says = receipt.says;
    context.say(cat("Receipt of ", says.node.str(), ", ", when(says.at), ", issue ", says.issue,
                    ": ", receipt.verified ? "verified" : cat("NOT VERIFIED, ", receipt.problem)));
    context.say(cat("  ", says.erased, " erased, ", says.absent, " never held, ", says.versions,
                    " values and ", says.history_entries, " history entries removed"));
    for (auto const& held : says.held) {
      context.say(
          cat("  held since ", when(held.since), ": ", name_of(held.key), " (", held.reason, ")"));
    }
    context.say(cat("  statement (base64url): ", base64url(receipt.proof.statement)));
    context.say(cat("  signature: ", base64url(receipt.proof.signature)));
    context.say(receipt.proof.certificate);
  }
}

Result<replication::ErasureReport> find_report(CommandContext const& context,
                                               std::string const& order) {
  SOL_ASSIGN(auto reports, context.services().erasures().list());
  for (auto& report : reports) {
    if (report.request.id.to_string() == order) return std::move(report);
  }
  return fail(Code::not_found, cat("no order or request is called ", order));
}

Result<replication::ErasureReport> request(CommandContext& context, EraseWords const& words) {
  SOL_ASSIGN(auto const targets, targets_of(context, words, words.records));
  if (!words.yes) {
    std::string list;
    for (auto const& key : targets) list += cat("\n  ", name_of(key));
    return fail(Code::invalid, cat("this cannot be undone, by nobody and from no copy:", list,
                                   "\nNothing was erased. If it is meant, add --yes"));
  }
  sync::Objection objection;
  if (words.object) {
    SOL_ASSIGN(objection, service::object_to(context.services().instance(), targets));
  }
  auto& erasures = context.services().erasures();
  SOL_ASSIGN(auto const id, erasures.request(targets, std::move(objection)));
  SOL_ASSIGN(auto const round, erasures.obey());
  for (auto const& problem : round.problems) context.terminal.err(cat(problem, "\n"));
  if (round.again) {
    context.terminal.err(
        "Not confirmed yet: something is still read, a backup is running, or this instance is not "
        "enrolled. It goes on by itself; 'erase list' tells.\n");
  }
  context.terminal.err(
      "Backups made before this still hold it until they are discarded; an instance restored from "
      "one obeys the order again.\n");
  return find_report(context, id.to_string());
}

int say(CommandContext& context, Result<replication::ErasureReport> const& report, bool as_json,
        bool whole) {
  if (!report) return context.failed(report.error());
  if (as_json) {
    context.say(json::serialize(report_json(*report)));
  } else if (whole) {
    say_report(context, *report);
  } else {
    context.say(summary(context, *report));
  }
  return 0;
}

int list(CommandContext& context, bool as_json) {
  auto const reports = context.services().erasures().list();
  if (!reports) return context.failed(reports.error());
  if (as_json) {
    json::array all;
    for (auto const& report : *reports) all.push_back(report_json(report));
    context.say(json::serialize(all));
    return 0;
  }
  for (auto const& report : *reports) context.say(summary(context, report));
  if (reports->empty()) context.say("Nothing was ever ordered to be erased.");
  return 0;
}

int hold(CommandContext& context, EraseWords const& words, bool released) {
  auto const targets = targets_of(context, words, {words.record});
  if (!targets) return context.failed(targets.error());
  auto& store = context.services().store();
  bool any = false;
  for (auto const& key : *targets) {
    auto const done = released ? store.release_hold(key)
                               : store.hold(key, {context.services().clock().now(), words.reason});
    if (!done && done.error().code() != Code::not_found) return context.failed(done.error());
    any = any || done.has_value();
    if (done) context.say(cat(name_of(key), released ? ": released" : ": held"));
  }
  if (!any)
    return context.failed({Code::not_found, released ? "there is no hold on this record"
                                                     : "there is nothing to hold"});
  if (!released) return 0;
  auto const round = context.services().erasures().obey();
  return round ? 0 : context.failed(round.error());
}

int list_holds(CommandContext& context, bool as_json) {
  auto const held = context.services().store().view().held();
  if (!held) return context.failed(held.error());
  json::array all;
  for (auto const& one : *held) {
    if (as_json) {
      all.push_back(json::object{{"document", name_of(one.key)},
                                 {"since", when(one.hold.since)},
                                 {"reason", one.hold.reason},
                                 {"copy_kept", one.copy_kept}});
    } else {
      context.say(cat(name_of(one.key), "  since ", when(one.hold.since), ": ", one.hold.reason,
                      one.copy_kept ? "  (erased elsewhere; a copy is kept for the hold)" : ""));
    }
  }
  if (as_json) context.say(json::serialize(all));
  return 0;
}

void add_hold_commands(CLI::App& erase, CommandContext& context,
                       std::shared_ptr<EraseWords> const& words) {
  for (bool const released : {false, true}) {
    auto* const command = erase.add_subcommand(
        released ? "release" : "hold",
        released ? "End a legal hold; what an order had erased meanwhile goes now"
                 : "Keep a record at this node for a legal reason, whatever is ordered");
    command->add_option("record", words->record, "Id or address of the record")->required();
    command->add_option("--scope", words->scope, "Only the copy in this scope");
    if (!released) {
      command->add_option("--reason", words->reason, "Why; receipts tell it: no names of persons")
          ->required();
    }
    command->callback(
        [words, &context, released] { context.status = hold(context, *words, released); });
  }
  auto* const holds = erase.add_subcommand("holds", "The legal holds of this node");
  holds->add_flag("--json", words->json, "For programs");
  holds->callback([words, &context] { context.status = list_holds(context, words->json); });
}

}  // namespace

void add_erase_commands(CLI::App& app, CommandContext& context) {
  auto const words = std::make_shared<EraseWords>();
  auto* const erase = app.add_subcommand("erase", "Erasure of records in the whole network");
  erase->require_subcommand(1);
  auto* const ask = erase->add_subcommand(
      "request", "Erase records here at once, and have it ordered in the whole network");
  ask->add_option("record", words->records, "Ids or addresses of the records")->required();
  ask->add_option("--scope", words->scope,
                  "Only the copies in this scope (public/..., office/...)");
  ask->add_flag("--object", words->object, "And object to a new import of the same records");
  ask->add_flag("--yes", words->yes, "It is meant: nothing brings it back");
  ask->add_flag("--json", words->json, "For programs");
  ask->callback([words, &context] {
    context.status = say(context, request(context, *words), words->json, false);
  });
  auto* const show = erase->add_subcommand("show", "An order with its receipts, to print as proof");
  show->add_option("order", words->order, "Id of the order")->required();
  show->add_flag("--json", words->json, "For programs");
  show->callback([words, &context] {
    context.status = say(context, find_report(context, words->order), words->json, true);
  });
  auto* const all = erase->add_subcommand("list", "Every order, and who has confirmed it");
  all->add_flag("--json", words->json, "For programs");
  all->callback([words, &context] { context.status = list(context, words->json); });
  add_hold_commands(*erase, context, words);
}

}  // namespace solidaires::app
