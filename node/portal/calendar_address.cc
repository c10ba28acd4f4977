#include "node/portal/calendar_address.h"

#include <zlib.h>

#include <array>

#include "node/http/target.h"
#include "node/portal/pages.h"

namespace solidaires::portal {
namespace {

constexpr char kVersion = '1';  // of the dictionary: another one needs another number
constexpr std::size_t kTextMax = 2'000;
constexpr int kWindowBits = -15;  // deflate without head and sum

// What selections are made of, the most frequent last: zlib copies from here. Addresses that people
// subscribed to are read with it: never change it.
constexpr std::string_view kDictionary =
    "termines=1&au=20&du=202&dep=tous&public=tous-publics&participation=sur-place&prix=gratuit&"
    "epci=2000&zone=6.5,45.&dep=38&dep=74&dep=73&q=&theme=energies-citoyennes&theme=formation&"
    "theme=culture-education&theme=entraide&theme=alimentation-durable&rayon=50&rayon=10&rayon=15&"
    "rayon=30&event?theme=&event?q=&event?lieu=38&event?lieu=74&event?lieu=73";

Bytef const* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef const*>(text.data());
}

std::string packed(std::string_view text) {
  z_stream stream{};
  std::string out;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kWindowBits, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    return out;
  deflateSetDictionary(&stream, bytes_of(kDictionary), kDictionary.size());
  out.resize(deflateBound(&stream, text.size()));
  stream.next_in = const_cast<Bytef*>(bytes_of(text));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  auto const done = deflate(&stream, Z_FINISH);
  out.resize(done == Z_STREAM_END ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

std::optional<std::string> unpacked(std::string_view bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, kWindowBits) != Z_OK) return std::nullopt;
  inflateSetDictionary(&stream, bytes_of(kDictionary), kDictionary.size());
  std::string out(kTextMax, '\0');
  stream.next_in = const_cast<Bytef*>(bytes_of(bytes));  // zlib only reads it
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  bool const whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
  out.resize(stream.total_out);
  inflateEnd(&stream);
  if (!whole) return std::nullopt;
  return out;
}

}  // namespace

std::string calendar_token(CalendarSelection const& selection) {
  auto const text = cat(selection.type, '?', selection.query);
  if (text.size() > kTextMax) return {};
  return kVersion + base64url(packed(text));
}

std::optional<CalendarSelection> parse_calendar_token(std::string_view token) {
  if (!token.starts_with(kVersion) || token.size() > 2 * kTextMax) return std::nullopt;
  auto const bytes = from_base64url(token.substr(1));
  auto const text = bytes ? unpacked(*bytes) : std::nullopt;
  auto const mark = text ? text->find('?') : std::string::npos;
  if (mark == std::string::npos) return std::nullopt;
  return CalendarSelection{text->substr(0, mark), text->substr(mark + 1)};
}

std::string calendar_path(Context const& context, schema::Type const& type,
                          Filters const& filters) {
  auto kept = fit_to_keep(context, filters);
  kept.sort.reset();
  kept.view.clear();
  auto const query = kept.query();
  auto const token = query.empty() ? std::string() : calendar_token({type.key, query.substr(1)});
  return token.empty() ? cat('/', type.prefix, ".ics", query) : cat("/a/", token, ".ics");
}

http::Response calendar_by_token(Context const& context, http::Request const& request) {
  auto const selection = parse_calendar_token(request.capture("token"));
  auto const* const type = selection ? context.instance.model.type(selection->type) : nullptr;
  if (type == nullptr) return error_page(context, 404, &request);
  auto asked = request;
  asked.query = http::parse_query(selection->query);
  return list_export(context, type, asked, "ics");
}

}  // namespace solidaires::portal
