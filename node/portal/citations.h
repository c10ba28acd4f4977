// References of the library for programs that keep bibliographies: BibTeX and RIS. The fields are
// those of schema/types/resource.txtpb.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/portal/context.h"

namespace solidaires::portal {

[[nodiscard]] bool is_citable(schema::Type const& type);
// `format`: "bib" (BibTeX, UTF-8) or "ris", one entry per record.
[[nodiscard]] std::string citations(Context const& context,
                                    std::vector<service::RecordPtr> const& records,
                                    std::string_view format);
[[nodiscard]] std::string_view citation_media_type(std::string_view format);

}  // namespace solidaires::portal
