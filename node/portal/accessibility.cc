#include "node/portal/accessibility.h"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "node/page/markdown.h"
#include "node/page/wording.h"
#include "node/portal/pages.h"

namespace solidaires::portal {
namespace {

namespace json = boost::json;
using page::View;

struct StateWords {
  Conformity state;
  std::string_view word, badge;
};
constexpr std::array<StateWords, 4> kStates{
    {{Conformity::met, "conforme", "published"},
     {Conformity::not_met, "non conforme", "returned"},
     {Conformity::not_applicable, "non applicable", "draft"},
     {Conformity::not_checked, "à vérifier", "submitted"}}};

StateWords const& words_of(Conformity state) {
  return *std::ranges::find(kStates, state, &StateWords::state);
}

std::string_view text_at(json::object const& object, std::string_view key) {
  auto const* const found = object.if_contains(key);
  auto const* const text = found == nullptr ? nullptr : found->if_string();
  return text == nullptr ? std::string_view() : std::string_view(*text);
}

Result<Criterion> read_criterion(json::object const& from, std::size_t theme, std::size_t place,
                                 json::object const& checks) {
  Criterion out{.number = std::string(text_at(from, "number")),
                .theme = theme,
                .title = std::string(text_at(from, "title")),
                .note = std::string(text_at(from, "note"))};
  auto const expected = cat(theme, '.', place);
  if (out.number != expected)
    return fail(Code::invalid,
                cat("accessibility: after the others comes ", expected, ", not ", out.number));
  auto const* const state = std::ranges::find(kStates, text_at(from, "state"), &StateWords::word);
  if (state == kStates.end() || out.title.empty())
    return fail(Code::invalid, cat("accessibility: ", out.number, " lacks a title or a state"));
  out.state = state->state;
  auto const check = text_at(from, "check");
  out.check = text_at(checks, check);
  if (out.check.empty() && (out.state == Conformity::met || !check.empty()))
    return fail(Code::invalid, cat("accessibility: ", out.number, " names no check"));
  return out;
}

View criterion_view(Criterion const& criterion) {
  auto const& words = words_of(criterion.state);
  return std::move(View()
                       .text("number", criterion.number)
                       .text("title", criterion.title)
                       .text("state", words.word)
                       .text("badge", words.badge)
                       .text("check", criterion.check)
                       .text("note", criterion.note));
}

std::vector<View> of_state(AccessibilityReview const& review, Conformity state) {
  std::vector<View> out;
  for (auto const& criterion : review.criteria) {
    if (criterion.state == state) out.push_back(criterion_view(criterion));
  }
  return out;
}

void add_result(View& view, Context const& context) {
  auto const& review = context.accessibility;
  auto const number = [&](std::size_t value) {
    return page::number_text(static_cast<std::int64_t>(value), context.language());
  };
  auto const not_met = of_state(review, Conformity::not_met);
  auto const not_checked = of_state(review, Conformity::not_checked);
  view.text("version", review.version)
      .text("state", context.say(review.state()))
      .text("rate", number(review.rate()))
      .text("reviewed", page::date_text(review.reviewed, context.language()))
      .text("met", number(review.count(Conformity::met)))
      .text("applicable", number(review.criteria.size() - review.count(Conformity::not_applicable)))
      .flag("has_not_met", !not_met.empty())
      .list("not_met", not_met)
      .flag("has_not_checked", !not_checked.empty())
      .list("not_checked", not_checked);
}

}  // namespace

std::size_t AccessibilityReview::count(Conformity state) const {
  return static_cast<std::size_t>(std::ranges::count(criteria, state, &Criterion::state));
}

std::size_t AccessibilityReview::rate() const {
  auto const applicable = criteria.size() - count(Conformity::not_applicable);
  return applicable == 0 ? 0 : 100 * count(Conformity::met) / applicable;
}

page::Text AccessibilityReview::state() const {
  if (criteria.empty()) return "non conforme"_fr;
  if (count(Conformity::not_met) + count(Conformity::not_checked) == 0)
    return "totalement conforme"_fr;
  return rate() >= 50 ? "partiellement conforme"_fr : "non conforme"_fr;
}

Result<AccessibilityReview> parse_accessibility(std::string_view text) {
  boost::system::error_code error;
  auto const parsed = json::parse(text, error);
  if (error || !parsed.is_object()) return fail(Code::invalid, "accessibility: no JSON object");
  auto const& all = parsed.get_object();
  auto const* const themes = all.if_contains("themes");
  auto const* const checks = all.if_contains("checks");
  auto const* const criteria = all.if_contains("criteria");
  auto const are_there = themes != nullptr && themes->is_array() && checks != nullptr &&
                         checks->is_object() && criteria != nullptr && criteria->is_array();
  if (!are_there) return fail(Code::invalid, "accessibility: no themes, checks or criteria");
  AccessibilityReview out{.version = std::string(text_at(all, "version"))};
  SOL_ASSIGN(out.reviewed, model::CivilDate::parse(text_at(all, "reviewed")));
  for (auto const& theme : themes->get_array())
    out.themes.emplace_back(theme.is_string() ? std::string_view(theme.get_string()) : "");
  if (out.themes.size() != kCriteriaOfThemes.size())
    return fail(Code::invalid, "accessibility: not thirteen themes");
  auto next = criteria->get_array().begin();
  auto const end = criteria->get_array().end();
  for (std::size_t theme = 1; theme <= kCriteriaOfThemes.size(); ++theme) {
    for (std::size_t place = 1; place <= kCriteriaOfThemes[theme - 1]; ++place) {
      if (next == end || !next->is_object())
        return fail(Code::invalid, cat("accessibility: ", theme, '.', place, " is missing"));
      SOL_ASSIGN(auto criterion,
                 read_criterion(next->get_object(), theme, place, checks->get_object()));
      out.criteria.push_back(std::move(criterion));
      ++next;
    }
  }
  if (next != end) return fail(Code::invalid, "accessibility: more criteria than there are");
  return out;
}

Result<AccessibilityReview> load_accessibility(std::filesystem::path const& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(Code::not_found, cat(file.string(), " cannot be read"));
  std::string const text(std::istreambuf_iterator<char>(in), {});
  return parse_accessibility(text);
}

http::Response accessibility_page(Context const& context, http::Request const& /*request*/) {
  auto view = identity_view(context.site()->identity());
  view.html("text_html", page::markdown(context.site()->identity().accessibility_text,
                                        page::LineBreaks::joined));
  add_result(view, context);
  return fixed_page(context, "/accessibilite", "Accessibilité"_fr, "portal/accessibility", view);
}

http::Response criteria_page(Context const& context, http::Request const& /*request*/) {
  auto const& review = context.accessibility;
  View view;
  add_result(view, context);
  std::vector<View> themes;
  for (std::size_t theme = 1; theme <= review.themes.size(); ++theme) {
    std::vector<View> criteria;
    for (auto const& criterion : review.criteria) {
      if (criterion.theme == theme) criteria.push_back(criterion_view(criterion));
    }
    themes.push_back(std::move(View()
                                   .text("label", cat(theme, ". ", review.themes[theme - 1]))
                                   .list("criteria", std::move(criteria))));
  }
  view.list("themes", std::move(themes));
  return fixed_page(context, "/accessibilite/criteres",
                    "Les critères d’accessibilité, un par un"_fr, "portal/criteria", view,
                    {{"Accessibilité", "/accessibilite"}});
}

}  // namespace solidaires::portal
