// Files of published documents. An address names the document, the file by its hash, and a name for
// people: /fichiers/<document>/<sha256>/<name>. The bytes of an address never change, so browsers
// may keep them for a day; longer would outlive a withdrawal.
#include "node/page/view.h"
#include "node/portal/pages.h"
#include "node/service/document_file.h"
#include "sync/base/hash.h"
#include "sync/base/log.h"

namespace solidaires::portal {
namespace {

using page::View;

constexpr Millis kPatience{1'000};

http::Response special_page(Context const& context, int status, page::Text title,
                            std::string_view name) {
  page::PageInfo info;
  info.title = context.say(title);
  View view;
  view.text("title", info.title);
  info.noindex = true;
  info.main_class = "wrap page narrow";
  return http::Response::html(context.site()->page(info, name, view), status)
      .with("Cache-Control", "no-store");
}

http::Response not_arrived(Context const& context) {
  return special_page(context, 503, "Le fichier n’est pas encore arrivé"_fr, "portal/file_awaited")
      .with("Retry-After", "5");
}

}  // namespace

http::Response file_page(Context const& context, http::Request const& request) {
  auto const id = DocumentId::parse(request.capture("document"));
  auto const sha256 = from_hex(request.capture("sha256"));
  if (!id || !sha256 || sha256->size() != kSha256Bytes) return error_page(context, 404, &request);
  auto const found = service::published_file(context.instance, *id, *sha256);
  if (!found) {
    log_error("file.page", {{"error", found.error().to_string()}});
    return error_page(context, 500, &request);
  }
  if (!*found) return error_page(context, 404, &request);
  auto const& shown = **found;
  if (shown.gone) {
    return special_page(context, 410, "Ce fichier a été retiré"_fr, "portal/file_gone");
  }
  auto const& files = context.instance.store.files();
  if (!context.instance.store.has_file(shown.document.scope, *sha256)) {
    if (!context.bring_file) return not_arrived(context);
    if (!context.bring_file(shown.document, shown.file, kPatience)) return not_arrived(context);
  }
  auto const path = files.path(*sha256);
  if (!path) return not_arrived(context);
  auto const as = service::served_as(shown.file.media_type);
  return http::Response::from_file(*path, as.media_type,
                                   as.is_picture ? std::string_view() : request.capture("name"))
      .with("ETag", cat('"', hex(*sha256), '"'))
      .with("Cache-Control", "public, max-age=86400, immutable")
      .with("Content-Security-Policy", "default-src 'none'; sandbox");
}

}  // namespace solidaires::portal
