// Files of the back office, at addresses of its own: those of a record, for who may see it, and
// pictures that were just sent, for who sent them.
#include "node/office/form_pictures.h"
#include "node/office/pages.h"
#include "node/service/document_file.h"
#include "schema/audience.h"
#include "sync/base/hash.h"

namespace solidaires::office {
namespace {

constexpr Millis kPatience{1'000};

Error no_file() {
  return {Code::not_found, "Ce fichier n’existe pas, ou la fiche ne le montre plus."};
}

http::Response answer(std::filesystem::path path, std::string_view media_type,
                      std::string_view sha256, std::string_view name) {
  auto const as = service::served_as(media_type);
  return http::Response::from_file(std::move(path), as.media_type,
                                   as.is_picture ? std::string_view() : name)
      .with("ETag", cat('"', hex(sha256), '"'))
      .with("Cache-Control", "private, no-cache")
      .with("Content-Security-Policy", "default-src 'none'; sandbox");
}

http::Response not_arrived(Office const& office, Visitor const& visitor) {
  page::View view;
  page::PageInfo info;
  info.title = "Le fichier n’est pas encore arrivé";
  view.text("title", info.title)
      .text("sentence",
            "Il est en route depuis le portail de la fiche. Rechargez cette page dans un instant ; "
            "si la liaison est coupée, il arrivera dès qu’elle sera rétablie.");
  return office.page(visitor, info, "office/refused", view, 503).with("Retry-After", "5");
}

std::optional<Bytes> hash_in(http::Request const& request) {
  auto sha256 = from_hex(request.capture("sha256"));
  if (!sha256 || sha256->size() != kSha256Bytes) return std::nullopt;
  return *std::move(sha256);
}

http::Response file_of_record(Office const& office, Visitor& visitor,
                              http::Request const& request) {
  auto const copy = record_of(office, visitor, request);
  if (!copy) return office.refused(visitor, copy.error());
  auto const sha256 = hash_in(request);
  if (!sha256) return office.refused(visitor, no_file());
  auto const& store = office.context().instance.store;
  auto const stored = store.get(copy->key);
  if (!stored) return office.refused(visitor, stored.error());
  auto const widest = office.context().editorial.widest(visitor.actor, *copy);
  auto const open = schema::part_for(*copy->type, copy->record, widest);
  auto const file =
      !*stored ? std::nullopt
               : service::file_shown((*stored)->document, *sha256, [&open](std::string_view field) {
                   return schema::has(open, field);
                 });
  if (!file) return office.refused(visitor, no_file());
  if (!store.has_file(copy->key.scope, *sha256)) {
    auto const& bring = office.context().bring_file;
    if (!bring || !bring(copy->key, *file, kPatience)) return not_arrived(office, visitor);
  }
  auto path = store.files().path(*sha256);
  if (!path) return not_arrived(office, visitor);
  return answer(*std::move(path), file->media_type, *sha256, request.capture("name"));
}

http::Response sent_file(Office const& office, Visitor& visitor, http::Request const& request) {
  auto const& instance = office.context().instance;
  auto const sha256 = hash_in(request);
  auto const sent = sha256 ? sent_picture(instance.store, visitor.actor.author.account, *sha256,
                                          instance.clock.now())
                           : std::nullopt;
  auto path = sent ? instance.store.files().path(*sha256) : std::nullopt;
  if (!path) return office.refused(visitor, no_file());
  return answer(*std::move(path), sent->media_type, *sha256, "image");
}

}  // namespace

void add_file_routes(http::Router& router, Office const& office) {
  router.get("/espace/fiches/{node}/{id}/fichiers/{sha256}/{name}",
             for_visitor(office, file_of_record));
  router.get("/espace/images/{sha256}", for_visitor(office, sent_file));
}

}  // namespace solidaires::office
