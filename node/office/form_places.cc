#include "node/office/form_places.h"

#include "node/service/areas.h"
#include "node/text/fold.h"
#include "sync/base/bytes.h"

namespace solidaires::office {
namespace {

std::vector<std::string> lines_of(schema::FormFields const& typed, std::string_view key) {
  std::vector<std::string> lines;
  auto const [first, last] = typed.equal_range(key);
  for (auto at = first; at != last; ++at) {
    auto text = text::normalise_lines(at->second);
    std::ranges::replace(text, ';', '\n');
    for (std::size_t begin = 0; begin <= text.size();) {
      auto const end = std::min(text.find('\n', begin), text.size());
      auto line = text::single_line(std::string_view(text).substr(begin, end - begin));
      if (!line.empty()) lines.push_back(std::move(line));
      begin = end + 1;
    }
  }
  return lines;
}

schema::Problem unknown(schema::Field const& field, std::string const& line,
                        std::vector<std::string> const& proposed) {
  std::string names;
  for (auto const& name : proposed) names += cat(names.empty() ? "" : " ; ", name);
  schema::Words words;
  if (names.empty()) {
    words.fr = cat("Le territoire « ", line,
                   " » n’est pas connu. Écrivez une commune, une intercommunalité, un département "
                   "ou une région, un par ligne. Votre texte est conservé.");
    words.en = cat("The area “", line,
                   "” is not known. Write one commune, group of communes, "
                   "department or region per line. Your text is kept.");
  } else {
    words.fr = cat("« ", line, " » peut désigner plusieurs lieux. Recopiez le bon : ", names, '.');
    words.en = cat("“", line, "” may mean several places. Copy the right one: ", names, '.');
  }
  return {field.key, field.key, std::move(words), false};
}

}  // namespace

schema::FormFields with_area_codes(schema::Type const& type, schema::FormFields const& typed,
                                   geography::Gazetteer const& gazetteer,
                                   std::vector<std::string> const& territory,
                                   std::vector<schema::Problem>& problems) {
  auto out = typed;
  for (auto const& field : type.fields) {
    if (field.kind != schema::FieldKind::area) continue;
    auto const lines = lines_of(typed, field.key);
    out.erase(field.key);
    if (typed.contains(field.key)) out.emplace(field.key, "");  // shown, and perhaps emptied
    for (auto const& line : lines) {
      if (!service::area_name(gazetteer, line).empty()) {
        out.emplace(field.key, line);
        continue;
      }
      auto meant = service::area_meant(gazetteer, line, territory);
      if (meant.code.empty()) {
        problems.push_back(unknown(field, line, meant.proposed));
      } else {
        out.emplace(field.key, std::move(meant.code));
      }
    }
  }
  return out;
}

}  // namespace solidaires::office
