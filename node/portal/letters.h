// Mails rendered from templates in pairs: NAME_html and NAME_text. Internal to the room.
#pragma once

#include <string_view>

#include "node/mail/letter.h"
#include "node/page/view.h"
#include "node/portal/context.h"

namespace solidaires::portal {

// What every mail says of the portal: site_title, base_url, contact_email, phone.
[[nodiscard]] page::View letter_view(Context const& context);
// Text and HTML; address and subject are left to the caller. Names of templates are written in
// code.
[[nodiscard]] mail::Letter make_letter(Context const& context, std::string_view name,
                                       page::View const& view);

}  // namespace solidaires::portal
