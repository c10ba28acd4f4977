#include "node/office/office.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "node/app/session_store.h"
#include "node/http/csrf.h"
#include "node/http/target.h"
#include "node/office/device.h"
#include "node/office/form_pictures.h"
#include "node/office/letters.h"
#include "node/page/templates.h"
#include "node/service/one_time_code.h"
#include "sync/base/hash.h"
#include "tests/unit/service/picture_samples.h"
#include "tests/unit/service/world.h"

namespace solidaires::office {
namespace {

constexpr std::string_view kPassword = "un mot de passe de test";

page::Templates const& templates() {
  static auto const kTemplates = page::Templates::load({SOLIDAIRES_TEMPLATES_DIR}).value();
  return kTemplates;
}

// The real model, and a field more: by data alone.
schema::ContentModel const& model_with_a_field_more() {
  static auto const kModel = [] {
    std::map<std::string, std::string> files;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(SCHEMA_DIRECTORY)) {
      if (entry.path().extension() != ".txtpb") continue;
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      files[std::filesystem::relative(entry.path(), SCHEMA_DIRECTORY).string()] = text.str();
    }
    files["zz_added.txtpb"] = R"(
extend {
  type: "article"
  group {
    key: "added" label { fr: "Ajouté" en: "Added" }
    field { key: "weather" kind: text label { fr: "Temps du jour" en: "Weather" } audience: public }
  }
}
)";
    return schema::ContentModel::parse(files).value();
  }();
  return kModel;
}

// A browser without script: it keeps its cookie, follows no redirect, and fills in forms.
class OfficeTest : public testing::Test, protected service::World {
 protected:
  explicit OfficeTest(schema::ContentModel const& model = service::real_model(),
                      bool codes_required = false)
      : World("savoie-mont-blanc", {"73", "74"}, false, model),
        session_store_(*store, clock),
        second_factors_(instance, {Bytes(service::kSealingKeyBytes, 'k'), codes_required}) {
    page::SiteIdentity identity;
    identity.title = "Essai Solidaires";
    identity.base_url = "https://essai.example";
    site_ = std::make_shared<page::Site const>(
        identity, templates(), std::vector<page::MenuEntry>{},
        [](std::string_view name) { return cat("/assets/", name); });
    office_.emplace(Context{.instance = instance,
                            .accounts = accounts,
                            .second_factors = second_factors_,
                            .editorial = editorial,
                            .gazetteer = service::real_places(),
                            .sessions = sessions_,
                            .limiter = limiter_,
                            .site = [this] { return site_; },
                            .erase = [this](auto targets, auto objection) -> Result<DocumentId> {
                              erased_ = targets;
                              objection_ = objection;
                              return targets.front().id;
                            },
                            .preview =
                                [](service::PublicRecord const& record, auto const& address) {
                                  schema::FileReference file;
                                  file.sha256 = Bytes(32, '\1');
                                  return http::Response::html(cat(
                                      record.title, '|', record.record.size(), '|', address(file)));
                                },
                            .mail = &letters_,
                            .reports = &reports_,
                            .usage = &usage_,
                            .imports = &imports_});
    office_->add_routes(router_);
  }

  http::Response send(http::Method method, std::string_view target, http::Parameters form = {},
                      bool ours = true) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.host = "essai.example";
    request.peer = "192.0.2.1";
    request.headers.add("Sec-Fetch-Site", ours ? "same-origin" : "cross-site");
    if (!cookie_.empty()) request.cookies.add(sessions_.cookie_name(false), cookie_);
    if (!device_.empty()) request.cookies.add("device", device_);
    request.headers.add("User-Agent", agent_);
    auto const mark = target.find('?');
    auto const segments = http::parse_path(target.substr(0, mark)).value();
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = http::parse_query(target.substr(mark + 1));
    request.form = std::move(form);
    request.files = std::exchange(uploads_, {});
    auto match = router_.match(method, segments);
    EXPECT_NE(match.route, nullptr) << target;
    if (match.route == nullptr) return {};
    request.captures = std::move(match.captures);
    auto response = match.route->handler(request);
    keep_cookie(response);
    return response;
  }
  http::Response get(std::string_view target) { return send(http::Method::get, target); }
  // POST with the token of the page that was shown last.
  http::Response post(std::string_view target, http::Parameters form) {
    form.add(std::string(http::kCsrfField), token_);
    return send(http::Method::post, target, std::move(form));
  }
  http::Response show(std::string_view target) {
    auto response = get(target);
    token_ = input_value(response.body, http::kCsrfField);
    return response;
  }

  void log_in(std::string_view role) {
    auto const email = cat(role, "@essai.example");
    ASSERT_OK(accounts.add({email, "Alix Essai", std::string(role), std::string(kPassword)}, {}));
    http::Parameters form;
    form.add("courriel", email);
    form.add("mot_de_passe", std::string(kPassword));
    auto const response = send(http::Method::post, "/espace/connexion", std::move(form));
    ASSERT_EQ(response.status, 303) << response.body;
    show("/espace");
  }

  static std::string input_value(std::string_view html, std::string_view name) {
    auto const at = html.find(cat("name=\"", name, "\" value=\""));
    if (at == std::string_view::npos) return {};
    auto const start = html.find("value=\"", at) + 7;
    return std::string(html.substr(start, html.find('"', start) - start));
  }
  // Of the first session that can be ended.
  static std::string input_label(std::string_view html) {
    auto const at = html.find("name=\"session\" value=\"");
    return at == std::string_view::npos ? std::string() : std::string(html.substr(at + 22, 16));
  }
  static std::string location(http::Response const& response) {
    return std::string(response.headers.get("Location"));
  }
  static http::Parameters parameters(schema::FormFields const& typed, std::string_view then) {
    http::Parameters form;
    for (auto const& [name, value] : typed) form.add(name, value);
    form.add("_then", std::string(then));
    return form;
  }

  // Goes with the next request, as the server gives it: on disk, under a name of its own.
  void attach(std::string const& field, std::string_view bytes) {
    auto const path =
        std::filesystem::path(testing::TempDir()) / cat("upload-", ::getpid(), '-', ++attached_);
    std::ofstream(path, std::ios::binary) << bytes;
    uploads_.push_back({.field = field,
                        .name = "photo.png",
                        .content_type = "image/png",
                        .path = path,
                        .size_bytes = bytes.size(),
                        .remover = std::shared_ptr<void const>(
                            nullptr, [path](void const*) { std::filesystem::remove(path); })});
  }

 private:
  std::vector<http::UploadedFile> uploads_;
  int attached_ = 0;

  void keep_cookie(http::Response const& response) {
    for (auto const& header : response.headers.items()) {
      if (header.name != "Set-Cookie") continue;
      std::string_view const set = header.value;
      auto const equals = set.find('=');
      auto& kept = set.starts_with("device=") ? device_ : cookie_;
      kept = set.substr(equals + 1, set.find(';') - equals - 1);
    }
  }

 protected:
  app::LocalSessions session_store_;
  service::SecondFactors second_factors_;
  http::Sessions sessions_{session_store_, clock, rng};
  http::RateLimiter limiter_{{.burst = 5, .refill = std::chrono::milliseconds(60'000)}};
  mail::Queue mail_{*store, clock, rng, std::nullopt};
  mail::Queue letters_{*store, clock, rng, mail::Sender{"portail@essai.example", "Essai"}};
  service::Reports reports_{instance, mail_};
  service::Usage usage_{instance};
  service::TemporaryDirectory import_files_;
  service::ImportJobs imports_{instance, service::real_places(), import_files_.path()};
  std::shared_ptr<page::Site const> site_;
  std::optional<Office> office_;
  http::Router router_;
  std::string cookie_, token_, device_, agent_;
  std::vector<sync::DocumentKey> erased_;  // as asked of the erasure
  sync::Objection objection_;
};

class OfficeWithMoreData : public OfficeTest {
 protected:
  OfficeWithMoreData() : OfficeTest(model_with_a_field_more()) {}
};

TEST_F(OfficeTest, asks_who_one_is_and_comes_back_to_the_page_that_was_wanted) {
  auto const asked = get("/espace/fiches?etat=draft");
  EXPECT_EQ(asked.status, 303);
  EXPECT_EQ(location(asked), "/espace/connexion?suite=%2fespace%2ffiches%3fetat%3ddraft");
  for (auto const* elsewhere : {"https://mal.example/", "//mal.example", "/\\mal.example", "mal"}) {
    auto const page = get(cat("/espace/connexion?suite=", page::url_encode(elsewhere)));
    EXPECT_EQ(input_value(page.body, "_suite"), "/espace") << elsewhere;
  }
}

TEST_F(OfficeTest, a_wrong_password_keeps_the_address_and_tries_are_limited) {
  http::Parameters form;
  form.add("courriel", "personne@essai.example");
  form.add("mot_de_passe", "faux");
  auto const refused = send(http::Method::post, "/espace/connexion", form);
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find("value=\"personne@essai.example\""), std::string::npos);
  int status = 0;
  for (int i = 0; i < 6; ++i) status = send(http::Method::post, "/espace/connexion", form).status;
  EXPECT_EQ(status, 429);
  clock.pass(std::chrono::minutes(5));
  EXPECT_EQ(send(http::Method::post, "/espace/connexion", form).status, 422) << "never for good";
}

constexpr std::string_view kFirefox =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0";
constexpr std::string_view kTelephone =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

TEST(DeviceWordsTest, say_what_people_would) {
  EXPECT_EQ(device_words(kFirefox), "Firefox sur Windows");
  EXPECT_EQ(device_words(kTelephone), "Safari sur iPhone");
  EXPECT_EQ(device_words("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) "
                         "Chrome/140.0 Mobile Safari/537.36"),
            "Chrome sur Android");
  EXPECT_EQ(device_words("Mozilla/5.0 (X11; CrOS) Chrome/140.0 Safari/537.36 Edg/140.0"),
            "Edge sur ChromeOS");
  EXPECT_EQ(device_words("<script>"), "Appareil inconnu");
  EXPECT_EQ(device_words(""), "Appareil inconnu");
}

// Two browsers of one person.
class OfficeDevices : public OfficeTest {
 protected:
  struct Browser {
    std::string cookie{}, token{}, device{}, agent{};
  };
  // Puts this one away, and takes the other.
  void change_to(Browser& other) {
    std::swap(cookie_, other.cookie);
    std::swap(token_, other.token);
    std::swap(device_, other.device);
    std::swap(agent_, other.agent);
  }
  int enter(std::string_view password = kPassword) {
    http::Parameters form;
    form.add("courriel", "member@essai.example");
    form.add("mot_de_passe", std::string(password));
    return send(http::Method::post, "/espace/connexion", std::move(form)).status;
  }
  [[nodiscard]] std::size_t letters() const {
    return store->view().local_scan(mail::kQueuePrefix, clock.now(), 100).value().size();
  }
};

TEST_F(OfficeDevices, sessions_are_listed_and_each_of_them_ends_at_a_button) {
  agent_ = kFirefox;
  log_in("member");
  Browser other{.agent = std::string(kTelephone)};
  change_to(other);
  clock.pass(std::chrono::minutes(5));
  EXPECT_EQ(enter(), 303);
  auto const page = show("/espace/compte").body;
  EXPECT_NE(page.find("Safari sur iPhone</strong> <span class=\"badge\">cette session"),
            std::string::npos);
  EXPECT_NE(page.find("Firefox sur Windows"), std::string::npos);
  http::Parameters form;
  form.add("session", input_label(page));
  EXPECT_EQ(post("/espace/compte/sessions", std::move(form)).status, 303);
  EXPECT_EQ(show("/espace/compte").body.find("Firefox sur Windows"), std::string::npos);
  change_to(other);
  EXPECT_EQ(get("/espace").status, 303) << "ended from elsewhere";
  EXPECT_EQ(enter(), 303);
  show("/espace");
  EXPECT_EQ(post("/espace/compte/sessions", {}).status, 303);
  EXPECT_EQ(get("/espace").status, 200) << "not one's own";
  change_to(other);
  EXPECT_EQ(get("/espace").status, 303);
}

TEST_F(OfficeDevices, nobody_ends_the_sessions_of_somebody_else) {
  log_in("member");
  auto const label =
      sessions_.of(accounts.list().value().at(0).id.to_string()).value().at(0).label();
  Browser other;
  change_to(other);
  log_in("animateur");
  http::Parameters form;
  form.add("session", label);
  EXPECT_EQ(post("/espace/compte/sessions", std::move(form)).status, 303);
  EXPECT_EQ(post("/espace/compte/sessions", {}).status, 303);
  change_to(other);
  EXPECT_EQ(get("/espace").status, 200);
}

TEST_F(OfficeDevices, a_new_password_ends_the_other_sessions) {
  log_in("member");
  Browser other;
  change_to(other);
  EXPECT_EQ(enter(), 303);
  show("/espace/compte");
  http::Parameters form;
  form.add("actuel", std::string(kPassword));
  for (auto const* const name : {"nouveau", "nouveau_encore"})
    form.add(name, "trois mots et un lac");
  EXPECT_EQ(post("/espace/compte", std::move(form)).status, 303);
  EXPECT_EQ(get("/espace").status, 200);
  change_to(other);
  EXPECT_EQ(get("/espace").status, 303);
}

TEST_F(OfficeDevices, a_log_in_from_a_device_never_seen_is_told_by_mail_once) {
  log_in("member");
  EXPECT_EQ(letters(), 0U) << "the first of all is no news";
  cookie_.clear();
  EXPECT_EQ(enter(), 303);
  EXPECT_EQ(letters(), 0U) << "the same device";
  Browser other{.agent = std::string(kTelephone)};
  change_to(other);
  EXPECT_EQ(enter("un autre mot de passe"), 422);
  EXPECT_EQ(letters(), 0U);
  EXPECT_EQ(enter(), 303);
  EXPECT_EQ(letters(), 1U);
  cookie_.clear();
  EXPECT_EQ(enter(), 303);
  EXPECT_EQ(letters(), 1U);
  clock.pass(std::chrono::hours(24 * 396));
  cookie_.clear();
  EXPECT_EQ(enter(), 303);
  EXPECT_EQ(letters(), 1U) << "none is known any more: as the first";

  auto const account = accounts.find_by_email("member@essai.example").value().value();
  auto const letter = new_device_letter(*site_, account, "Safari sur iPhone", service::kStart);
  EXPECT_EQ(letter.to, account.email);
  for (auto const& text : {letter.text, letter.html}) {
    EXPECT_NE(text.find("Safari sur iPhone"), std::string::npos);
    EXPECT_NE(text.find("mardi 10\u00a0mars\u00a02026 à 10\u00a0h"), std::string::npos) << text;
    EXPECT_NE(text.find("https://essai.example/espace/compte"), std::string::npos);
  }
}

TEST_F(OfficeDevices, who_guesses_is_slowed_and_the_owner_gets_in_beside_them) {
  log_in("member");
  cookie_.clear();
  Browser guesser;
  change_to(guesser);
  int status = 0;
  for (int i = 0; i < 7; ++i) status = enter(cat("mot de passe numéro ", i));
  EXPECT_EQ(status, 429);
  EXPECT_EQ(enter(), 429) << "even if they find it";
  device_ = base64url(Bytes(32, 'x'));
  EXPECT_EQ(enter(), 429) << "a device of their own making";
  change_to(guesser);
  EXPECT_EQ(enter(), 303) << "from the same address, on a known device";
  // A known device that guesses is slowed as well.
  cookie_.clear();
  for (int i = 0; i < 7; ++i) status = enter(cat("mot de passe numéro ", i));
  EXPECT_EQ(status, 429);
}

class OfficeWithCodes : public OfficeTest {
 protected:
  OfficeWithCodes() : OfficeTest(service::real_model(), true) {}

  // The page that answers a right password.
  http::Response give_password(std::string_view role, http::Parameters form = {}) {
    auto const email = cat(role, "@essai.example");
    if (!accounts.find_by_email(email).value()) {
      auto const made =
          accounts.add({email, "Alix Essai", std::string(role), std::string(kPassword)}, {});
      account_ = made.value().id;
    }
    form.add("courriel", email);
    form.add("mot_de_passe", std::string(kPassword));
    return take_token(send(http::Method::post, "/espace/connexion", std::move(form)));
  }
  http::Response take_token(http::Response response) {
    token_ = input_value(response.body, http::kCsrfField);
    return response;
  }
  http::Response give_code(std::string_view target, std::string_view code,
                           http::Parameters form = {}) {
    form.add("_code", std::string(code));
    return post(target, std::move(form));
  }
  // What the authenticator shows now.
  [[nodiscard]] std::string code() const {
    return service::counter_code(secret_, service::code_step(clock.now()));
  }
  // Through the page; the recovery codes that it shows.
  std::vector<std::string> set_up() {
    secret_ = second_factors_.begin(account_).value();
    auto const page = take_token(give_code("/espace/compte/codes", code())).body;
    std::vector<std::string> codes;
    for (auto at = page.find("<li><code>"); at != std::string::npos;
         at = page.find("<li><code>", at + 1))
      codes.push_back(page.substr(at + 10, page.find('<', at + 10) - at - 10));
    clock.pass(std::chrono::seconds(30));
    return codes;
  }
  DocumentId account_;
  Bytes secret_;
};

TEST_F(OfficeWithCodes, who_administers_sets_codes_up_and_does_nothing_else_before) {
  auto const shown = give_password("administrator");
  EXPECT_EQ(shown.status, 200);
  EXPECT_NE(shown.body.find("<svg class=\"qr\""), std::string::npos);
  EXPECT_EQ(shown.body.find("href=\"/espace/comptes\""), std::string::npos) << "no menu yet";
  for (auto const* const page :
       {"/espace", "/espace/comptes", "/espace/fiches", "/espace/compte"}) {
    auto const answer = get(page).body;
    EXPECT_NE(answer.find("Mettre les codes en place"), std::string::npos) << page;
  }
  http::Parameters invitation;
  invitation.add("courriel", "ami@essai.example");
  invitation.add("role", "administrator");
  EXPECT_EQ(post("/espace/comptes", std::move(invitation)).status, 401);

  secret_ = second_factors_.begin(account_).value();
  EXPECT_NE(get("/espace/compte/codes").body.find(service::base32(secret_).substr(0, 4)),
            std::string::npos);
  EXPECT_EQ(take_token(give_code("/espace/compte/codes", "000000")).status, 422);
  EXPECT_EQ(set_up().size(), service::kRecoveryCodes);
  EXPECT_EQ(get("/espace/comptes").status, 200);
  EXPECT_NE(get("/espace").body.find("href=\"/espace/comptes\""), std::string::npos);
}

TEST_F(OfficeWithCodes, a_code_is_asked_for_after_the_password_and_serves_once) {
  give_password("administrator");
  auto const recovery = set_up();
  cookie_.clear();
  auto const asked = give_password("administrator");
  EXPECT_EQ(asked.status, 200);
  EXPECT_NE(asked.body.find("name=\"_code\""), std::string::npos);
  EXPECT_EQ(get("/espace").status, 303) << "nobody yet";
  EXPECT_EQ(get("/espace/connexion/code").status, 200);
  EXPECT_EQ(take_token(give_code("/espace/connexion/code", "123")).status, 422);
  auto const served = code();
  auto const before = cookie_;
  EXPECT_EQ(give_code("/espace/connexion/code", served).status, 303);
  EXPECT_NE(cookie_, before) << "another session than that of the password";
  EXPECT_EQ(get("/espace").status, 200);

  cookie_.clear();
  give_password("administrator");
  EXPECT_EQ(take_token(give_code("/espace/connexion/code", served)).status, 422);
  EXPECT_EQ(give_code("/espace/connexion/code", recovery.at(3)).status, 303);
  cookie_.clear();
  give_password("administrator");
  EXPECT_EQ(give_code("/espace/connexion/code", recovery.at(3)).status, 422);
}

TEST_F(OfficeWithCodes, what_was_typed_outlives_password_and_code) {
  give_password("administrator");
  set_up();
  cookie_.clear();
  http::Parameters form;
  form.add("_suite", "/espace/fiches/nouvelle/article");
  form.add("title", "Une nouvelle \"longue\" à écrire");
  EXPECT_NE(give_password("administrator", form).body.find("longue"), std::string::npos);
  EXPECT_NE(take_token(give_code("/espace/connexion/code", "000000", form)).body.find("longue"),
            std::string::npos);
  auto const back = give_code("/espace/connexion/code", code(), form);
  EXPECT_EQ(back.status, 200);
  EXPECT_NE(back.body.find("action=\"/espace/fiches/nouvelle/article\""), std::string::npos);
  EXPECT_NE(back.body.find("longue"), std::string::npos);
}

TEST_F(OfficeWithCodes, codes_are_not_guessed_and_a_password_alone_is_forgotten_after_a_while) {
  give_password("administrator");
  set_up();
  cookie_.clear();
  give_password("administrator");
  int status = 0;
  for (int i = 0; i < 7; ++i)
    status = take_token(give_code("/espace/connexion/code", "000000")).status;
  EXPECT_EQ(status, 429);
  EXPECT_EQ(give_code("/espace/connexion/code", code()).status, 429);
  clock.pass(std::chrono::minutes(10));
  EXPECT_EQ(get("/espace/connexion/code").status, 303);
  EXPECT_EQ(give_code("/espace/connexion/code", code()).status, 401);
}

TEST_F(OfficeWithCodes, members_may_have_codes_and_leave_them) {
  EXPECT_EQ(give_password("member").status, 303) << "not asked of them";
  show("/espace/compte/codes");
  EXPECT_EQ(set_up().size(), service::kRecoveryCodes);
  show("/espace/compte/codes");
  http::Parameters form;
  form.add("_action", "retirer");
  EXPECT_EQ(give_code("/espace/compte/codes", code(), std::move(form)).status, 303);
  EXPECT_FALSE(second_factors_.is_set_up(account_).value());
}

TEST_F(OfficeWithCodes, an_administrator_resets_the_codes_of_somebody_else) {
  give_password("member");
  show("/espace/compte/codes");
  set_up();
  auto const member = account_;
  cookie_.clear();
  give_password("administrator");
  set_up();
  EXPECT_NE(show("/espace/comptes").body.find(cat(member.to_string(), "/codes")),
            std::string::npos);
  EXPECT_EQ(post(cat("/espace/comptes/", member.to_string(), "/codes"), {}).status, 303);
  EXPECT_FALSE(second_factors_.is_set_up(member).value());
}

TEST_F(OfficeTest, an_administrator_erases_a_record_by_typing_its_title) {
  auto const copy = published("structure", service::structure_form("Épicerie de l’Essai"));
  auto const path = cat("/espace/fiches/savoie-mont-blanc/", copy.key.id.to_string());
  log_in("administrator");
  EXPECT_NE(show(path).body.find("/effacer"), std::string::npos);
  auto const try_with = [&](std::string const& title) {
    show(cat(path, "/effacer"));
    http::Parameters form;
    form.add("titre", title);
    form.add("opposition", "oui");
    return post(cat(path, "/effacer"), std::move(form)).status;
  };
  EXPECT_EQ(try_with("Épicerie"), 422);
  EXPECT_TRUE(erased_.empty());
  EXPECT_EQ(try_with("epicerie de l’essai"), 303);
  EXPECT_EQ(erased_, (std::vector{copy.key, service::review_key(copy.key), public_key(copy)}));
  EXPECT_FALSE(objection_.digests.empty());
}

TEST_F(OfficeTest, those_who_moderate_read_how_the_portal_is_used) {
  usage_.add(std::vector<std::string>{"page/record:structure", "search/all", "empty/all",
                                      "empty_place/74010", "empty_theme/alimentation-durable"},
             false, clock.now());
  log_in("animateur");
  EXPECT_NE(get("/espace").body.find("href=\"/espace/frequentation\""), std::string::npos);
  auto const page = get("/espace/frequentation?jours=7").body;
  EXPECT_NE(page.find("Fiche\u00a0: structure"), std::string::npos);
  EXPECT_NE(page.find("Annecy"), std::string::npos);
  EXPECT_NE(page.find("Alimentation durable"), std::string::npos);
  EXPECT_NE(page.find("<rect x="), std::string::npos) << "a chart";
  for (auto const* const span : {"30", "90", "365", "-1", "99999999999999999999", "x"})
    EXPECT_EQ(get(cat("/espace/frequentation?jours=", span)).status, 200) << span;
  auto const table = get("/espace/frequentation.csv");
  EXPECT_NE(table.body.find("2026-03-10;empty_place;74010;1\r\n"), std::string::npos) << table.body;
}

// From the file to the undone batch, as a person without script goes.
TEST_F(OfficeTest, a_file_is_sent_mapped_tried_imported_and_undone) {
  log_in("animateur");
  EXPECT_NE(show("/espace/imports").body.find("type=\"file\""), std::string::npos);
  attach("fichier",
         "nom;zz;ville\n=HYPERLINK(1);12 rue du Lac;Annecy\nJardin;3 place;Rumilly\n;;\n");
  http::Parameters form;
  form.add("genre", "structure");
  auto const path = std::string(location(post("/espace/imports", form)));
  ASSERT_TRUE(path.starts_with("/espace/imports/"));
  EXPECT_NE(show(path).body.find("Actualiser"), std::string::npos) << "not read in the request";
  imports_.carry_out({});
  auto page = show(path).body;
  EXPECT_NE(page.find("12 rue du Lac · 3 place"), std::string::npos) << "samples";
  EXPECT_NE(page.find("value=\"name\" selected"), std::string::npos) << "proposed";
  EXPECT_EQ(page.find("value=\"address.lines\" selected"), std::string::npos);
  auto const act = [&](std::string_view action) {
    http::Parameters choice;
    for (auto const& [name, value] :
         std::vector<std::pair<std::string, std::string>>{{"genre", "structure"},
                                                          {"source", "Liste d’essai"},
                                                          {"devenir", "draft"},
                                                          {"colonne.0", "name"},
                                                          {"colonne.1", "address.lines"},
                                                          {"colonne.2", "address.commune"},
                                                          {"action", std::string(action)}})
      choice.add(name, value);
    EXPECT_EQ(post(path, std::move(choice)).status, 303) << action;
    imports_.carry_out({});
    page = show(path).body;
  };
  act("apercu");
  EXPECT_NE(page.find("value=\"address.lines\" selected"), std::string::npos) << "kept";
  act("essai");
  EXPECT_NE(page.find("rien n’a été écrit"), std::string::npos);
  EXPECT_NE(page.find("?issue=creees#lignes\">2 créées"), std::string::npos) << page;
  EXPECT_EQ(store->count("structure", ScopeId::office(instance.self)), 0U);
  act("importer");
  EXPECT_EQ(store->count("structure", ScopeId::office(instance.self)), 2U);
  EXPECT_EQ(show(cat(path, "?issue=refusees")).body.find("Rumilly"), std::string::npos);
  auto const csv = get(cat(path, "/lignes.csv"));
  EXPECT_NE(csv.body.find("\"'=HYPERLINK(1)\""), std::string::npos) << "no formula: " << csv.body;
  show(path);
  act("annuler");
  EXPECT_EQ(store->count("structure", ScopeId::office(instance.self)), 0U);
  EXPECT_NE(page.find("Lot annulé"), std::string::npos);
  EXPECT_NE(show("/espace/imports").body.find("<td>annulé</td>"), std::string::npos);
}

TEST_F(OfficeTest, imports_are_for_those_who_may) {
  log_in("member");
  EXPECT_EQ(get("/espace").body.find("/espace/imports"), std::string::npos);
  EXPECT_EQ(get("/espace/imports").status, 403);
  EXPECT_EQ(get(cat("/espace/imports/", DocumentId::make(clock.now(), rng).to_string())).status,
            403);
  show("/espace");
  attach("fichier", "nom\nA\n");
  EXPECT_EQ(post("/espace/imports", {}).status, 403);
  log_in("animateur");
  EXPECT_EQ(get("/espace/imports/x").status, 404);
  EXPECT_EQ(get(cat("/espace/imports/", DocumentId::make(clock.now(), rng).to_string())).status,
            404);
}

TEST_F(OfficeTest, members_do_not_read_how_the_portal_is_used) {
  log_in("member");
  EXPECT_EQ(get("/espace").body.find("/espace/frequentation"), std::string::npos);
  EXPECT_EQ(get("/espace/frequentation").status, 403);
  EXPECT_EQ(get("/espace/frequentation.csv").status, 403);
}

TEST_F(OfficeTest, nobody_but_an_administrator_erases) {
  auto const copy = published("structure", service::structure_form("Épicerie de l’Essai"));
  auto const path = cat("/espace/fiches/savoie-mont-blanc/", copy.key.id.to_string());
  log_in("animateur");
  EXPECT_EQ(show(path).body.find("/effacer"), std::string::npos);
  EXPECT_EQ(get(cat(path, "/effacer")).status, 403);
}

TEST_F(OfficeTest, a_form_from_elsewhere_or_without_its_token_does_nothing) {
  log_in("animateur");
  auto const form = parameters(service::structure_form("Épicerie du test"), "publish");
  EXPECT_EQ(send(http::Method::post, "/espace/nouveau/structure", form).status, 403);
  auto with_token = form;
  with_token.add(std::string(http::kCsrfField), token_);
  EXPECT_EQ(send(http::Method::post, "/espace/nouveau/structure", with_token, false).status, 403);
  EXPECT_EQ(store->count("structure"), 0U);
}

TEST_F(OfficeTest, areas_are_typed_and_shown_by_their_names) {
  log_in("animateur");
  auto form = service::structure_form("Navette du val");
  form.emplace("served_area", "Ugine\r\nhaute-savoie ; commune:73011");
  show("/espace/nouveau/structure");
  auto const saved = post("/espace/nouveau/structure", parameters(form, "publish"));
  ASSERT_EQ(saved.status, 303) << saved.body;
  auto const record = get(location(saved)).body;
  for (auto const* name : {"Ugine (Savoie)", "Haute-Savoie", "Albertville (Savoie)"})
    EXPECT_NE(record.find(name), std::string::npos) << name;
  auto const again = get(cat(location(saved), "/modifier")).body;
  EXPECT_NE(again.find("Ugine (Savoie)\n"), std::string::npos);
  EXPECT_EQ(again.find("commune:73303"), std::string::npos);
}

TEST_F(OfficeTest, an_area_that_is_unknown_or_may_be_several_is_said_and_the_text_kept) {
  log_in("animateur");
  auto form = service::structure_form("Navette du val");
  form.emplace("served_area", "Valence\nXyzzyville");
  show("/espace/nouveau/structure");
  auto const page = post("/espace/nouveau/structure", parameters(form, "save"));
  EXPECT_EQ(page.status, 422);
  for (auto const* text :
       {"Valence\nXyzzyville", "Valence (Drôme)", "« Xyzzyville » n’est pas connu"})
    EXPECT_NE(page.body.find(text), std::string::npos) << text;
  EXPECT_EQ(store->count("structure"), 0U);
}

TEST_F(OfficeTest, every_type_has_a_form_with_all_its_fields_each_with_its_label) {
  log_in("animateur");
  for (auto const& type : instance.model.types()) {
    auto const page = show(cat("/espace/nouveau/", type.key));
    ASSERT_EQ(page.status, 200) << type.key;
    for (auto const* const field : schema::form_fields(type, schema::Audience::office)) {
      auto const named = page.body.find(cat("name=\"", field->key)) != std::string::npos;
      auto const id = cat("id=\"champ-", field->key, '"');
      EXPECT_TRUE(named || page.body.find(id) != std::string::npos)
          << type.key << '.' << field->key;
    }
    for (auto at = page.body.find("<label for=\""); at != std::string::npos;
         at = page.body.find("<label for=\"", at + 1)) {
      auto const start = at + 12;
      auto const id = page.body.substr(start, page.body.find('"', start) - start);
      EXPECT_NE(page.body.find(cat("id=\"", id, '"')), std::string::npos) << type.key << ' ' << id;
    }
  }
}

TEST_F(OfficeTest, a_fault_is_named_and_nothing_typed_is_lost) {
  log_in("member");
  auto typed = service::structure_form("Épicerie <script>alert(1)</script>");
  typed.erase("address.postal_code");
  typed.emplace("address.postal_code", "7400");
  show("/espace/nouveau/structure");
  auto const page = post("/espace/nouveau/structure", parameters(typed, "save"));
  EXPECT_EQ(page.status, 422);
  EXPECT_NE(page.body.find("value=\"7400\""), std::string::npos);
  EXPECT_NE(page.body.find("Épicerie &lt;script&gt;"), std::string::npos);
  EXPECT_EQ(page.body.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.body.find("aria-invalid=\"true\""), std::string::npos);
  EXPECT_EQ(store->count("structure"), 0U);
}

TEST_F(OfficeTest, an_offer_of_work_that_the_law_forbids_is_kept_and_not_proposed) {
  log_in("member");
  show("/espace/nouveau/job_offer");
  auto const page =
      post("/espace/nouveau/job_offer",
           parameters(service::job_offer_form("Vente (f/h)", {{"description", "Moins de 30 ans."}}),
                      "submit"));
  EXPECT_EQ(page.status, 422);
  auto const field = page.body.find("id=\"champ-description\"");
  ASSERT_NE(field, std::string::npos);
  EXPECT_NE(page.body.find("limite d’âge"), std::string::npos);
  EXPECT_NE(page.body.find("Moins de 30 ans."), std::string::npos) << "nothing typed is lost";
  EXPECT_EQ(store->count("job_offer"), 1U) << "as a draft";
}

TEST_F(OfficeTest, a_member_proposes_and_a_moderator_publishes_what_they_have_read) {
  log_in("member");
  show("/espace/nouveau/structure");
  auto const proposed = post("/espace/nouveau/structure",
                             parameters(service::structure_form("Épicerie du test"), "submit"));
  ASSERT_EQ(proposed.status, 303) << proposed.body;
  auto const path = location(proposed);
  EXPECT_EQ(post(cat(path, "/decision"), parameters({{"action", "publish"}}, "")).status, 422);

  cookie_.clear();
  log_in("animateur");
  EXPECT_NE(get("/espace/file").body.find("Épicerie du test"), std::string::npos);
  auto const page = show(path);
  auto const basis = input_value(page.body, "_basis");
  ASSERT_FALSE(basis.empty()) << page.body;
  auto const published =
      post(cat(path, "/decision"), parameters({{"action", "publish"}, {"_basis", basis}}, ""));
  EXPECT_EQ(published.status, 303) << published.body;
  EXPECT_EQ(store->count("structure", ScopeId::published(instance.self)), 1U);
  // The same page again: what it shows has changed since.
  EXPECT_EQ(post(cat(path, "/decision"), parameters({{"action", "publish"}, {"_basis", basis}}, ""))
                .status,
            409);
}

TEST_F(OfficeTest, a_session_that_ended_while_somebody_wrote_loses_no_text) {
  log_in("member");
  cookie_.clear();
  auto const asked =
      post("/espace/nouveau/article", parameters(service::article_form("Une nouvelle"), "save"));
  EXPECT_EQ(asked.status, 401);
  EXPECT_NE(asked.body.find("value=\"Une nouvelle\""), std::string::npos);
}

TEST_F(OfficeTest, other_peoples_drafts_and_unknown_records_look_the_same) {
  auto const draft_of_another =
      draft(somebody("member", "Autre"), "article", service::article_form("Secret"));
  log_in("member");
  auto const theirs = get(cat("/espace/fiches/", draft_of_another.key.scope.owner(), '/',
                              draft_of_another.key.id.to_string()));
  auto const unknown = get("/espace/fiches/savoie-mont-blanc/01890000-0000-7000-8000-000000000000");
  EXPECT_EQ(theirs.status, 404);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(theirs.body.find("Secret"), std::string::npos);
}

TEST_F(OfficeWithMoreData, a_field_added_by_data_alone_stands_in_the_form_and_on_the_record) {
  log_in("animateur");
  auto const form = show("/espace/nouveau/article");
  EXPECT_NE(form.body.find("name=\"weather\""), std::string::npos);
  auto typed = service::article_form("Une nouvelle");
  typed.emplace("weather", "grand soleil");
  auto const saved = post("/espace/nouveau/article", parameters(typed, "publish"));
  ASSERT_EQ(saved.status, 303) << saved.body;
  EXPECT_NE(get(location(saved)).body.find("grand soleil"), std::string::npos);
}

// ---- Pictures ----

TEST_F(OfficeTest, a_picture_that_is_sent_stays_with_its_record_and_can_be_taken_away) {
  log_in("animateur");
  show("/espace/nouveau/structure");
  attach("picture.file", service::sample_png());
  auto const saved = post(
      "/espace/nouveau/structure",
      parameters(service::structure_form("Le Local", {{"picture.alt", "La façade"}}), "publish"));
  ASSERT_EQ(saved.status, 303) << saved.body;
  EXPECT_EQ(store->files().stats().files, 1U);
  auto const form = show(cat(location(saved), "/modifier")).body;
  auto const source = input_value(form, "picture.source");
  auto const sha256 = from_hex(std::string_view(source).substr(5)).value();
  EXPECT_EQ(store->documents_with(sha256, 10).value().size(), 2U);  // office and public
  EXPECT_EQ(input_value(form, "picture.width"), "640");
  auto const address = cat(location(saved), "/fichiers/", hex(sha256), "/image");
  EXPECT_NE(form.find(address), std::string::npos);
  EXPECT_NE(get(location(saved)).body.find(address), std::string::npos);
  EXPECT_EQ(get(address).headers.get("Content-Type"), "image/png");
  auto typed = service::structure_form("Le Local", {{"picture.remove", "true"}});
  typed.emplace("picture.source", source);
  auto parameters_of = parameters(typed, "publish");
  parameters_of.add("_basis", input_value(form, "_basis"));
  auto const removed = post(cat(location(saved), "/modifier"), std::move(parameters_of));
  ASSERT_EQ(removed.status, 303) << removed.body;
  EXPECT_TRUE(store->documents_with(sha256, 10).value().empty());
  EXPECT_EQ(get(address).status, 404);
}

TEST_F(OfficeTest, a_picture_that_was_sent_is_kept_though_the_rest_of_the_form_has_faults) {
  log_in("animateur");
  show("/espace/nouveau/structure");
  attach("picture.file", service::sample_jpeg_with_place());
  auto faulty = service::structure_form("Le Local", {{"website", "pas une adresse"}});
  auto const answer = post("/espace/nouveau/structure", parameters(faulty, "publish"));
  ASSERT_EQ(answer.status, 422);
  auto const source = input_value(answer.body, "picture.source");
  ASSERT_TRUE(source.starts_with("blob:")) << answer.body;
  auto const preview = cat("/espace/images/", source.substr(5));
  EXPECT_NE(answer.body.find(cat("src=\"", preview, "\" alt=\"\" width=\"40\" height=\"60\"")),
            std::string::npos);
  EXPECT_EQ(get(preview).headers.get("Content-Type"), "image/jpeg");
  token_ = input_value(answer.body, http::kCsrfField);
  auto const saved =
      post("/espace/nouveau/structure",
           parameters(service::structure_form(
                          "Le Local", {{"picture.source", source}, {"picture.alt", "Le local"}}),
                      "publish"));
  ASSERT_EQ(saved.status, 303) << saved.body;
  auto const sha256 = from_hex(std::string_view(source).substr(5)).value();
  EXPECT_EQ(store->documents_with(sha256, 10).value().size(), 2U);
  // What the form said of the file itself is not asked for: it is known.
  auto const form = show(cat(location(saved), "/modifier")).body;
  EXPECT_EQ(input_value(form, "picture.media_type"), "image/jpeg");
  EXPECT_EQ(input_value(form, "picture.height"), "60");
  EXPECT_TRUE(store->has_file(ScopeId::office(instance.self), sha256));
  log_in("administrator");
  EXPECT_EQ(get(preview).status, 404) << "of somebody else, by its address alone";
}

TEST_F(OfficeTest, a_picture_that_somebody_replaced_meanwhile_is_left_to_them) {
  log_in("animateur");
  show("/espace/nouveau/structure");
  attach("picture.file", service::sample_png());
  schema::FormFields const typed =
      service::structure_form("Le Local", {{"picture.alt", "La façade"}});
  auto const saved = post("/espace/nouveau/structure", parameters(typed, "publish"));
  ASSERT_EQ(saved.status, 303) << saved.body;
  auto const address = cat(location(saved), "/modifier");
  auto const old = show(address).body;
  auto const again = [&](std::string const& page, std::string_view name) {
    auto form =
        parameters(service::structure_form(name, {{"picture.alt", "La façade"}}), "publish");
    form.add("_basis", input_value(page, "_basis"));
    for (std::string_view const part : {"source", "size", "media_type", "width", "height"}) {
      auto const input = cat("picture.", part);
      form.add(input, input_value(page, input));
    }
    return form;
  };
  attach("picture.file", service::sample_jpeg_with_place());
  ASSERT_EQ(post(address, again(old, "Le Local")).status, 303);
  auto const replaced = input_value(show(address).body, "picture.source");
  EXPECT_NE(replaced, input_value(old, "picture.source"));
  // Somebody else had the form open since before, and changes the name only.
  auto const late = post(address, again(old, "Le Grand Local"));
  ASSERT_EQ(late.status, 303) << late.body;
  auto const now = show(address).body;
  EXPECT_EQ(input_value(now, "picture.source"), replaced);
  EXPECT_NE(now.find("Le Grand Local"), std::string::npos);
}

TEST_F(OfficeTest, a_picture_without_a_description_is_not_published_and_not_lost) {
  log_in("animateur");
  show("/espace/nouveau/structure");
  attach("picture.file", service::sample_png());
  auto const answer =
      post("/espace/nouveau/structure", parameters(service::structure_form("Le Local"), "publish"));
  EXPECT_EQ(answer.status, 422);
  EXPECT_NE(answer.body.find("Décrivez l"), std::string::npos) << answer.body;
  EXPECT_TRUE(input_value(answer.body, "picture.source").starts_with("blob:"));
}

TEST_F(OfficeTest, a_picture_that_is_too_large_gets_a_word_and_the_text_is_kept) {
  log_in("animateur");
  show("/espace/nouveau/structure");
  attach("picture.file", std::string(kPictureBytes + 1, 'x'));
  auto const answer =
      post("/espace/nouveau/structure", parameters(service::structure_form("Le Local"), "save"));
  EXPECT_EQ(answer.status, 422);
  EXPECT_NE(answer.body.find("dépasse 15 Mo"), std::string::npos);
  EXPECT_NE(answer.body.find("Le Local"), std::string::npos);
}

TEST_F(OfficeTest, what_is_no_picture_is_refused_and_the_text_is_kept) {
  log_in("animateur");
  show("/espace/nouveau/structure");
  attach("picture.file", "<svg onload=alert(1)>");
  auto const answer =
      post("/espace/nouveau/structure", parameters(service::structure_form("Le Local"), "save"));
  EXPECT_EQ(answer.status, 422);
  EXPECT_NE(answer.body.find("n’est pas une image"), std::string::npos);
  EXPECT_NE(answer.body.find("Le Local"), std::string::npos);
  EXPECT_EQ(store->files().stats().files, 0U);
}

TEST_F(OfficeTest, a_form_cannot_take_a_file_by_its_hash_alone) {
  auto const secret = store->files().put("a paper of another office").value();
  log_in("animateur");
  show("/espace/nouveau/structure");
  auto const saved = post(
      "/espace/nouveau/structure",
      parameters(
          service::structure_form("Le Local", {{"picture.source", cat("blob:", hex(secret.sha256))},
                                               {"picture.media_type", "image/png"},
                                               {"picture.size", "25"},
                                               {"picture.alt", "Un papier"}}),
          "publish"));
  EXPECT_EQ(saved.status, 422);
  EXPECT_NE(saved.body.find("n’est plus disponible"), std::string::npos);
  EXPECT_TRUE(store->documents_with(secret.sha256, 10).value().empty());
}

TEST_F(OfficeTest, a_report_is_seen_and_settled_by_a_moderator) {
  auto const filed = reports_.file({.kind = service::ReportKind::error,
                                    .page = "/structures/x",
                                    .what = "L’adresse <a> changé",
                                    .answer_to = "claude@exemple.fr"},
                                   {});
  ASSERT_OK(filed);
  log_in("animateur");
  EXPECT_NE(show("/espace").body.find("/espace/signalements"), std::string::npos);
  auto const list = show("/espace/signalements");
  EXPECT_NE(list.body.find("1\u00a0signalement à traiter"), std::string::npos);
  EXPECT_NE(list.body.find("L’adresse &lt;a&gt; changé"), std::string::npos);
  EXPECT_NE(list.body.find("mailto:claude@exemple.fr"), std::string::npos);
  http::Parameters form;
  form.add("action", "fait");
  form.add("note", "Corrigée");
  auto const address = cat("/espace/signalements/savoie-mont-blanc/", filed->id.to_string());
  EXPECT_EQ(location(post(address, form)), "/espace/signalements");
  auto const after = show("/espace/signalements");
  EXPECT_NE(after.body.find("Rien à traiter"), std::string::npos);
  EXPECT_NE(after.body.find("fait : Corrigée"), std::string::npos);
  EXPECT_EQ(after.body.find("claude@exemple.fr"), std::string::npos);
}

TEST_F(OfficeTest, reports_are_not_for_members) {
  log_in("member");
  EXPECT_EQ(get("/espace").body.find("/espace/signalements"), std::string::npos);
  EXPECT_EQ(get("/espace/signalements").status, 403);
}

// What moderators do on a record's page.
class ReviewTest : public OfficeTest {
 protected:
  std::string path_of(service::WorkingCopy const& copy) {
    return cat("/espace/fiches/savoie-mont-blanc/", copy.key.id.to_string());
  }
  service::WorkingCopy waiting(std::string_view title) {
    auto const author = somebody("member", "Inès");
    auto const copy = draft(author, "article", service::article_form(title));
    return editorial.submit(author, copy.key).value();
  }
  http::Response decide(service::WorkingCopy const& copy, std::string_view action,
                        schema::FormFields const& more = {}) {
    show(path_of(copy));
    http::Parameters form;
    form.add("action", std::string(action));
    for (auto const& [name, value] : more) form.add(name, value);
    return post(cat(path_of(copy), "/decision"), std::move(form));
  }
  model::State state_of(service::WorkingCopy const& copy) {
    return editorial.get(somebody("animateur", "X"), copy.key).value().state;
  }
  std::string session_page() { return get("/espace/file").body; }
};

TEST_F(ReviewTest, a_refusal_by_a_common_reason_shows_its_article_to_the_author) {
  auto const copy = waiting("Une réclame");
  log_in("animateur");
  auto const refused = decide(copy, "refuse", {{"raison", "  "}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find("Un refus se motive"), std::string::npos);
  EXPECT_EQ(decide(copy, "refuse", {{"motif", "advertising"}, {"raison", "Merci."}}).status, 303);
  EXPECT_EQ(state_of(copy), model::State::refused);
  auto const page = show(path_of(copy)).body;
  EXPECT_NE(page.find("/charte#no_advertising"), std::string::npos);
  EXPECT_NE(page.find("Merci."), std::string::npos);
}

TEST_F(ReviewTest, what_was_typed_stays_when_a_decision_cannot_be_taken) {
  auto const copy = waiting("Déjà relue");
  ASSERT_OK(editorial.reviews().claim(somebody("animateur", "Camille"), copy, false));
  log_in("animateur");
  auto const refused =
      decide(copy, "send_back", {{"motif", "clearer"}, {"raison", "Mon long message"}});
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("Mon long message"), std::string::npos);
  EXPECT_NE(refused.body.find("value=\"clearer\" selected"), std::string::npos);
  EXPECT_NE(refused.body.find("Camille"), std::string::npos);
  http::Parameters form;
  form.add("action", "relayer");
  EXPECT_EQ(post(cat(path_of(copy), "/relire"), std::move(form)).status, 303);
  EXPECT_EQ(decide(copy, "send_back", {{"raison", "Mon long message"}}).status, 303);
}

TEST_F(ReviewTest, after_a_decision_the_next_record_is_taken_from_the_queue) {
  auto const first = waiting("La première");
  clock.pass(std::chrono::minutes(1));
  auto const second = waiting("La deuxième");
  log_in("animateur");
  auto const done = decide(first, "send_back", {{"raison", "À revoir"}, {"suivante", "1"}});
  EXPECT_EQ(location(done), path_of(second));
  EXPECT_TRUE(editorial.reviews().claim_of(second.key));
  auto const last = decide(second, "send_back", {{"raison", "À revoir"}, {"suivante", "1"}});
  EXPECT_EQ(location(last), "/espace/file");
}

TEST_F(ReviewTest, the_change_of_a_public_page_is_shown_word_by_word) {
  auto const copy = published("article", service::article_form("Marché de Noël"));
  ASSERT_OK(edit(somebody("animateur", "X"), copy, {{"title", "Marché de printemps"}}));
  log_in("animateur");
  auto const page = show(path_of(copy)).body;
  EXPECT_NE(page.find("Ce qui change pour le public"), std::string::npos);
  EXPECT_NE(page.find("Marché de <del>Noël</del><ins>printemps</ins>"), std::string::npos);
}

TEST_F(ReviewTest, a_record_is_scheduled_by_day_and_hour) {
  auto const copy = waiting("Plus tard");
  log_in("animateur");
  EXPECT_EQ(decide(copy, "schedule", {{"jour", "hier"}}).status, 422);
  EXPECT_EQ(decide(copy, "schedule", {{"jour", "2020-01-01"}, {"heure", "10:00"}}).status, 422);
  EXPECT_EQ(decide(copy, "schedule", {{"jour", "2026-03-20"}, {"heure", "10:00"}}).status, 303);
  auto const saved = editorial.get(somebody("animateur", "X"), copy.key).value();
  EXPECT_EQ(model::to_civil(*saved.publish_at).iso(), "2026-03-20T10:00");
  EXPECT_NE(show(path_of(copy)).body.find("paraîtra"), std::string::npos);
}

TEST_F(ReviewTest, the_committee_votes_and_its_minutes_tell) {
  auto const copy = waiting("Un débat");
  ASSERT_OK(editorial.hand_over(somebody("animateur", "Camille"), copy.key, "Tract ou débat ?"));
  log_in("committee");
  EXPECT_NE(show("/espace/comite").body.find("Tract ou débat ?"), std::string::npos);
  show(path_of(copy));
  http::Parameters against;
  against.add("vote", "no");
  EXPECT_EQ(post(cat(path_of(copy), "/vote"), against).status, 422);
  against.add("raison", "C’est un tract <b>.");
  EXPECT_EQ(post(cat(path_of(copy), "/vote"), against).status, 303);
  EXPECT_NE(show("/espace/comite").body.find("vous avez voté"), std::string::npos);
  auto const minutes = show("/espace/comite/compte-rendu?du=2026-03-01&au=2026-03-31").body;
  EXPECT_NE(minutes.find("C’est un tract &lt;b&gt;."), std::string::npos);
  EXPECT_EQ(
      show("/espace/comite/compte-rendu?du=2025-03-01&au=2025-03-31").body.find("C’est un tract"),
      std::string::npos);
}

TEST_F(ReviewTest, one_change_is_undone_from_the_history) {
  auto const author = somebody("animateur", "X");
  auto const copy = draft(author, "article", service::article_form("Avant"));
  ASSERT_OK(edit(author, copy, {{"title", "Après"}}));
  log_in("animateur");
  auto const page = show(path_of(copy)).body;
  auto const at = page.find("name=\"ligne\" value=\"");
  ASSERT_NE(at, std::string::npos);
  auto const start = at + std::string_view("name=\"ligne\" value=\"").size();
  http::Parameters form;
  form.add("ligne", page.substr(start, page.find('"', start) - start));
  EXPECT_EQ(post(cat(path_of(copy), "/annuler"), std::move(form)).status, 303);
  EXPECT_EQ(editorial.get(author, copy.key).value().title, "Avant");
}

TEST_F(ReviewTest, a_conflict_shows_what_differs_and_another_text_settles_it) {
  auto const author = somebody("member", "Inès");
  auto const basis = draft(author, "article", service::article_form("Marché de Noël"));
  ASSERT_OK(edit(somebody("animateur", "X"), basis, {{"title", "Marché de printemps"}}));
  auto const clash = edit(author, basis, {{"title", "Marché d’été"}}).value();
  log_in("animateur");
  auto const address = cat(path_of(clash), "/conflit");
  auto const page = show(cat(address, "?champ=title")).body;
  EXPECT_NE(page.find("<ins>"), std::string::npos);
  EXPECT_NE(show(cat(address, "?champ=title&ensemble=1")).body.find(" / "), std::string::npos);

  http::Parameters form;
  form.add("_champ", "title");
  form.add("_basis", input_value(page, "_basis"));
  form.add("_then", "write");
  auto too_long = form;
  too_long.add("title", std::string(2'000, 'x'));
  auto const refused = post(address, std::move(too_long));
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find(std::string(2'000, 'x')), std::string::npos);

  form.add("title", "Marchés de l’année");
  EXPECT_EQ(post(address, std::move(form)).status, 303);
  auto const settled = editorial.get(author, clash.key).value();
  EXPECT_EQ(settled.title, "Marchés de l’année");
  EXPECT_TRUE(settled.conflicts.empty());
}

TEST_F(ReviewTest, a_draft_saves_itself_while_somebody_writes) {
  log_in("member");
  show("/espace/nouveau/article");
  auto const send = [this](std::string_view to, std::string_view title, std::string_view basis) {
    auto form = parameters(service::article_form(title), "autosave");
    if (!basis.empty()) form.add("_basis", std::string(basis));
    return post(to, std::move(form));
  };
  auto const unsound = send("/espace/nouveau/article", std::string(1'000, 'x'), {});
  EXPECT_EQ(unsound.body.rfind("{\"problem\":\"", 0), 0U) << unsound.body;
  auto const first = boost::json::parse(send("/espace/nouveau/article", "Un", {}).body).as_object();
  auto const action = std::string(first.at("action").as_string());
  auto const second =
      boost::json::parse(send(action, "Deux", first.at("basis").as_string()).body).as_object();
  EXPECT_EQ(second.at("action").as_string(), action);
  auto const page = show(action).body;
  EXPECT_NE(page.find("value=\"Deux\""), std::string::npos);
  EXPECT_NE(page.find("data-autosave"), std::string::npos);
  auto const mine = accounts.actor(accounts.list().value().front());
  EXPECT_EQ(editorial.list(mine, {.own_only = true}).value().total, 1U);
}

TEST_F(ReviewTest, a_preview_shows_what_is_typed_and_saves_nothing) {
  log_in("member");
  show("/espace/nouveau/article");
  auto const seen =
      post("/espace/nouveau/article", parameters(service::article_form("Pas encore"), "preview"));
  EXPECT_EQ(seen.status, 200);
  EXPECT_EQ(seen.body.rfind("Pas encore|", 0), 0U) << seen.body;
  EXPECT_NE(seen.body.find("/espace/images/0101"), std::string::npos);
  auto const mine = accounts.actor(accounts.list().value().front());
  EXPECT_EQ(editorial.list(mine, {.own_only = true}).value().total, 0U);
  auto const copy = draft(mine, "article", service::article_form("Gardé"));
  EXPECT_EQ(get(cat(path_of(copy), "/apercu")).body.rfind("Gardé|", 0), 0U);
  auto const other = draft(somebody("member", "Inès"), "article", service::article_form("À elle"));
  EXPECT_EQ(get(cat(path_of(other), "/apercu")).status, 404);
}

TEST_F(ReviewTest, somebody_reads_and_takes_along_what_is_kept_of_them) {
  log_in("member");
  auto const mine = accounts.actor(accounts.list().value().front());
  draft(mine, "article", service::article_form("À moi <b>"));
  auto const page = show("/espace/compte/donnees").body;
  EXPECT_NE(page.find("member@essai.example"), std::string::npos);
  EXPECT_NE(page.find("À moi &lt;b&gt;"), std::string::npos);
  auto const file = get("/espace/compte/donnees.json");
  EXPECT_EQ(file.headers.get("Cache-Control"), "no-store");
  EXPECT_EQ(boost::json::parse(file.body).at("records").as_array().size(), 1U);
  EXPECT_EQ(get("/espace/registre").status, 403);
  log_in("administrator");
  EXPECT_NE(get("/espace/registre").body.find("article 30"), std::string::npos);
}

TEST_F(ReviewTest, several_records_are_published_at_once_and_it_is_undone) {
  auto const one = waiting("Un");
  auto const two = waiting("Deux");
  auto const shown = published("article", service::article_form("Déjà là"));
  log_in("animateur");
  EXPECT_NE(show("/espace/file").body.find("form=\"ensemble\""), std::string::npos);
  http::Parameters form;
  form.add("action", "publish");
  form.add("retour", "//evil.example/");
  for (auto const& copy : {one, two, shown})
    form.add("fiche", cat("savoie-mont-blanc/", copy.key.id.to_string()));
  form.add("fiche", "n’importe quoi");
  auto const done = post("/espace/fiches/ensemble", form).body;
  EXPECT_NE(done.find("<h1>2\u00a0fiches publiées"), std::string::npos) << done;
  EXPECT_NE(done.find("Déjà là</a> :"), std::string::npos);
  EXPECT_EQ(done.find("evil"), std::string::npos);
  EXPECT_EQ(state_of(one), model::State::published);
  auto undo = form;
  undo.add("action", "undo");
  http::Parameters back;
  back.add("action", "undo");
  for (auto const& copy : {one, two})
    back.add("fiche", cat("savoie-mont-blanc/", copy.key.id.to_string()));
  EXPECT_NE(post("/espace/fiches/ensemble", back).body.find("2\u00a0décisions annulées"),
            std::string::npos);
  EXPECT_EQ(state_of(two), model::State::submitted);
  EXPECT_EQ(post("/espace/fiches/ensemble", {}).status, 422);
}

TEST_F(ReviewTest, two_records_of_the_same_thing_are_united_field_by_field) {
  auto const kept =
      published("structure", service::structure_form("Épicerie", {{"acronym", "EP"}}));
  auto const other =
      published("structure", service::structure_form("Épicerie", {{"acronym", "EG"}}));
  log_in("member");
  EXPECT_EQ(get("/espace/doublons").status, 403);
  log_in("animateur");
  EXPECT_NE(show(path_of(kept)).body.find("Déjà là ?"), std::string::npos);
  auto const list = show("/espace/doublons").body;
  auto const at = list.find("/espace/doublons/savoie-mont-blanc/");
  ASSERT_NE(at, std::string::npos);
  auto const address = list.substr(at, list.find('"', at) - at);
  auto const page = show(cat(address, "?garder=", kept.key.id.to_string())).body;
  http::Parameters form;
  for (std::string_view const name : {"_stays", "_kept", "_other"})
    form.add(std::string(name), input_value(page, name));
  auto verdict = form;
  verdict.add("_then", "unsure");
  EXPECT_EQ(post(address, std::move(verdict)).status, 303);
  EXPECT_NE(show("/espace/doublons?avis=unsure").body.find(address), std::string::npos);
  EXPECT_NE(show(address).body.find("personne n’a su dire"), std::string::npos);
  form.add("_then", "unite");
  form.add("acronym", "other");
  auto const done = post(address, form);
  EXPECT_EQ(location(done), path_of(kept));
  EXPECT_EQ(schema::text_of(editorial.get(somebody("animateur", "X"), kept.key).value().record,
                            "acronym"),
            "EG");
  EXPECT_NE(show(path_of(other)).body.find(path_of(kept)), std::string::npos);
  // Sent a second time from an old page.
  EXPECT_EQ(post(address, form).status, 409);
}

TEST_F(ReviewTest, the_programme_shows_what_is_planned_and_a_record_is_put_on_the_front_page) {
  auto const copy = published("article", service::article_form("Mois de l’ESS"));
  log_in("member");
  EXPECT_EQ(get("/espace/programme").status, 403);
  log_in("committee");
  show(path_of(copy));
  http::Parameters form;
  form.add("du", "2026-03-20");
  form.add("au", "2026-03-10");
  form.add("phrase", "C’est <bientôt>");
  auto const refused = post(cat(path_of(copy), "/une"), form);
  EXPECT_EQ(refused.status, 422);
  EXPECT_NE(refused.body.find("C’est &lt;bientôt&gt;"), std::string::npos);
  http::Parameters right;
  right.add("du", "2026-03-20");
  right.add("au", "2026-03-31");
  EXPECT_EQ(post(cat(path_of(copy), "/une"), right).status, 303);
  http::Parameters note;
  note.add("jour", "2026-03-12");
  note.add("texte", "Appeler la mairie");
  EXPECT_EQ(post("/espace/programme", note).status, 303);
  auto const page = show("/espace/programme?mois=2026-03").body;
  EXPECT_NE(page.find("Appeler la mairie"), std::string::npos);
  EXPECT_NE(page.find("Mois de l’ESS</a>, jusqu’au"), std::string::npos);
  EXPECT_EQ(show("/espace/programme?mois=2026-04").body.find("Appeler la mairie"),
            std::string::npos);
  EXPECT_EQ(get("/espace/programme?mois=2026-99").status, 200);
  http::Parameters away;
  away.add("entree", input_value(page, "entree"));
  away.add("retour", "//evil.example/");
  auto const removed = post("/espace/programme/retirer", away);
  EXPECT_EQ(location(removed), "/espace/programme");
  EXPECT_EQ(show("/espace/programme?mois=2026-03").body.find("Appeler la mairie"),
            std::string::npos);
}

TEST_F(ReviewTest, an_author_talks_with_the_team_and_reads_nothing_else) {
  log_in("member");
  auto const self = accounts.actor(accounts.list().value().front());
  auto const copy = draft(self, "article", service::article_form("À moi"));
  ASSERT_TRUE(editorial.say(somebody("animateur", "Camille"), copy.key, "ENTRE-NOUS", false));
  show(path_of(copy));
  http::Parameters form;
  form.add("raison", "Bonjour, une question");
  form.add("pour", "equipe");
  EXPECT_EQ(post(cat(path_of(copy), "/message"), std::move(form)).status, 303);
  auto const page = show(path_of(copy)).body;
  EXPECT_EQ(page.find("ENTRE-NOUS"), std::string::npos);
  EXPECT_NE(page.find("Bonjour, une question"), std::string::npos);
}

TEST_F(ReviewTest, roles_are_changed_by_those_above) {
  log_in("administrator");
  auto const member =
      accounts.add({"m@essai.example", "Membre", "member", std::string(kPassword)}, {}).value();
  show("/espace/comptes");
  http::Parameters form;
  form.add("role", "trusted_member");
  EXPECT_EQ(post(cat("/espace/comptes/", member.id.to_string(), "/role"), form).status, 303);
  EXPECT_EQ(accounts.find(member.id).value()->role->key, "trusted_member");
  http::Parameters above;
  above.add("role", "regional_administrator");
  EXPECT_EQ(post(cat("/espace/comptes/", member.id.to_string(), "/role"), above).status, 422);
}

TEST_F(ReviewTest, an_author_is_told_why_by_which_article_and_where_to_answer) {
  auto const copy = waiting("Réclame <b>");
  auto const account =
      accounts.add({"a@essai.example", "Inès", "member", std::string(kPassword)}, {}).value();
  auto const said = service::saying(instance.model, "advertising", "Voyez avec nous.");
  auto const letter = decision_letter(
      *site_, {copy, model::Step::refuse, {{}, "Camille", instance.self}, said, account});
  EXPECT_EQ(letter.to, "a@essai.example");
  EXPECT_NE(letter.subject.find("Réclame <b>"), std::string::npos);
  for (auto const& body : {letter.text, letter.html}) {
    for (std::string_view const part : {"n’est pas publiée", "Voyez avec nous.", "Camille",
                                        "https://essai.example/charte#no_advertising",
                                        "contester devant le comité", "/espace/fiches/"})
      EXPECT_NE(body.find(part), std::string::npos) << part << " in " << body;
    EXPECT_EQ(body.find("repasse en tête de file"), std::string::npos);
  }
  EXPECT_EQ(letter.html.find("Réclame <b>"), std::string::npos);
}

}  // namespace
}  // namespace solidaires::office
