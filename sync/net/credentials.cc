#include "sync/net/credentials.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sync/net/x509.h"

namespace solidaires::net {
namespace {

constexpr std::size_t kSecretFileBytesMax = 64UL * 1024;

std::unexpected<Error> failed(std::string_view doing, std::filesystem::path const& path) {
  int const error = errno;
  Code const code = error == ENOENT   ? Code::not_found
                    : error == ENOSPC ? Code::exhausted
                                      : Code::io;
  return fail(code, cat(doing, " ", path.string(), ": ", std::strerror(error)));
}

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  File(File const&) = delete;
  File& operator=(File const&) = delete;
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] bool open() const noexcept { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t const written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<> write_temporary(std::filesystem::path const& path, std::string_view text) {
  File const file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                         S_IRUSR | S_IWUSR));
  if (!file.open()) return failed("creating", path);
  // A file left by an earlier crash keeps its mode through O_CREAT.
  if (::fchmod(file.get(), S_IRUSR | S_IWUSR) != 0) return failed("protecting", path);
  if (!write_all(file.get(), text)) return failed("writing", path);
  if (::fsync(file.get()) != 0) return failed("syncing", path);
  return {};
}

}  // namespace

Result<> write_secret_file(std::filesystem::path const& path, std::string_view text) {
  auto temporary = path;
  temporary += ".new";
  SOL_TRY(write_temporary(temporary, text));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return failed("replacing", path);
  auto const folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  File const directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.open() || ::fsync(directory.get()) != 0) return failed("syncing", folder);
  return {};
}

Result<std::string> read_secret_file(std::filesystem::path const& path) {
  File const file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return failed("reading", path);
  std::string text(kSecretFileBytesMax + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    ssize_t const got = ::read(file.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("reading", path);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kSecretFileBytesMax) return fail(Code::corrupt, cat(path.string(), " is too long"));
  text.resize(size);
  return text;
}

Result<CertificateFacts> Credentials::facts() const {
  if (!belongs_together(key, certificate)) {
    return fail(Code::corrupt, "the key and the certificate do not belong together");
  }
  return read_certificate(certificate);
}

Result<> write_credentials(std::filesystem::path const& path, Credentials const& credentials) {
  SOL_TRY(credentials.facts());
  return write_secret_file(path, credentials.key + credentials.certificate + credentials.roots);
}

Result<Credentials> read_credentials(std::filesystem::path const& path) {
  SOL_ASSIGN(std::string const text, read_secret_file(path));
  auto const where = [&path](Error error) {
    return std::unexpected(std::move(error).in(path.string()));
  };
  auto certificates = certificates_from_pem(text);
  if (!certificates) return where(std::move(certificates).error());
  auto const key_end = text.find("-----BEGIN CERTIFICATE-----");
  if (certificates->size() < 2 || key_end == std::string::npos) {
    return fail(Code::corrupt, cat(path.string(), " does not hold a certificate and its roots"));
  }
  Credentials credentials;
  credentials.key = text.substr(0, key_end);
  credentials.certificate = to_pem(certificates->front().get());
  for (std::size_t i = 1; i < certificates->size(); ++i) {
    credentials.roots += to_pem((*certificates)[i].get());
  }
  auto facts = credentials.facts();
  if (!facts) return where(std::move(facts).error());
  return credentials;
}

}  // namespace solidaires::net
