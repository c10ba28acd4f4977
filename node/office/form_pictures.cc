#include "node/office/form_pictures.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include "node/service/picture_file.h"
#include "schema/file_reference.h"
#include "sync/base/log.h"

namespace solidaires::office {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 256UL * 1024;
constexpr Millis kSentKept{24LL * 60 * 60 * 1000};
constexpr std::array<std::string_view, 5> kFacts{"source", "size", "media_type", "width", "height"};

void set(schema::FormFields& typed, std::string const& name, std::string value) {
  typed.erase(name);
  typed.emplace(name, std::move(value));
}

// "size width height media_type", kept while the form may come back.
Bytes encode(schema::Picture const& picture) {
  return cat(picture.size, ' ', picture.width, ' ', picture.height, ' ', picture.media_type);
}

std::optional<schema::Picture> decode(std::string_view text) {
  schema::Picture picture;
  auto const number = [&text](auto& out) {
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    if (error != std::errc{} || end == text.data() + text.size() || *end != ' ') return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    return true;
  };
  if (!number(picture.size) || !number(picture.width) || !number(picture.height)) return {};
  picture.media_type = text;
  return picture;
}

// Removes what was made of an upload, however it ends.
class Made {
 public:
  explicit Made(fs::path path) : path_(std::move(path)) {}
  ~Made() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  Made(Made const&) = delete;
  Made& operator=(Made const&) = delete;
  [[nodiscard]] fs::path const& path() const noexcept { return path_; }

 private:
  fs::path path_;
};

Result<store::BlobName> add(store::Store& store, fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  SOL_ASSIGN(auto writer, store.files().add(kPictureBytes));
  for (std::string part;;) {
    part.resize(kReadBytes);
    file.read(part.data(), static_cast<std::streamsize>(part.size()));
    part.resize(static_cast<std::size_t>(file.gcount()));
    if (part.empty()) return writer.finish();
    SOL_TRY(writer.append(part));
  }
}

schema::Words no_picture() {
  return {
      "Ce fichier n’est pas une image JPEG, PNG ou WebP, ou il est abîmé : choisissez-en un autre.",
      "This file is no JPEG, PNG or WebP picture, or it is damaged: choose another one."};
}

schema::Words too_large() {
  return {
      "Cette image dépasse 15 Mo ou 80 millions de pixels : réduisez-la, puis choisissez-la de "
      "nouveau.",
      "This picture exceeds 15 MB or 80 million pixels: make it smaller and choose it again."};
}

schema::Words words_for(Error const& why) {
  if (why.code() == Code::invalid) return no_picture();
  log_error("picture.not_kept", {{"reason", why.to_string()}});
  if (why.code() == Code::exhausted) {
    return {
        "Le serveur manque de place et n’a pas pu garder l’image : prévenez l’équipe du portail.",
        "The server lacks room and could not keep the picture: tell the portal’s team."};
  }
  return {"L’image n’a pas pu être préparée : essayez de nouveau dans un moment.",
          "The picture could not be prepared: try again in a moment."};
}

std::expected<schema::Picture, schema::Words> take(store::Store& store, PictureForm const& form,
                                                   http::UploadedFile const& upload) {
  if (upload.size_bytes > kPictureBytes) return std::unexpected(too_large());
  Made const made(cat(upload.path.string(), ".made"));
  auto const facts = service::prepare_picture(upload.path, made.path());
  if (!facts && facts.error().code() == Code::exhausted) return std::unexpected(too_large());
  if (!facts) return std::unexpected(words_for(facts.error()));
  auto const name = add(store, made.path());
  if (!name) return std::unexpected(words_for(name.error()));
  schema::Picture picture{.source = cat(schema::kBlobSource, hex(name->sha256)),
                          .alt = {},
                          .credit = {},
                          .size = name->size,
                          .media_type = std::string(facts->media_type),
                          .width = facts->width,
                          .height = facts->height};
  store::LocalEdit sent{.key = store::sent_file_key(name->sha256, form.account),
                        .value = encode(picture)};
  sent.expires_at = form.now + kSentKept;
  auto const kept = store.commit({.now = form.now,
                                  .local = {std::move(sent)},
                                  .claims = {{name->sha256, sync::blob_origin(form.scope)}}});
  if (!kept) return std::unexpected(words_for(kept.error()));
  // From here on nothing removes it; what an erasure beside us took before is to be sent again.
  if (store.files().keep(name->sha256)) return picture;
  return std::unexpected(words_for({Code::conflict, "the file was collected"}));
}

void describe(schema::FormFields& typed, std::string const& key, schema::Picture const& picture) {
  set(typed, cat(key, ".source"), picture.source);
  set(typed, cat(key, ".size"), std::to_string(picture.size));
  set(typed, cat(key, ".media_type"), picture.media_type);
  set(typed, cat(key, ".width"), std::to_string(picture.width));
  set(typed, cat(key, ".height"), std::to_string(picture.height));
}

void forget(schema::FormFields& typed, std::string const& key) {
  for (auto const part : kFacts) typed.erase(cat(key, '.', part));
}

std::string typed_text(schema::FormFields const& typed, std::string const& name) {
  auto const found = typed.find(name);
  return found == typed.end() ? std::string() : found->second;
}

// The form was rendered with exactly this picture, which somebody may have replaced since: then the
// save does not touch it.
bool is_as_rendered(PictureForm const& form, schema::Field const& field,
                    schema::FormFields const& typed) {
  if (form.basis == nullptr) return false;
  auto const part = [&](std::string_view name) {
    return typed_text(typed, cat(field.key, '.', name));
  };
  schema::Picture picture{.source = part("source"), .alt = part("alt"), .credit = part("credit")};
  std::string const facts =
      cat(part("size"), ' ', part("width"), ' ', part("height"), ' ', part("media_type"));
  if (auto const known = decode(facts)) {
    picture.size = known->size;
    picture.media_type = known->media_type;
    picture.width = known->width;
    picture.height = known->height;
  }
  return form.basis->holds(field.key, schema::encode(picture));
}

// The account sent the file, and it is here: the scope of this form has it too from now on.
bool claim_sent(store::Store& store, PictureForm const& form, std::string_view sha256) {
  if (!store.files().keep(sha256)) return false;
  auto const claimed =
      store.commit({.now = form.now, .claims = {{Bytes(sha256), sync::blob_origin(form.scope)}}});
  return claimed.has_value();
}

// What the form names without having it just sent.
void check_named(store::Store& store, PictureForm const& form, schema::Field const& field,
                 schema::FormFields& typed, std::vector<schema::Problem>& problems) {
  auto const source = typed_text(typed, cat(field.key, ".source"));
  if (!source.starts_with(schema::kBlobSource)) return;
  auto const* const before =
      form.before == nullptr ? nullptr : schema::get<schema::Picture>(*form.before, field.key);
  if (before != nullptr && before->source == source) return describe(typed, field.key, *before);
  if (is_as_rendered(form, field, typed)) return;
  auto const named = schema::file_reference(schema::Picture{source, {}, {}});
  auto const sent =
      named ? sent_picture(store, form.account, named->sha256, form.now) : std::nullopt;
  if (sent && claim_sent(store, form, named->sha256)) return describe(typed, field.key, *sent);
  forget(typed, field.key);
  problems.push_back({field.key,
                      cat(field.key, ".file"),
                      {"Cette image n’est plus disponible, ou a été remplacée entre-temps : "
                       "choisissez-la de nouveau.",
                       "This picture is not available any more, or was replaced meanwhile: choose "
                       "it again."},
                      false});
}

}  // namespace

std::optional<schema::Picture> sent_picture(store::Store const& store, std::string_view account,
                                            std::string_view sha256, Instant now) {
  auto const kept = store.local(store::sent_file_key(sha256, account), now);
  if (!kept || !*kept) return std::nullopt;
  auto picture = decode(**kept);
  if (picture) picture->source = cat(schema::kBlobSource, hex(sha256));
  return picture;
}

void take_pictures(store::Store& store, PictureForm const& form, http::Request const& request,
                   schema::FormFields& typed, std::vector<schema::Problem>& problems) {
  for (auto const& field : form.type.fields) {
    if (field.kind != schema::FieldKind::picture) continue;
    auto const input = cat(field.key, ".file");
    auto const remove = typed.find(cat(field.key, ".remove"));
    if (remove != typed.end() && remove->second == "true") forget(typed, field.key);
    auto const is_sent = [&](http::UploadedFile const& upload) {
      return upload.field == input && upload.size_bytes > 0;
    };
    // What is being replaced is not looked at.
    if (!std::ranges::any_of(request.files, is_sent)) {
      check_named(store, form, field, typed, problems);
    }
    for (auto const& upload : request.files) {
      if (!is_sent(upload)) continue;
      auto const taken = take(store, form, upload);
      if (taken) {
        describe(typed, field.key, *taken);
      } else {
        problems.push_back({field.key, input, taken.error(), false});
      }
    }
  }
}

}  // namespace solidaires::office
