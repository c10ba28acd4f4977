#include "schema/quality.h"

#include "schema/characters.h"
#include "schema/dates.h"
#include "schema/form.h"

namespace solidaires::schema {
namespace {

constexpr double kFreshnessWeight = 2;

double freshness_of(std::optional<Date> confirmed_on, Date today) {
  if (!confirmed_on) return 0;
  Date const full = plus_months(*confirmed_on, 6);
  Date const none = plus_months(*confirmed_on, 24);
  if (today <= full) return 1;
  if (today >= none) return 0;
  return static_cast<double>(days_between(today, none)) /
         static_cast<double>(days_between(full, none));
}

// A text shorter than the ideal counts in proportion; a longer one loses up to half.
double length_score(QualityRule const& rule, std::size_t length) {
  auto const n = static_cast<double>(length);
  if (length < rule.ideal_min) return n / static_cast<double>(rule.ideal_min);
  if (rule.ideal_max == 0 || length <= rule.ideal_max) return 1;
  return std::max(0.5, static_cast<double>(rule.ideal_max) / n);
}

}  // namespace

QualityScore quality(Type const& type, Record const& record, std::optional<Date> confirmed_on,
                     Date today) {
  QualityScore out;
  double sum = 0;
  double weights = 0;
  for (auto const& field : type.fields) {
    if (!field.quality || !holds(field.applies_if, record)) continue;
    double score = has(record, field.key) ? 1 : 0;
    if (score == 0) {
      out.missing.push_back(&field);
    } else if (field.quality->ideal_min != 0 || field.quality->ideal_max != 0) {
      score = length_score(*field.quality, count_characters(text_of(record, field.key)));
      if (score < 1) out.improvable.push_back(&field);
    }
    sum += score * field.quality->weight;
    weights += field.quality->weight;
  }
  if (type.has(Trait::freshness)) {
    out.freshness = freshness_of(confirmed_on, today);
    sum += *out.freshness * kFreshnessWeight;
    weights += kFreshnessWeight;
  }
  if (weights > 0) out.score = sum / weights;
  std::ranges::sort(out.missing, [](Field const* a, Field const* b) {
    return std::pair(-a->quality->weight, a) < std::pair(-b->quality->weight, b);
  });
  return out;
}

}  // namespace solidaires::schema
