#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>

#include "node/office/pages.h"
#include "node/page/wording.h"
#include "node/text/fold.h"

namespace solidaires::office {
namespace {

using page::View;
using service::UsageDay;
namespace usage = service::usage;

constexpr std::array<std::int64_t, 4> kSpans{7, 30, 90, 365};  // days
constexpr std::int64_t kSpanDefault = 30;
constexpr std::int64_t kByWeekFrom = 120;  // more days than this are told by week
constexpr std::size_t kRankMax = 20;
constexpr int kChartWidth = 640, kChartHeight = 120;

// A day, or the week that begins with it.
struct Step {
  model::CivilDate first;
  service::Counts groups;
};

struct Column {
  std::string_view group, label;
};
constexpr std::array kColumns =
    std::to_array<Column>({{usage::kPage, "Pages vues"},
                           {usage::kSearch, "Recherches"},
                           {usage::kEmpty, "Sans résultat"},
                           {usage::kContact, "Messages transmis"},
                           {usage::kReport, "Signalements"},
                           {usage::kAlert, "Alertes confirmées"},
                           {usage::kConfirmed, "Fiches confirmées par courriel"},
                           {usage::kFilledHere, "Offres pourvues grâce au portail"},
                           {usage::kFilled, "Offres pourvues autrement"},
                           {usage::kFeed, "Flux relevés"},
                           {usage::kSheet, "Fiches papier"},
                           {usage::kRobot, "Robots"}});

std::int64_t span_asked(http::Request const& request) {
  auto const text = request.query.get("jours");
  std::int64_t days = 0;
  std::from_chars(text.data(), text.data() + text.size(), days);
  return std::ranges::find(kSpans, days) == kSpans.end() ? kSpanDefault : days;
}

std::uint64_t of(service::Counts const& counts, std::string_view name) {
  auto const found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

std::string number(std::uint64_t value) {
  return page::number_text(static_cast<std::int64_t>(value), page::Language::fr);
}

// Every day or week of the span, oldest first, those without anything too.
std::vector<Step> steps_of(std::vector<UsageDay> const& days, model::CivilDate const& from,
                           std::int64_t span) {
  std::int64_t const size = span > kByWeekFrom ? 7 : 1;
  std::vector<Step> steps;
  for (std::int64_t at = 0; at < span; at += size)
    steps.push_back({model::CivilDate::from_days(from.days() + at), {}});
  for (auto const& day : days) {
    auto& step = steps[static_cast<std::size_t>((day.date.days() - from.days()) / size)];
    for (auto const& [name, count] : day.counts)
      step.groups[std::string(service::group_of(name))] += count;
  }
  return steps;
}

// Bars, one for each step. The table below says the same in figures.
page::Html chart(std::vector<Step> const& steps, Column const& column) {
  std::uint64_t most = 0;
  for (auto const& step : steps) most = std::max(most, of(step.groups, column.group));
  auto const label =
      cat(column.label, page::kNbsp, ": jusqu’à ", number(most),
          steps.size() > 1 && steps[1].first.days() - steps[0].first.days() > 1 ? " par semaine"
                                                                                : " par jour");
  auto const slots = static_cast<int>(steps.size());
  std::string bars;
  for (int i = 0; i < slots; ++i) {
    auto const value = of(steps[static_cast<std::size_t>(i)].groups, column.group);
    if (value == 0) continue;
    auto const height =
        std::max<int>(1, static_cast<int>(value * static_cast<std::uint64_t>(kChartHeight) / most));
    auto const left = kChartWidth * i / slots;
    auto const width = std::max(1, kChartWidth * (i + 1) / slots - left - 1);
    bars += cat("<rect x=\"", left, "\" y=\"", kChartHeight - height, "\" width=\"", width,
                "\" height=\"", height, "\"/>");
  }
  return {cat("<svg class=\"chart\" viewBox=\"0 0 ", kChartWidth, ' ', kChartHeight,
              "\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"", page::escaped(label),
              "\"><path class=\"chart-ground\" d=\"M0 ", kChartHeight, "h", kChartWidth, "\"/>",
              bars, "</svg>")};
}

std::string kind_label(schema::ContentModel const& model, std::string_view kind) {
  if (kind == "home") return "Accueil";
  if (kind == "search") return "Recherche dans tout le portail";
  if (kind == "information") return "Pages d’information";
  auto const colon = kind.find(':');
  auto const* const type =
      colon == std::string_view::npos ? nullptr : model.type(kind.substr(colon + 1));
  if (type == nullptr) return std::string(kind);
  auto const what = kind.substr(0, colon);
  return cat(what == "list"       ? "Liste"
             : what == "record"   ? "Fiche"
             : what == "month"    ? "Mois"
             : what == "embedded" ? "Sur d’autres sites"
                                  : "Semaine",
             page::kNbsp, ": ", what == "record" ? type->singular.fr : type->plural.fr);
}

std::string place_label(Context const& context, std::string_view key) {
  if (key == "other") return "autres lieux";
  auto const place = context.gazetteer->place(key);
  return place ? place->label : std::string(key);
}

std::string theme_label(schema::ContentModel const& model, std::string_view code) {
  auto const* const themes = model.vocabulary("themes");
  return themes == nullptr ? std::string(code) : themes->label_of(code, schema::Language::fr);
}

// The details of a group, the most frequent first.
template <class Label>
std::vector<View> ranking(std::vector<UsageDay> const& days, std::string_view group,
                          Label const& label) {
  service::Counts sums;
  for (auto const& day : days) {
    for (auto const& [name, count] : day.counts) {
      if (service::group_of(name) == group) sums[std::string(service::detail_of(name))] += count;
    }
  }
  std::vector<std::pair<std::string, std::uint64_t>> sorted(sums.begin(), sums.end());
  std::ranges::sort(sorted, [](auto const& one, auto const& other) {
    return std::tie(other.second, one.first) < std::tie(one.second, other.first);
  });
  if (sorted.size() > kRankMax) sorted.resize(kRankMax);
  std::vector<View> out;
  for (auto const& [detail, count] : sorted) {
    out.push_back(std::move(View().text("label", label(detail)).text("count", number(count))));
  }
  return out;
}

View ranking_view(std::string_view caption, std::string_view heading, std::vector<View> rows) {
  return std::move(
      View().text("caption", caption).text("heading", heading).list("rows", std::move(rows)));
}

void add_steps(View& view, std::vector<Step> const& steps) {
  std::vector<View> heads, rows, sums;
  for (auto const& column : kColumns) {
    heads.push_back(std::move(View().text("label", column.label)));
    std::uint64_t sum = 0;
    for (auto const& step : steps) sum += of(step.groups, column.group);
    sums.push_back(std::move(View().text("label", column.label).text("value", number(sum))));
  }
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (step->groups.empty()) continue;
    std::vector<View> cells;
    for (auto const& column : kColumns)
      cells.push_back(std::move(View().text("value", number(of(step->groups, column.group)))));
    rows.push_back(std::move(View()
                                 .text("day", page::weekday_text(step->first, page::Language::fr))
                                 .list("cells", std::move(cells))));
  }
  view.list("heads", std::move(heads)).list("rows", std::move(rows)).list("sums", std::move(sums));
}

std::vector<View> span_links(std::int64_t asked) {
  std::vector<View> out;
  for (auto const days : kSpans) {
    out.push_back(std::move(View()
                                .text("label", cat(days, page::kNbsp, "jours"))
                                .text("href", cat("/espace/frequentation?jours=", days))
                                .flag("current", days == asked)));
  }
  return out;
}

struct Span {
  std::int64_t days;
  model::CivilDate from, until;
};

Span span_of(Context const& context, http::Request const& request) {
  auto const days = span_asked(request);
  auto const today = model::to_civil(context.instance.clock.now()).date;
  return {days, model::CivilDate::from_days(today.days() - days + 1), today};
}

struct Asked {
  Span span;
  std::vector<service::UsageDay> days;
};

// Code::denied: not for this visitor.
Result<Asked> asked(Context const& context, Visitor const& visitor, http::Request const& request) {
  if (!may_see_usage(context, visitor)) {
    return fail(Code::denied,
                "La fréquentation se lit avec un compte d’animation ou d’administration.");
  }
  auto const span = span_of(context, request);
  SOL_ASSIGN(auto days, context.usage->days(span.from, span.until));
  return Asked{span, std::move(days)};
}

http::Response figures(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const& context = office.context();
  auto const read = asked(context, visitor, request);
  if (!read) return office.refused(visitor, read.error());
  auto const& [span, days] = *read;
  auto const steps = steps_of(days, span.from, span.days);
  auto const& model = context.instance.model;
  View view;
  view.list("spans", span_links(span.days)).flag("by_week", span.days > kByWeekFrom);
  view.text("csv_href", cat("/espace/frequentation.csv?jours=", span.days));
  view.flag("has_counts", !days.empty());
  std::vector<View> charts;
  for (auto const& column : {kColumns[0], kColumns[1], kColumns[2]}) {
    charts.push_back(
        std::move(View().text("label", column.label).html("chart_html", chart(steps, column))));
  }
  view.list("charts", std::move(charts))
      .text("first_day", page::weekday_text(span.from, page::Language::fr))
      .text("last_day", page::weekday_text(span.until, page::Language::fr));
  add_steps(view, steps);
  std::vector<View> rankings;
  auto const rank = [&](std::string_view caption, std::string_view heading, std::string_view group,
                        auto const& label) {
    auto rows = ranking(days, group, label);
    if (!rows.empty()) rankings.push_back(ranking_view(caption, heading, std::move(rows)));
  };
  rank("Pages vues, par sorte", "Sorte de page", usage::kPage,
       [&](auto const& kind) { return kind_label(model, kind); });
  rank("Recherches sans résultat, par lieu demandé", "Lieu", usage::kEmptyPlace,
       [&](auto const& key) { return place_label(context, key); });
  rank("Recherches sans résultat, par thème choisi", "Thème", usage::kEmptyTheme,
       [&](auto const& code) { return theme_label(model, code); });
  rank("Flux et agendas relevés, par format", "Format", usage::kFeed,
       [](auto const& format) { return format; });
  view.list("rankings", std::move(rankings));
  std::uint64_t fetched = 0;
  for (auto const& day : days) fetched += day.of(usage::kFeed);
  auto const hourly = service::kFeedFetchesPerDay * static_cast<std::uint64_t>(span.days);
  view.text("subscribers", fetched == 0 ? "" : number((fetched + hourly - 1) / hourly));
  page::PageInfo info;
  info.title = "Fréquentation";
  info.section = "usage";
  return office.page(visitor, info, "office/usage", view);
}

http::Response table(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const read = asked(office.context(), visitor, request);
  if (!read) return office.refused(visitor, read.error());
  std::string out = "\xef\xbb\xbfjour;compteur;détail;nombre\r\n";
  for (auto const& day : read->days) {
    for (auto const& [name, count] : day.counts) {
      out += cat(day.date.iso(), ';', service::group_of(name), ';', service::detail_of(name), ';',
                 count, "\r\n");
    }
  }
  return http::Response::bytes(std::move(out), "text/csv; charset=utf-8")
      .with("Content-Disposition", http::content_disposition("frequentation.csv"));
}

}  // namespace

bool may_see_usage(Context const& context, Visitor const& visitor) {
  return context.usage != nullptr && visitor.actor.may(schema::Permission::see_queue);
}

void add_usage_routes(http::Router& router, Office const& office) {
  if (office.context().usage == nullptr) return;
  router.get("/espace/frequentation", for_visitor(office, figures));
  router.get("/espace/frequentation.csv", for_visitor(office, table));
}

}  // namespace solidaires::office
