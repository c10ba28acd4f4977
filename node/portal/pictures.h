// The picture of a record, as pages show it: with its description and its dimensions, so that
// nothing moves when it comes. For this room's own pages.
#pragma once

#include "node/page/site.h"
#include "node/page/view.h"
#include "node/portal/context.h"

namespace solidaires::portal {

// For a card: sets has_picture, picture_src, picture_alt, picture_credit, picture_width and
// picture_height; all of them empty if the record shows no file of the network. (An address
// elsewhere is not shown: it would tell that place who reads here.) A file that is not here yet is
// sent for.
void add_picture(page::View& view, Context const& context, service::PublicRecord const& record);
// For those who show a link to the page.
void add_picture(page::PageInfo& info, service::PublicRecord const& record);
// One view with these names for each picture of the record, the one that cards show first, as
// is_main.
// `address`: where its files are, if not at their public addresses.
using FileAddress = std::function<std::string(schema::FileReference const&)>;
[[nodiscard]] std::vector<page::View> picture_views(Context const& context,
                                                    service::PublicRecord const& record,
                                                    FileAddress const& address = {});

}  // namespace solidaires::portal
