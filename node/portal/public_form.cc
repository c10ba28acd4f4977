#include "node/portal/public_form.h"

#include <algorithm>

#include "node/http/csrf.h"
#include "node/text/fold.h"

namespace solidaires::portal {
namespace {

// Cut between two characters; what is cut is beyond what the form lets anybody type.
std::string_view beginning(std::string_view text, std::size_t characters) {
  auto size = std::min(text.size(), characters * 4);
  std::size_t seen = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U) continue;
    if (seen++ == characters) return text.substr(0, i);
  }
  return text.substr(0, size);
}

}  // namespace

void FormProblems::add(std::string_view field, std::string message) {
  problems_.emplace_back(field, std::move(message));
}

void FormProblems::show(page::View& view, std::vector<std::string_view> const& fields) const {
  std::vector<page::View> list;
  for (auto const& [field, message] : problems_) {
    list.push_back(std::move(page::View()
                                 .text("href", field.empty() ? std::string() : cat('#', field))
                                 .text("message", message)));
  }
  view.flag("has_problems", !list.empty());
  view.text("problem_heading",
            list.size() > 1 ? "Des points sont à corriger" : "Un point est à corriger");
  view.list("problems", std::move(list));
  for (auto const field : fields) {
    auto const found =
        std::ranges::find_if(problems_, [&](auto const& one) { return one.first == field; });
    view.text(cat(field, "_error"), found == problems_.end() ? std::string_view() : found->second);
  }
}

bool may_send(http::Request const& request, http::RateLimiter& limiter, Instant now,
              FormProblems& problems) {
  if (auto const ours = http::check_anonymous(request); !ours) {
    problems.add({},
                 "Le formulaire n’a pas pu être vérifié. Envoyez-le de nouveau depuis cette page.");
    return false;
  }
  if (!limiter.allow(http::rate_key(request.peer), now)) {
    problems.add({},
                 "Trop d’envois ont été faits depuis cette connexion. Réessayez dans un quart "
                 "d’heure, ou appelez-nous.");
    return false;
  }
  return true;
}

bool is_trapped(http::Request const& request) {
  return !request.form.get(kTrapField).empty();
}

std::string typed_text(http::Request const& request, std::string_view field, std::size_t max) {
  return text::normalise_lines(text::clean(beginning(request.form.get(field), max)));
}

std::string typed_line(http::Request const& request, std::string_view field, std::size_t max) {
  return text::single_line(text::clean(beginning(request.form.get(field), max)));
}

}  // namespace solidaires::portal
