// Records as the views that templates show: a card in a list, the lines of a record's page.
// Escaping is the templates' work. Pure but for the references that the catalogue resolves.
#pragma once

#include <optional>
#include <string>

#include "node/page/view.h"
#include "node/portal/context.h"

namespace solidaires::portal {

struct CardOptions {
  std::vector<std::string> const* words = nullptr;  // folded; to highlight
  bool show_kind = false;                           // in lists that mix kinds
  unsigned heading = 3;                             // the level of its title
};

// Names: href, title, kind, category, place, distance, summary, summary_html, when, cancelled,
// status, next_dates, level, life, life_phase, life_over, updated, node, badges[].
[[nodiscard]] page::View card(Context const& context, service::ListHit const& hit,
                              CardOptions const& options = {});
[[nodiscard]] std::vector<page::View> cards(Context const& context,
                                            std::vector<service::ListHit> const& hits,
                                            CardOptions const& options = {});
// A record that was not found by a search, with its next date if it has dates.
[[nodiscard]] service::ListHit hit_of(Context const& context, service::RecordPtr record);
// "samedi 12 décembre, de 14 h à 17 h"; with what a person must know of this date.
[[nodiscard]] std::string occurrence_text(Context const& context, model::Occurrence const& one);
// "annulé"; empty: as planned
[[nodiscard]] std::string status_label(Context const& context, schema::OccurrenceStatus status);

// Of a story: the date that its author set, else the day of its publication. "mardi 24 novembre
// 2026"
[[nodiscard]] std::string story_date(Context const& context, service::PublicRecord const& record);

// Text with the words of a search marked, escaped.
[[nodiscard]] page::Html highlighted(std::string_view text, std::vector<std::string> const& words);

}  // namespace solidaires::portal
