// Two content models over real links: what one does not know it keeps, relays and edits around.
#include <gtest/gtest.h>

#include "schema/model.h"
#include "schema/value.h"
#include "sync/wire/document_codec.h"
#include "tests/unit/replication/instance.h"

namespace solidaires::replication {
namespace {

using net::PeerState;
using schema::ContentModel;

constexpr std::string_view kModel = R"(
type {
  key: "place" prefix: "lieux" singular { fr: "lieu" en: "place" } plural { fr: "lieux" en: "places" }
  gender: masculine
  group { key: "main" label { fr: "Lieu" en: "Place" }
    field { key: "name" kind: text label { fr: "Nom" en: "Name" } audience: public card: title }
  }
})";
constexpr std::string_view kAdded = R"(
extend { type: "place" group { key: "main"
  field { key: "access" kind: text label { fr: "Accès" en: "Access" } audience: public }
} })";

ContentModel model(bool with_additions) {
  std::map<std::string, std::string> files{{"a.txtpb", std::string(kModel)}};
  if (with_additions) files["b.txtpb"] = std::string(kAdded);
  auto parsed = ContentModel::parse(files);
  EXPECT_TRUE(parsed) << parsed.error().message();
  return *std::move(parsed);
}

// What an instance of that model shows of a document.
schema::Record shown(ContentModel const& model, sync::Document const& document) {
  schema::Record record;
  auto const* const type = model.type(document.type);
  if (type == nullptr) return record;
  for (auto const& [key, versions] : document.fields) {
    auto const value = sync::shown_value(document, key);
    if (!value || type->field(schema::field_of(key)) == nullptr) continue;
    record.emplace(key, schema::decode(*value));
  }
  return record;
}

sync::Document at(Instance const& instance, sync::DocumentKey const& key) {
  auto const found = instance.store->get(key);
  return found && *found ? (*found)->document : sync::Document{};
}

void write(Instance& instance, sync::DocumentKey const& key, std::string type,
           std::vector<sync::FieldEdit> fields) {
  auto const outcome = instance.store->commit(
      {.now = instance.clock.now(),
       .author = "test",
       .documents = {{.key = key, .type = std::move(type), .fields = std::move(fields)}}});
  ASSERT_TRUE(outcome) << outcome.error().to_string();
}

sync::DocumentKey fresh(Instance& instance, ScopeId const& scope) {
  return {scope, DocumentId::make(instance.clock.now(), instance.rng)};
}

TEST(ModelSkew, an_older_instance_keeps_relays_and_edits_around_what_it_does_not_know) {
  Network network;  // the hub and savoie have the older model, isere the newer
  auto const older = model(false);
  auto const newer = model(true);
  auto const isere = network.join("isere");
  auto const savoie = network.join("savoie");
  auto const key = fresh(*isere, ScopeId::published(name("isere")));
  // A field that the older model lacks, a value of a kind that its program lacks, a type that
  // nobody else has.
  Bytes const unknown_kind = from_hex("fa0603616263").value();
  write(*isere, key, "place",
        {{"name", schema::encode(std::string("Le Pr\xc3\xa9"))},
         {"access", schema::encode(std::string("de plain-pied"))},
         {"later", unknown_kind}});
  auto const offer = fresh(*isere, key.scope);
  write(*isere, offer, "job_offer", {{"title", schema::encode(std::string("Cuisinier"))}});
  ASSERT_TRUE(savoie->wait([&] { return at(*savoie, offer) == at(*isere, offer); }));
  ASSERT_TRUE(savoie->wait([&] { return at(*savoie, key) == at(*isere, key); }));
  EXPECT_EQ(shown(older, at(*savoie, key)).size(), 1U) << "shows what it knows";
  EXPECT_EQ(shown(newer, at(*savoie, key)).size(), 2U) << "and would show the rest";

  // The hub's moderator, whose form has no field but the name.
  auto const before = at(*network.hub, key);
  auto record = shown(older, before);
  auto changed = record;
  changed["name"] = std::string("Le Grand Pr\xc3\xa9");
  std::vector<sync::FieldEdit> edits;
  for (auto const& change : schema::changes(record, changed)) {
    edits.push_back(
        {change.key, change.value ? std::optional(schema::encode(*change.value)) : std::nullopt});
  }
  ASSERT_EQ(edits.size(), 1U);
  write(*network.hub, key, "", edits);
  for (auto const& instance : {isere.get(), savoie.get()}) {
    ASSERT_TRUE(instance->wait([&] { return at(*instance, key) == at(*network.hub, key); }));
  }
  auto const after = at(*isere, key);
  for (auto const field : {"access", "later"}) {
    EXPECT_EQ(after.fields.at(field), before.fields.at(field)) << field << ": bytes, dot and stamp";
  }
  EXPECT_EQ(schema::text_of(shown(newer, after), "name"), "Le Grand Pr\xc3\xa9");
  EXPECT_EQ(schema::text_of(shown(newer, after), "access"), "de plain-pied");
}

TEST(ModelSkew, a_newer_model_changes_no_document_and_sends_nothing) {
  Network network;
  auto isere = network.join("isere");
  auto const scope = ScopeId::published(name("isere"));
  auto const key = isere->write(scope, "before");
  ASSERT_TRUE(network.hub->holds(key, "before"));
  auto const head = isere->store->head(scope).value();
  auto const print = (*isere->store->get(key))->fingerprint;
  auto const counter = isere->store->counter();
  isere.reset();
  // The upgraded program: another minor number, and indexes of another version.
  Config config;
  config.self = name("isere");
  config.hub = network.address();
  config.links.model_version = sync::make_model_version(1, 1);
  isere = std::make_unique<Instance>(network.folder_of("isere"), config);
  ASSERT_TRUE(isere->start());
  ASSERT_TRUE(isere->reaches("aura", PeerState::live));
  auto const live = isere->write(scope, "after");
  ASSERT_TRUE(network.hub->holds(live, "after"));
  EXPECT_EQ(static_cast<std::uint64_t>(isere->store->head(scope).value()),
            static_cast<std::uint64_t>(head) + 1)
      << "nothing but the new one";
  EXPECT_EQ((*isere->store->get(key))->fingerprint, print);
  EXPECT_EQ(isere->store->counter(), counter + 1);
  EXPECT_TRUE(isere->wait([&] { return isere->link("aura").link.traffic.documents_out > 0; }));
  EXPECT_EQ(isere->link("aura").link.traffic.documents_out, 1U);
}

std::unique_ptr<Instance> with_model(Network const& network, std::uint32_t major) {
  Config config;
  config.self = name("isere");
  config.hub = network.address();
  config.links.model_version = sync::make_model_version(major, 0);
  return std::make_unique<Instance>(network.folder_of("isere"), config);
}

TEST(ModelSkew, a_major_difference_makes_the_link_read_only_and_says_so_until_the_upgrade) {
  Network network(sync::make_model_version(2, 0));
  auto isere = with_model(network, 1);
  ASSERT_TRUE(enrol(isere->files(), name("isere"), network.invite("isere"), isere->clock));
  ASSERT_TRUE(isere->start());
  ASSERT_TRUE(isere->reaches("aura", PeerState::live));
  auto const scope = ScopeId::office(name("isere"));
  auto const mine = isere->write(scope, "mine");
  auto const theirs = network.hub->write(scope, "theirs");
  EXPECT_TRUE(isere->holds(theirs, "theirs")) << "it reads";
  EXPECT_NE(isere->link("aura").link.last_error.find("read-only"), std::string::npos);
  EXPECT_NE(network.hub->link("isere").link.last_error.find("read-only"), std::string::npos);
  EXPECT_EQ(network.hub->read(mine), "");
  isere.reset();
  isere = with_model(network, 2);
  ASSERT_TRUE(isere->start());
  EXPECT_TRUE(network.hub->holds(mine, "mine")) << "nothing was lost";
  EXPECT_EQ(isere->link("aura").link.last_error, "");
}

}  // namespace
}  // namespace solidaires::replication
