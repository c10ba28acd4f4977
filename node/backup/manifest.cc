#include "node/backup/manifest.h"

#include <charconv>

#include "sync/base/hash.h"

namespace solidaires::backup {
namespace {

// Stored on disk: never renumber.
constexpr std::string_view kMagic = "solidaires-backup ";
constexpr std::string_view kVersion = "1";

std::unexpected<Error> damaged(std::string_view what) {
  return fail(Code::corrupt,
              cat("the MANIFEST of the backup is damaged (", what, "): use another backup"));
}

std::string_view cut(std::string_view& rest, char at) {
  auto const part = rest.substr(0, rest.find(at));
  rest.remove_prefix(std::min(part.size() + 1, rest.size()));
  return part;
}

Result<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return damaged("a number");
  return value;
}

// "store/db/000012.sst": relative, without empty parts, dots or control characters.
bool is_inside(std::string_view path) {
  if (path.empty() || path.back() == '/') return false;
  if (std::ranges::any_of(path, [](char c) { return static_cast<unsigned char>(c) < 0x20; })) {
    return false;
  }
  while (!path.empty()) {
    auto const part = cut(path, '/');
    if (part.empty() || part == "." || part == "..") return false;
  }
  return true;
}

Result<> take_file(Manifest& manifest, std::string_view line) {
  FileFacts facts;
  SOL_ASSIGN(facts.size, number(cut(line, ' ')));
  auto hash = from_hex(cut(line, ' '));
  if (!hash || hash->size() != 32) return damaged("a hash");
  facts.sha256 = *std::move(hash);
  if (!is_inside(line)) return damaged("a path");
  if (!manifest.files.emplace(line, std::move(facts)).second) return damaged("a file twice");
  return {};
}

Result<> take_line(Manifest& manifest, std::string_view line) {
  auto const key = cut(line, ' ');
  if (key == "instance") {
    SOL_ASSIGN(manifest.instance, NodeName::parse(line));
  } else if (key == "program") {
    manifest.program = line;
  } else if (key == "created") {
    SOL_ASSIGN(auto const ms, number(line));
    manifest.created = from_unix_ms(static_cast<std::int64_t>(ms));
  } else if (key == "secrets") {
    manifest.has_secrets = line == "sealed";
  } else if (key == "file") {
    return take_file(manifest, line);
  } else {
    return damaged("a line of an unknown kind");
  }
  return {};
}

}  // namespace

std::uint64_t Manifest::bytes() const {
  std::uint64_t sum = 0;
  for (auto const& [path, facts] : files) sum += facts.size;
  return sum;
}

std::string Manifest::to_text() const {
  auto text =
      cat(kMagic, kVersion, "\ninstance ", instance.str(), "\nprogram ", program, "\ncreated ",
          to_unix_ms(created), "\nsecrets ", has_secrets ? "sealed" : "none", '\n');
  for (auto const& [path, facts] : files) {
    text += cat("file ", facts.size, ' ', hex(facts.sha256), ' ', path, '\n');
  }
  return text + cat("end ", hex(sha256(text)), '\n');
}

Result<Manifest> Manifest::parse(std::string_view text) {
  if (!text.starts_with(kMagic)) return damaged("its first line");
  auto const end = text.rfind("end ");
  if (end == std::string_view::npos || end == 0 || text[end - 1] != '\n') {
    return damaged("it has no end");
  }
  auto rest = text.substr(0, end);
  auto const version = rest.substr(kMagic.size(), rest.find('\n') - kMagic.size());
  if (version != kVersion) {
    return fail(Code::unsupported, cat("the backup has form ", version,
                                       ", which this program does not know: use a later one"));
  }
  if (text.substr(end) != cat("end ", hex(sha256(rest)), '\n')) return damaged("its hash");
  cut(rest, '\n');
  Manifest manifest;
  while (!rest.empty()) SOL_TRY(take_line(manifest, cut(rest, '\n')));
  if (manifest.instance.empty()) return damaged("it names no instance");
  return manifest;
}

}  // namespace solidaires::backup
