#include <boost/json.hpp>
#include <map>
#include <memory>
#include <thread>

#include "node/app/commands.h"
#include "node/replication/network.h"

namespace solidaires::app {
namespace {

namespace json = boost::json;

struct NodeWords {
  std::string name, title, territory, subscribe = "all", base_url;
  bool delegate_moderation = false;
  bool is_hub = false;
  bool json = false;
  bool cut_off = false;
  bool end = false;
};

replication::StateFiles files_of(CommandContext const& context) {
  return {context.services().config().data.directory / "keys"};
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    auto const part = text.substr(0, text.find(','));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(part.size() + 1, text.size()));
  }
  return parts;
}

int init_network(CommandContext& context) {
  auto const& config = context.services().config();
  if (config.instance.role != Role::hub)
    return context.failed(
        {Code::invalid, "only a hub (instance.role = \"hub\") has a network of its own"});
  replication::NodeRecord hub;
  hub.network = config.instance.name;
  hub.name = config.instance.name;
  hub.title = config.instance.title;
  hub.base_url = config.instance.base_url;
  hub.territory = config.instance.territory;
  hub.hub = true;
  auto const done =
      replication::create_network(files_of(context), context.services().store(), hub,
                                  context.services().clock(), context.services().rng());
  if (!done) return context.failed(done.error());
  context.say(cat("Network ", hub.name.str(), ": ready to take nodes (solidaires node add)."));
  return 0;
}

int add_node(CommandContext& context, NodeWords const& words) {
  auto const& config = context.services().config();
  auto const name = NodeName::parse(words.name);
  if (!name) return context.failed(name.error());
  replication::Invitation invitation;
  invitation.node.network = config.instance.name;
  invitation.node.name = *name;
  invitation.node.title = words.title.empty() ? words.name : words.title;
  invitation.node.base_url = words.base_url;
  invitation.node.territory = split(words.territory);
  invitation.node.delegates_moderation = words.delegate_moderation;
  invitation.node.has_nodes = words.is_hub;
  invitation.node.every_public = words.subscribe == "all";
  if (!invitation.node.every_public) {
    for (auto const& part : split(words.subscribe)) {
      auto const other = NodeName::parse(part);
      if (!other) return context.failed(other.error());
      invitation.node.subscriptions.push_back(*other);
    }
  }
  for (auto const& code : invitation.node.territory) {
    if (context.services().gazetteer()->department(code) == nullptr) {
      return context.failed({Code::invalid, cat("there is no department '", code, "'")});
    }
  }
  invitation.hub_address = link_address(config);
  auto const token =
      replication::add_node(files_of(context), context.services().store(), config.instance.name,
                            invitation, context.services().clock(), context.services().rng());
  if (!token) return context.failed(token.error());
  context.terminal.err(
      cat("Within 72 hours, on the node's machine: solidaires enrol TOKEN --config FILE\n"));
  context.say(*token);
  return 0;
}

int list_nodes(CommandContext& context, bool as_json) {
  json::array list;
  auto const nodes = replication::each_once(context.services().registry().nodes(),
                                            context.services().config().instance.name);
  for (auto const& node : nodes) {
    std::string territory;
    for (auto const& code : node.territory) territory += cat(territory.empty() ? "" : ",", code);
    auto const state = std::string(replication::node_state_name(node.state));
    if (as_json) {
      list.push_back(json::object{{"name", node.name.str()},
                                  {"title", node.title},
                                  {"territory", territory},
                                  {"state", state},
                                  {"hub", node.hub || node.has_nodes},
                                  {"network", node.network.str()},
                                  {"below", node.parent.str()}});
    } else {
      context.say(cat(node.name.str(), "  ", node.title, "  ", territory, "  ",
                      node.hub ? "hub" : state, node.has_nodes ? ", hub" : "",
                      node.parent.empty() ? "" : cat(", below ", node.parent.str())));
    }
  }
  if (as_json) context.say(json::serialize(list));
  return 0;
}

int set_suspended(CommandContext& context, std::string const& name, bool suspended) {
  auto const node = NodeName::parse(name);
  if (!node) return context.failed(node.error());
  auto const done = replication::set_suspended(context.services().store(),
                                               context.services().config().instance.name, *node,
                                               suspended, context.services().clock());
  if (!done) return context.failed(done.error());
  context.say(cat(name, suspended ? ": suspended; its link ends now." : ": admitted again."));
  return 0;
}

int revoke(CommandContext& context, std::string const& name) {
  auto const node = NodeName::parse(name);
  if (!node) return context.failed(node.error());
  auto const done =
      replication::revoke(context.services().store(), context.services().config().instance.name,
                          *node, context.services().clock());
  if (!done) return context.failed(done.error());
  context.say(cat(name,
                  ": its certificates are refused from now on. To bring it back: solidaires "
                  "node add ",
                  name, ", and on its machine solidaires enrol TOKEN."));
  return 0;
}

int rotate_authority(CommandContext& context) {
  auto& services = context.services();
  auto const done = replication::rotate_authority(
      files_of(context), services.config().instance.name, services.clock());
  if (!done) return context.failed(done.error());
  if (context.running.replication != nullptr) context.running.replication->authorities_changed();
  context.say(
      "A new authority certifies nodes from now on; both are trusted. Nodes that are there take it "
      "up within a minute. When all have: solidaires node retire-authority");
  return 0;
}

int retire_authority(CommandContext& context, bool accepted) {
  auto& services = context.services();
  auto const outcome =
      replication::retire_authority(files_of(context), services.store(),
                                    services.config().instance.name, accepted, services.clock());
  if (!outcome) return context.failed(outcome.error());
  std::string names;
  for (auto const& node : outcome->cut_off) names += cat(names.empty() ? "" : ", ", node.str());
  if (!outcome->done) {
    return context.failed(
        {Code::conflict,
         cat("nothing was retired: these have no certificate of the new authority yet: ", names,
             ". Wait until they were here; or say --cut-off: then they come back by themselves "
             "within 400 days after their certificate's end, unless their program is older than "
             "this one, and else enrol again")});
  }
  if (context.running.replication != nullptr) context.running.replication->authorities_changed();
  context.say(
      cat("The old authority is retired; tokens that were given before are void.",
          names.empty() ? "" : cat(" Cut off, until they ask what followed it: ", names, ".")));
  return 0;
}

int take_back(CommandContext& context, std::string const& name, bool ended) {
  auto const node = NodeName::parse(name);
  if (!node) return context.failed(node.error());
  auto& services = context.services();
  auto const done = replication::set_taking_back(services.store(), services.config().instance.name,
                                                 *node, !ended, services.clock());
  if (!done) return context.failed(done.error());
  context.say(ended ? cat(name, " gives nothing back any more.")
                    : cat("What this hub had written itself is taken back from ", name,
                          ". When 'status' says that nothing is behind: solidaires node take-back ",
                          name, " --end"));
  return 0;
}

int renew_identity(CommandContext& context) {
  auto* const replication = context.running.replication;
  auto const replica = replication != nullptr ? replication->renew_identity()
                                              : replication::renew_incarnation(
                                                    files_of(context), context.services().store());
  if (!replica) return context.failed(replica.error());
  context.say(cat(context.services().config().instance.name.str(), ": a new incarnation, replica ",
                  to_string(*replica),
                  ". Its links begin anew; what it holds is sent and received again."));
  return 0;
}

json::object link_json(replication::LinkReport const& link) {
  json::array scopes;
  for (auto const& scope : link.scopes) {
    scopes.push_back(json::object{{"scope", scope.scope.to_string()},
                                  {"outgoing", scope.outgoing},
                                  {"held", scope.held},
                                  {"documents_behind", scope.documents_at_most},
                                  {"bytes_behind", scope.bytes_estimate},
                                  {"age_ms", scope.age.count()}});
  }
  json::array proofs;
  for (auto const& proof : link.proofs) {
    proofs.push_back(json::object{{"scope", proof.scope.to_string()},
                                  {"proof", std::string(replication::proof_name(proof.proof))},
                                  {"checked_unix_ms", to_unix_ms(proof.checked_at)},
                                  {"documents", proof.documents},
                                  {"differences", proof.differences},
                                  {"repaired", proof.repaired}});
  }
  json::array quarantine;
  for (auto const& reason : link.link.quarantine) quarantine.emplace_back(reason);
  json::array withdrawals;
  for (auto const& scope : link.withdrawals) withdrawals.emplace_back(scope.to_string());
  json::object out{{"peer", link.link.peer.str()},
                   {"in_sync", link.in_sync},
                   {"waits_for_its_turn", !link.link.view.admitted},
                   {"differences", link.link.differences},
                   {"last_difference", link.link.last_difference},
                   {"proofs", std::move(proofs)},
                   {"quarantine", std::move(quarantine)},
                   {"title", link.title},
                   {"state", std::string(net::peer_state_name(link.link.state))},
                   {"address", link.link.address},
                   {"documents_behind", link.documents_behind_at_most},
                   {"age_ms", link.age_max.count()},
                   {"last_error", link.link.last_error},
                   {"scopes", std::move(scopes)},
                   {"withdrawals_waiting", std::move(withdrawals)}};
  if (link.certificate_days) out["certificate_days"] = *link.certificate_days;
  return out;
}

json::object report_json(std::optional<replication::Report> const& report) {
  json::object out;
  json::array links;
  if (report) {
    for (auto const& link : report->links) links.push_back(link_json(link));
    out["enrolled"] = report->enrolled;
    out["waiting_for"] = report->waiting_for;
    out["roots_overlap"] = report->roots_overlap;
    json::array declined;
    for (auto const& one : report->declined) {
      declined.push_back(json::object{
          {"node", one.node.str()}, {"announced_by", one.by.str()}, {"reason", one.reason}});
    }
    out["declined"] = std::move(declined);
  }
  out["links"] = std::move(links);
  return out;
}

json::object disk_json(DiskReport const& disk) {
  json::array problems;
  for (auto const& problem : disk.problems) problems.emplace_back(problem);
  json::object out{{"documents", disk.documents},
                   {"files", disk.tables},
                   {"found", disk.found},
                   {"mended", disk.mended},
                   {"problems", std::move(problems)}};
  if (disk.read_at) out["read_unix_ms"] = to_unix_ms(*disk.read_at);
  return out;
}

void say_disk(CommandContext& context, DiskReport const& disk) {
  if (disk.found == 0) return;
  context.say(cat("DISK: since the start, ", disk.found,
                  " things were found on it that must not be, of which ", disk.mended,
                  " were mended here. Look at the disk, and run 'solidaires check'. The last:"));
  for (auto const& problem : disk.problems) context.say(cat("  ", problem));
}

// What the digests say of a link, in words.
std::string agreement(replication::LinkReport const& link) {
  using replication::Proof;
  if (link.link.state != net::PeerState::live) return "not compared while the link is away";
  if (!link.link.view.admitted) return "waits for its turn to catch up";
  if (!link.link.view.compares) return "cannot be compared: the other side is an older version";
  if (link.in_sync) return "in sync: both sides hold the same";
  for (auto const& [proof, words] :
       {std::pair{Proof::differs, "DIFFERS in "}, std::pair{Proof::unproven, "not compared: "},
        std::pair{Proof::checking, "being compared: "},
        std::pair{Proof::changed, "changed since it was compared: "}}) {
    std::string scopes;
    for (auto const& scope : link.proofs) {
      if (scope.proof == proof) scopes += cat(scopes.empty() ? "" : ", ", scope.scope.to_string());
    }
    if (!scopes.empty()) return cat(words, scopes);
  }
  return "being compared";
}

void say_link(CommandContext& context, replication::LinkReport const& link) {
  context.say(cat("Link with ", link.link.peer.str(), ": ", net::peer_state_name(link.link.state),
                  ", behind by at most ", link.documents_behind_at_most, " documents",
                  link.link.last_error.empty() ? "" : cat(", last error: ", link.link.last_error)));
  context.say(cat("  ", agreement(link)));
  if (!link.link.last_difference.empty()) {
    context.say(cat("  ", link.link.differences,
                    " documents were found to differ since the start, "
                    "which must not happen; the last: ",
                    link.link.last_difference));
  }
  for (auto const& reason : link.link.quarantine) {
    context.say(cat("  in quarantine, so that nothing behind it is taken for done: ", reason));
  }
  for (auto const& scope : link.withdrawals) {
    context.say(cat("  may not hold ", scope.to_string(), ", and has not confirmed its removal"));
  }
}

int status(CommandContext& context, bool as_json) {
  auto const& services = context.services();
  auto const stats = services.store().stats();
  if (!stats) return context.failed(stats.error());
  auto const report = context.running.replication == nullptr
                          ? std::optional<replication::Report>()
                          : context.running.replication->report();
  std::uint64_t documents = 0;
  for (auto const& scope : stats->scopes) documents += scope.alive;
  if (as_json) {
    json::object out{{"name", services.config().instance.name.str()},
                     {"serving", report.has_value()},
                     {"documents", documents},
                     {"replica", to_string(services.store().replica())}};
    json::array scopes;
    for (auto const& scope : stats->scopes) {
      scopes.push_back(json::object{{"scope", scope.scope.to_string()},
                                    {"documents", scope.alive},
                                    {"head", static_cast<std::uint64_t>(scope.head)}});
    }
    out["scopes"] = std::move(scopes);
    out["disk"] = disk_json(services.disk_watch().report());
    for (auto& [key, value] : report_json(report)) out[key] = std::move(value);
    context.say(json::serialize(out));
    return 0;
  }
  context.say(cat(services.config().instance.title, " (", services.config().instance.name.str(),
                  "): ", report ? "serving" : "not serving"));
  context.say(cat("Documents: ", documents));
  for (auto const& scope : stats->scopes) {
    context.say(cat("  ", scope.scope.to_string(), ": ", scope.alive, " documents, feed at ",
                    static_cast<std::uint64_t>(scope.head)));
  }
  say_disk(context, services.disk_watch().report());
  if (!report) return 0;
  if (report->roots_overlap) {
    context.say("Authority: two overlap; when every node has the new one: node retire-authority");
  }
  if (!report->waiting_for.empty()) context.say(cat("Link: ", report->waiting_for));
  for (auto const& one : report->declined) {
    context.say(
        cat("Not entered: ", one.node.str(), ", announced by ", one.by.str(), ": ", one.reason));
  }
  for (auto const& link : report->links) say_link(context, link);
  return 0;
}

// ---- verify ----

constexpr std::chrono::milliseconds kVerifyLook{200};

// The links that are asked: live, and of the peer if one is named.
std::vector<replication::LinkReport> verified_links(replication::Report const& report,
                                                    std::string const& peer) {
  std::vector<replication::LinkReport> links;
  for (auto const& link : report.links) {
    if (!peer.empty() && link.link.peer.str() != peer) continue;
    if (peer.empty() && link.link.state != net::PeerState::live) continue;
    links.push_back(link);
  }
  return links;
}

// How often each scope had been compared, on which connection: what is more came afterwards.
using Compared = std::map<std::pair<NodeName, ScopeId>, std::pair<std::uint64_t, std::uint64_t>>;

Compared compared(std::vector<replication::LinkReport> const& links) {
  Compared all;
  for (auto const& link : links) {
    for (auto const& scope : link.proofs) {
      all[{link.link.peer, scope.scope}] = {link.link.connections, scope.comparisons};
    }
  }
  return all;
}

struct VerifyTally {
  std::size_t scopes = 0;
  std::size_t proven = 0;
  std::size_t differing = 0;
  std::size_t waiting = 0;
  std::uint64_t documents = 0;
};

VerifyTally tally(std::vector<replication::LinkReport> const& links, Compared const& before) {
  VerifyTally tally;
  auto const now = compared(links);
  for (auto const& link : links) {
    for (auto const& scope : link.proofs) {
      ++tally.scopes;
      auto const& count = now.at({link.link.peer, scope.scope});
      auto const known = before.find({link.link.peer, scope.scope});
      bool const fresh = count.second > 0 && (known == before.end() || known->second != count);
      if (fresh && scope.proof == replication::Proof::differs) {
        ++tally.differing;
      } else if (fresh && scope.proof != replication::Proof::unproven) {
        ++tally.proven;
        tally.documents += scope.documents;
      } else {
        ++tally.waiting;
      }
    }
  }
  return tally;
}

int say_verified_json(CommandContext& context, std::vector<replication::LinkReport> const& links,
                      VerifyTally const& found) {
  bool const is_same = found.proven == found.scopes && found.scopes > 0;
  json::array all;
  for (auto const& link : links) all.push_back(link_json(link));
  context.say(json::serialize(json::object{{"same", is_same},
                                           {"scopes", found.scopes},
                                           {"proven", found.proven},
                                           {"differing", found.differing},
                                           {"not_compared", found.waiting},
                                           {"documents", found.documents},
                                           {"links", std::move(all)}}));
  return is_same ? 0 : 1;
}

int say_verified(CommandContext& context, std::vector<replication::LinkReport> const& links,
                 VerifyTally const& found) {
  std::uint64_t repaired = 0;
  for (auto const& link : links) {
    context.say(cat(link.link.peer.str(), ": ", agreement(link)));
    for (auto const& scope : link.proofs) {
      repaired += scope.repaired;
      context.say(cat("  ", scope.scope.to_string(), ": ", replication::proof_name(scope.proof),
                      ", ", scope.documents, " documents",
                      scope.differences == 0 ? ""
                                             : cat(", ", scope.differences, " differed, ",
                                                   scope.repaired, " sent or received anew")));
    }
  }
  if (found.proven == found.scopes && found.scopes > 0) {
    context.say(cat(found.scopes, " scopes, ", found.documents,
                    " documents: both sides hold the same",
                    repaired == 0 ? "." : " (now; see the differences above)."));
    return 0;
  }
  context.terminal.err(cat("solidaires: ", found.differing, " scopes differ and ", found.waiting,
                           " could not be compared. Nothing was removed; see 'solidaires status' "
                           "for what holds them up, then verify again.\n"));
  return 1;
}

struct VerifyWords {
  std::string peer;
  std::uint32_t patience_s = 300;
  bool json = false;
};

// Compares until each scope is proven, differs for good, or time is over. Who goes away meanwhile
// is still waited for: a link that was asked and is gone has proven nothing.
int await_verified(CommandContext& context, replication::Replication const& replication,
                   VerifyWords const& words, std::vector<replication::LinkReport> const& asked) {
  auto const links_now = [&] {
    auto links = replication.report().links;
    std::erase_if(links, [&](replication::LinkReport const& link) {
      return std::ranges::none_of(asked, [&](replication::LinkReport const& one) {
        return one.link.peer == link.link.peer;
      });
    });
    return links;
  };
  auto const before = compared(asked);
  auto const patience = std::chrono::steady_clock::now() + std::chrono::seconds(words.patience_s);
  for (auto const& link : asked) replication.compare(link.link.peer);
  VerifyTally told{.scopes = 0, .proven = ~std::size_t{0}};
  while (true) {
    std::this_thread::sleep_for(kVerifyLook);
    auto const links = links_now();
    auto const now = tally(links, before);
    if (now.proven != told.proven) {
      context.terminal.err(cat(now.proven, " of ", now.scopes, " scopes compared\n"));
      told = now;
    }
    bool const late = std::chrono::steady_clock::now() >= patience;
    bool const mending = std::ranges::any_of(links, [](auto const& link) {
      return std::ranges::any_of(link.link.view.probes, &sync::ProbeView::due);
    });
    bool const over = now.scopes > 0 && now.waiting == 0 && (now.differing == 0 || !mending);
    if (!over && !late && !context.terminal.gone()) continue;
    return words.json ? say_verified_json(context, links, now) : say_verified(context, links, now);
  }
}

int verify(CommandContext& context, VerifyWords const& words) {
  auto const& peer = words.peer;
  auto const* const replication = context.running.replication;
  if (replication == nullptr) {
    return context.failed(
        {Code::unavailable, "nothing is serving here: start the instance, then verify"});
  }
  if (!peer.empty()) {
    if (auto const name = NodeName::parse(peer); !name) return context.failed(name.error());
  }
  auto const report = replication->report();
  auto const asked = verified_links(report, peer);
  for (auto const& link : asked) {
    if (link.link.state == net::PeerState::live && link.link.view.compares) continue;
    return context.failed({Code::unavailable, cat(link.link.peer.str(), ": ", agreement(link))});
  }
  if (asked.empty()) {
    return context.failed({Code::not_found, peer.empty()
                                                ? std::string("no link is live: nothing to verify")
                                                : cat("there is no link with ", peer)});
  }
  for (auto const& link : report.links) {
    if (!peer.empty() || link.link.state == net::PeerState::live) continue;
    context.terminal.err(cat(link.link.peer.str(), " is away: not asked\n"));
  }
  return await_verified(context, *replication, words, asked);
}

}  // namespace

std::string link_address(Config const& config) {
  auto const& link = config.link;
  if (!link.advertised.empty()) return cat(link.advertised.host, ':', link.advertised.port);
  return cat(link.listen_address, ':', link.listen_port);
}

void add_network_commands(CLI::App& app, CommandContext& context) {
  auto const words = std::make_shared<NodeWords>();
  auto* const node = app.add_subcommand("node", "The nodes of this hub's network");
  node->require_subcommand(1);
  node->add_subcommand("init", "Found the network: its private authority and its registry")
      ->callback([&context] { context.status = init_network(context); });
  auto* const add = node->add_subcommand("add", "Invite a node; prints a token that serves once");
  add->add_option("name", words->name, "Stable name of the node: a-z, 0-9, -")->required();
  add->add_option("--title", words->title, "Title of its portal");
  add->add_option("--territory", words->territory, "Department codes, separated by commas");
  add->add_option("--url", words->base_url, "Address of its portal");
  add->add_option("--subscribe", words->subscribe,
                  "all, or names of the nodes whose public records it takes");
  add->add_flag("--delegate-moderation", words->delegate_moderation,
                "The hub's moderators may act for it");
  add->add_flag("--hub", words->is_hub, "It is a hub itself, with nodes of its own below it");
  add->callback([words, &context] { context.status = add_node(context, *words); });
  auto* const list = node->add_subcommand("list", "The registry of nodes");
  list->add_flag("--json", words->json, "For programs");
  list->callback([words, &context] { context.status = list_nodes(context, words->json); });
  for (bool const suspended : {true, false}) {
    auto* const command = node->add_subcommand(
        suspended ? "suspend" : "admit", suspended ? "End a node's link until it is admitted again"
                                                   : "Admit a suspended node again");
    command->add_option("name", words->name, "Name of the node")->required();
    command->callback([words, &context, suspended] {
      context.status = set_suspended(context, words->name, suspended);
    });
  }
  auto* const revoking = node->add_subcommand(
      "revoke", "Refuse every certificate of a node for good, until it enrols again");
  revoking->add_option("name", words->name, "Name of the node")->required();
  revoking->callback([words, &context] { context.status = revoke(context, words->name); });
  auto* const taking = node->add_subcommand(
      "take-back", "After this hub was restored: take what it had written itself from a node");
  taking->add_option("name", words->name, "Name of a node that is trusted with it")->required();
  taking->add_flag("--end", words->end, "That was all");
  taking->callback(
      [words, &context] { context.status = take_back(context, words->name, words->end); });
  node->add_subcommand("rotate-authority",
                       "Make a new authority beside the present one; both are trusted")
      ->callback([&context] { context.status = rotate_authority(context); });
  auto* const retiring = node->add_subcommand(
      "retire-authority", "Trust the new authority alone; says first who would be cut off");
  retiring->add_flag("--cut-off", words->cut_off, "Do it although nodes are cut off");
  retiring->callback(
      [words, &context] { context.status = retire_authority(context, words->cut_off); });
  node->add_subcommand("renew-identity",
                       "Make this store another incarnation: after it was copied, or an older copy "
                       "was put back")
      ->callback([&context] { context.status = renew_identity(context); });
  auto const asked = std::make_shared<VerifyWords>();
  auto* const verifying =
      app.add_subcommand("verify", "Compare with the other instances what both sides hold");
  verifying->add_option("--peer", asked->peer, "Only with this instance");
  verifying->add_option("--wait", asked->patience_s, "Seconds to wait for moving scopes; 300");
  verifying->add_flag("--json", asked->json, "For programs");
  verifying->callback([asked, &context] { context.status = verify(context, *asked); });
  auto* const state = app.add_subcommand("status", "State of this instance and of its links");
  state->add_flag("--json", words->json, "For programs");
  state->callback([words, &context] { context.status = status(context, words->json); });
}

}  // namespace solidaires::app
