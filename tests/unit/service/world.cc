#include "tests/unit/service/world.h"

#include "tests/contract/feed_entry.h"

namespace solidaires::service {

schema::ContentModel const& real_model() {
  static auto const kModel = [] {
    auto loaded = schema::ContentModel::load(SCHEMA_DIRECTORY);
    if (!loaded) {
      ADD_FAILURE() << loaded.error().to_string();
      std::abort();
    }
    return *std::move(loaded);
  }();
  return kModel;
}

std::shared_ptr<geography::Gazetteer const> const& real_places() {
  static auto const kPlaces = geography::Gazetteer::load(SOLIDAIRES_GEOGRAPHY_DIR).value();
  return kPlaces;
}

NodeName node_name(std::string_view text) {
  return NodeName::parse(text).value();
}

namespace {

// The digit that makes the sum of Luhn a multiple of ten.
char luhn_key(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    int digit = digits[digits.size() - 1 - i] - '0';
    if (i % 2 == 0) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
    sum += digit;
  }
  return static_cast<char>('0' + (10 - sum % 10) % 10);
}

schema::FormFields with(schema::FormFields fields, schema::FormFields const& more) {
  for (auto const& [input, value] : more) fields.erase(input);
  fields.insert(more.begin(), more.end());
  return fields;
}

}  // namespace

std::string invented_siret(unsigned number) {
  std::string siren = cat("9", std::to_string(1'000'000 + number % 1'000'000));
  siren += luhn_key(siren);
  std::string siret = siren + "0001";
  return siret + luhn_key(siret);
}

World::World(std::string_view name, std::vector<std::string> territory, bool hub,
             schema::ContentModel const& model)
    : rng(std::hash<std::string_view>{}(name)),
      store(store::Store::open(directory.path(),
                               {.indexer = make_indexer(), .rng = &rng, .clock = &clock})
                .value()),
      instance{node_name(name), hub, std::move(territory), *store, model, nodes, clock, rng},
      editorial(instance),
      accounts(instance) {
  nodes.list.push_back({instance.self, std::string(name), "", instance.territory, false});
}

World::~World() {
  catalogue.reset();
  auto const report = store->check();
  EXPECT_TRUE(report) << report.error().to_string();
  if (report) EXPECT_EQ(report->problems, std::vector<std::string>{});
}

void World::receive(World& from, ScopeId const& scope) {
  auto const after = store->cursor(from.store->replica(), scope).value();
  auto const page = from.store->read_feed(scope, after, 10'000, 100'000'000, {}).value();
  if (page.entries.empty()) return;
  sync::RemoteBatch batch{from.store->replica(), scope, after, page.entries.back().sequence, {}};
  for (auto const& entry : page.entries) batch.documents.push_back(sync::document_of(entry));
  auto const applied = store->apply(batch);
  EXPECT_TRUE(applied) << applied.error().to_string();
}

void World::open_catalogue() {
  catalogue = Catalogue::open(instance, real_places()).value();
}

Actor World::somebody(std::string_view role, std::string_view name) {
  Account account;
  account.id = DocumentId::make(clock.now(), rng);
  account.node = instance.self;
  account.name = name;
  account.role = instance.model.role(role);
  EXPECT_NE(account.role, nullptr) << role;
  return accounts.actor(account);
}

schema::Record World::record(std::string_view type, schema::FormFields const& typed) const {
  auto parsed = schema::parse_form(*instance.model.type(type), typed);
  for (auto const& problem : parsed.problems) {
    EXPECT_TRUE(problem.note) << problem.input << ": " << problem.message.fr;
  }
  return parsed.record;
}

WorkingCopy World::draft(Actor const& actor, std::string_view type,
                         schema::FormFields const& typed) {
  auto made = editorial.create(actor, actor.author.node, type, record(type, typed));
  EXPECT_TRUE(made) << made.error().to_string();
  clock.pass(Millis(1000));
  return *std::move(made);
}

WorkingCopy World::published(std::string_view type, schema::FormFields const& typed) {
  auto const who = somebody("animateur", "Camille");
  auto const made = draft(who, type, typed);
  auto done = editorial.publish(who, made.key);
  EXPECT_TRUE(done) << done.error().to_string();
  clock.pass(Millis(1000));
  return *std::move(done);
}

Result<WorkingCopy> World::edit(Actor const& actor, WorkingCopy const& copy,
                                schema::FormFields const& changed) {
  auto const fields = schema::form_fields(*copy.type, editorial.widest(actor, copy));
  auto const typed = with(schema::form_values(*copy.type, copy.record), changed);
  auto const parsed = schema::parse_form(typed, fields);
  clock.pass(Millis(1000));
  return editorial.save(actor, copy.key, parsed.record, fields, copy.basis);
}

sync::DocumentKey World::public_key(WorkingCopy const& copy) const {
  return {ScopeId::published(copy.node), copy.key.id};
}

sync::Sequence World::head(ScopeId const& scope) const {
  return store->head(scope).value();
}

schema::FormFields structure_form(std::string_view name, schema::FormFields const& more) {
  return with({{"name", std::string(name)},
               {"ess_family", "association"},
               {"summary", "Une épicerie où chacun paie selon ses moyens, avec des ateliers."},
               {"sectors", "agriculture-alimentation"},
               {"address.lines", "3 rue des Essais"},
               {"address.postal_code", "74150"},
               {"address.commune", "Rumilly"},
               {"address.commune_code", "74225"}},
              more);
}

schema::FormFields event_form(std::string_view title, schema::FormFields const& more) {
  return with({{"title", std::string(title)},
               {"kind", "atelier"},
               {"summary", "On apporte un objet cassé, on repart avec un objet réparé."},
               {"schedule.start_date", "2026-03-14"},
               {"schedule.start_time", "14:00"},
               {"schedule.end_date", "2026-03-14"},
               {"schedule.end_time", "17:00"},
               {"address.postal_code", "73000"},
               {"address.commune", "Chambéry"},
               {"address.commune_code", "73065"}},
              more);
}

schema::FormFields article_form(std::string_view title, schema::FormFields const& more) {
  return with({{"title", std::string(title)},
               {"summary", "Ce que la commission a décidé cette semaine."},
               {"body", "Le texte, en plusieurs phrases. **Important** : venez."}},
              more);
}

schema::FormFields job_offer_form(std::string_view title, schema::FormFields const& more) {
  return with({{"title", std::string(title)},
               {"kind", "emploi"},
               {"contracts", "cdi"},
               {"summary", "Réparer, trier, transmettre."},
               {"description", "Vous travaillez à l’atelier avec six collègues."},
               {"employer_name", "La Remise"},
               {"address.commune", "Rumilly"},
               {"address.commune_code", "74225"},
               {"address.postal_code", "74150"},
               {"pay_min", "2000"},
               {"pay_max", "2200"},
               {"pay_unit", "mois"},
               {"apply_by", "portal"},
               {"contact_form", "true"},
               {"email", "canari@exemple.fr"},
               {"published_on", "2026-03-01"}},
              more);
}

schema::FormFields job_request_form(std::string_view title, schema::FormFields const& more) {
  return with({{"title", std::string(title)},
               {"pseudonym", "Camille"},
               {"kinds", "emploi"},
               {"summary", "Je cherche une cuisine."},
               {"address.commune", "Rumilly"},
               {"address.commune_code", "74225"},
               {"address.postal_code", "74150"},
               {"contact_form", "true"},
               {"email", "canari@exemple.fr"},
               {"phone", "+33479000099"},
               {"person_name", "Nom Canari"},
               {"published_on", "2026-03-01"}},
              more);
}

schema::FormFields call_form(std::string_view title, schema::FormFields const& more) {
  return with({{"title", std::string(title)},
               {"kind", "appel-a-projets"},
               {"summary", "Des services dans les vallées."},
               {"funder_names", "Fonds d’essai"},
               {"applicants", "association"},
               {"deadline", "2026-04-30T14:00"}},
              more);
}

schema::FormFields resource_form(std::string_view title, schema::FormFields const& more) {
  return with({{"title", std::string(title)},
               {"kind", "guide"},
               {"authors", "A. Exemple"},
               {"summary", "Pas à pas."}},
              more);
}

}  // namespace solidaires::service
