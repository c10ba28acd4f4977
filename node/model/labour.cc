#include "node/model/labour.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "schema/characters.h"

namespace solidaires::model {
namespace {

using schema::FieldKind;
using schema::Problem;
using schema::Words;

// Lower case without accents; everything but letters and digits is one space, and one stands at
// each end, so that " agee " is a word.
std::string words_of(std::string_view text) {
  std::string out(" ");
  for (char const c : schema::fold(text)) {
    bool const plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain || out.back() != ' ') out += plain ? c : ' ';
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

bool is_number(std::string_view word) {
  return !word.empty() && word.size() <= 2 &&
         std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

// "*" stands for a number of one or two digits. The text that matched, or nothing.
std::optional<std::string> found_in(std::string_view words, std::string_view pattern) {
  auto const star = pattern.find('*');
  auto const head = pattern.substr(0, star);
  for (auto at = words.find(head); at != std::string_view::npos; at = words.find(head, at + 1)) {
    if (star == std::string_view::npos) return std::string(pattern.substr(1, pattern.size() - 2));
    auto const rest = words.substr(at + head.size());
    auto const number = rest.substr(0, rest.find(' '));
    if (is_number(number) && rest.substr(number.size()).starts_with(pattern.substr(star + 1)))
      return cat(head.substr(1), number, pattern.substr(star + 1, pattern.size() - star - 2));
  }
  return std::nullopt;
}

constexpr std::array<std::string_view, 13> kAge = {
    " moins de * ans ",    " age maximum ",   " age maximal ",   " limite d age ",
    " age limite ",        " jusqu a * ans ", " age de moins ",  " agee de moins ",
    " maximum * ans ",     " * ans maximum ", " jeune diplome ", " pas plus de * ans ",
    " jeune et dynamique "};
constexpr std::array<std::string_view, 18> kDiscriminatory = {" hommes uniquement ",
                                                              " homme uniquement ",
                                                              " femmes uniquement ",
                                                              " femme uniquement ",
                                                              " reserve aux hommes ",
                                                              " reserve aux femmes ",
                                                              " bonne presentation ",
                                                              " physique agreable ",
                                                              " nationalite francaise exigee ",
                                                              " de nationalite francaise ",
                                                              " sans enfant ",
                                                              " celibataire ",
                                                              " francais de souche ",
                                                              " langue maternelle francaise ",
                                                              " type europeen ",
                                                              " sans handicap ",
                                                              " pas d accent ",
                                                              " pas de voile "};
constexpr std::array<std::string_view, 10> kMoney = {
    " frais de dossier ",        " frais d inscription a la charge ",
    " a la charge du candidat ", " a la charge de la candidate ",
    " droit d entree ",          " caution a verser ",
    " verser une caution ",      " participation financiere du candidat ",
    " achat d un kit ",          " formation payante obligatoire "};
constexpr std::array<std::string_view, 7> kUnpaid = {
    "benevolat",   "mecenat-competences",     "stage",     "service-civique",
    "volontariat", "entrepreneuriat-salarie", "prestation"};

// What is said of age by the law itself: civic service is for people of 16 to 25 years.
bool age_is_lawful(std::string_view kind) {
  return kind == "service-civique" || kind == "volontariat" || kind == "alternance";
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

// Without the ages that are not of those who apply: "trois ans d’expérience", "des enfants de moins
// de 6 ans", "une association de moins de dix ans".
std::string without_others(std::string words) {
  for (std::string_view const what : {"experience", "pratique", "anciennete", "metier"}) {
    replace_all(words, cat(" ans d ", what, ' '), " ");
    replace_all(words, cat(" ans de ", what, ' '), " ");
  }
  for (std::string_view const who : {"enfants", "enfant", "jeunes", "adolescents", "eleves",
                                     "public", "publics", "familles", "association", "structure"}) {
    for (std::string_view const how : {" de moins de ", " ages de moins de ", " jusqu a "})
      replace_all(words, cat(' ', who, how), cat(' ', who, ' '));
  }
  return words;
}

template <std::size_t kSize>
std::optional<std::string> first_of(std::array<std::string_view, kSize> const& patterns,
                                    std::string_view words) {
  for (auto const pattern : patterns) {
    if (auto found = found_in(words, pattern); found) return found;
  }
  return std::nullopt;
}

class Checks {
 public:
  Checks(schema::Type const& type, schema::Record const& record) : type_(type), record_(record) {}

  void add(std::string_view field, std::string fr, std::string en) {
    if (type_.field(field) != nullptr)
      out_.push_back({std::string(field), std::string(field), Words{std::move(fr), std::move(en)}});
  }
  [[nodiscard]] bool filled(std::string_view field) const { return schema::has(record_, field); }
  [[nodiscard]] std::string_view text(std::string_view field) const {
    return schema::text_of(record_, field);
  }

  void read_offer(LabourRules const& rules);
  void read_request();
  [[nodiscard]] std::vector<Problem> take() { return std::move(out_); }

 private:
  template <class Visit>
  void each_public_text(Visit const& visit) const {
    for (auto const& field : type_.fields) {
      bool const words = field.kind == FieldKind::text || field.kind == FieldKind::long_text;
      if (words && field.audience == schema::Audience::everyone && filled(field.key))
        visit(field, text(field.key));
    }
  }
  void read_words(schema::Field const& field, std::string_view text);
  void read_pay();

  schema::Type const& type_;
  schema::Record const& record_;
  std::vector<Problem> out_;
};

void Checks::read_words(schema::Field const& field, std::string_view text) {
  auto const words = words_of(text);
  if (auto const age = first_of(kAge, without_others(words));
      age && !age_is_lawful(this->text("kind"))) {
    add(field.key,
        cat("« ", *age,
            " » pose une limite d’âge, ce qu’une offre ne peut pas faire (code du "
            "travail, art. L5331-2). Dites plutôt l’expérience ou le diplôme demandé."),
        cat("“", *age,
            "” sets an age limit, which an offer may not do. Say instead which experience "
            "or qualification is needed."));
  }
  if (auto const said = first_of(kDiscriminatory, words); said) {
    add(field.key,
        cat("« ", *said,
            " » écarte des personnes pour un motif que la loi interdit (code du "
            "travail, art. L1132-1). Décrivez les tâches et les savoir-faire."),
        cat("“", *said,
            "” excludes people for a reason that the law forbids. Describe duties and "
            "skills."));
  }
  if (auto const money = first_of(kMoney, words); money) {
    add(field.key,
        cat("« ", *money,
            " » : on ne peut pas demander d’argent à une personne qui postule. "
            "Retirez cette condition."),
        cat("“", *money,
            "”: no money may be asked of people who apply. Take this condition away."));
  }
}

void Checks::read_pay() {
  if (!filled("pay_min")) {
    return add("pay_min",
               "Indiquez la rémunération proposée, au moins un minimum : une offre de travail payé "
               "annonce sa fourchette. Tout le reste est gardé.",
               "Say what is paid, at least a minimum: an offer of paid work states its range. "
               "Everything else is kept.");
  }
  if (!filled("pay_unit")) {
    add("pay_unit", "Dites si ce montant est par heure, par mois ou par an.",
        "Say whether this is per hour, month or year.");
  }
  auto const* const low = schema::get<schema::Money>(record_, "pay_min");
  auto const* const high = schema::get<schema::Money>(record_, "pay_max");
  if (low == nullptr || high == nullptr) return;
  if (low->currency != high->currency) {
    add("pay_max", "Le minimum et le maximum sont dans deux monnaies : choisissez-en une.",
        "The two ends of the range are in two currencies: choose one.");
  } else if (high->cents < low->cents) {
    add("pay_max", "Le maximum est plus petit que le minimum : échangez-les ou corrigez-les.",
        "The maximum is below the minimum: exchange or correct them.");
  }
}

void Checks::read_offer(LabourRules const& rules) {
  each_public_text([this](auto const& field, auto text) { read_words(field, text); });
  if (!filled("published_on")) {
    add("published_on", "Une offre doit être datée (code du travail, art. L5332-1).",
        "An offer must be dated.");
  }
  if (!filled("structure") && !filled("employer_name") && !filled("employer_confidential")) {
    add("employer_name",
        "Dites qui recrute : une structure de l’annuaire, un nom, ou un nom pour l’équipe "
        "seulement "
        "s’il doit rester discret (art. L5332-2).",
        "Say who hires: an organisation of the directory, a name, or a name for the team alone.");
  }
  if (rules.pay_range_required && std::ranges::find(kUnpaid, text("kind")) == kUnpaid.end())
    read_pay();
  auto const by = schema::elements(record_, "apply_by");
  if (std::ranges::find(by, "in-person") != by.end() && !filled("apply_in_person")) {
    add("apply_in_person", "Dites où se présenter, quels jours et à quelles heures.",
        "Say where to come, on which days and at what time.");
  }
}

bool names_a_number(std::string_view text) {
  std::size_t digits = 0;
  for (char const c : text) {
    if (c >= '0' && c <= '9') {
      if (++digits >= 10) return true;
    } else if (c != ' ' && c != '.' && c != '-') {
      digits = 0;
    }
  }
  return false;
}

void Checks::read_request() {
  each_public_text([this](auto const& field, auto text) {
    if (text.find('@') == std::string_view::npos && !names_a_number(text)) return;
    add(field.key,
        "Ce texte montre une adresse électronique ou un numéro de téléphone. Retirez-les : on vous "
        "écrit par le portail, sans que vos coordonnées soient visibles.",
        "This text shows an e-mail address or a telephone number. Take them away: people write to "
        "you through the portal.");
  });
  auto const* const address = schema::get<schema::Address>(record_, "address");
  if (address != nullptr && !address->lines.empty() && !address->hidden) {
    add("address", "La commune suffit : retirez la rue et le numéro, qui seraient visibles.",
        "The municipality is enough: take the street away, which would be shown.");
  }
}

}  // namespace

std::vector<Problem> labour_problems(schema::Type const& type, schema::Record const& record,
                                     LabourRules const& rules) {
  Checks checks(type, record);
  if (type.has(schema::Trait::offers_work)) checks.read_offer(rules);
  if (type.has(schema::Trait::seeks_work)) checks.read_request();
  return checks.take();
}

}  // namespace solidaires::model
