// A machine over a buffer: everything up to the next delimiter belongs to the current part. Since a
// delimiter may be cut by the network, the last bytes that could begin one are held back.
#include <fcntl.h>
#include <unistd.h>

#include "node/http/descriptor.h"
#include "node/http/form.h"
#include "node/http/target.h"
#include "sync/base/bytes.h"
#include "sync/base/rng.h"

namespace solidaires::http {
namespace {

constexpr std::size_t kBoundaryMax = 70;  // RFC 2046

// Removes the file when the last owner lets go; a file that was renamed away is no longer there.
std::shared_ptr<void const> make_remover(std::filesystem::path const& path) {
  auto* const owned = new std::filesystem::path(path);
  return {owned, [](std::filesystem::path const* one) {
            std::error_code ignored;
            std::filesystem::remove(*one, ignored);
            delete one;
          }};
}

}  // namespace

struct MultipartReader::State {
  enum class Place : std::uint8_t { preamble, after_delimiter, head, body, end };

  std::string delimiter;  // CRLF, two hyphens, boundary
  std::filesystem::path directory;
  MultipartLimits limits;

  Place place = Place::preamble;
  std::string buffer = "\r\n";  // the first delimiter has no line break before it
  std::size_t parts = 0;
  std::size_t field_bytes = 0;
  std::uint64_t file_bytes = 0;

  std::string field;  // of the current part
  std::string value;
  bool is_file = false;
  Descriptor descriptor;
  Parameters fields;
  std::vector<UploadedFile> files;

  Result<bool> advance();  // false: needs more bytes
  Result<bool> read_delimiter_end();
  Result<bool> read_head();
  Result<bool> read_body();
  Result<> begin_part(std::string_view head);
  Result<> begin_file(std::string_view name, std::string_view content_type);
  Result<> take(std::string_view bytes);
  void end_part();
};

Result<bool> MultipartReader::State::advance() {
  switch (place) {
    case Place::preamble: {
      std::size_t const found = buffer.find(delimiter);
      if (found == std::string::npos) {
        if (buffer.size() > delimiter.size() + limits.part_head_bytes_max) {
          return fail(Code::invalid, "multipart: no part begins");
        }
        return false;
      }
      buffer.erase(0, found + delimiter.size());
      place = Place::after_delimiter;
      return true;
    }
    case Place::after_delimiter: return read_delimiter_end();
    case Place::head: return read_head();
    case Place::body: return read_body();
    case Place::end: buffer.clear(); return false;
  }
  return false;
}

Result<bool> MultipartReader::State::read_delimiter_end() {
  std::size_t const begin = std::min(buffer.find_first_not_of(" \t"), buffer.size());
  if (begin > kBoundaryMax) return fail(Code::invalid, "multipart: malformed delimiter");
  if (buffer.size() - begin < 2) return false;
  if (buffer.compare(begin, 2, "--") == 0) {
    place = Place::end;
    return true;
  }
  if (buffer.compare(begin, 2, "\r\n") != 0) {
    return fail(Code::invalid, "multipart: malformed delimiter");
  }
  buffer.erase(0, begin);  // the line break stays: an empty head ends at once
  place = Place::head;
  return true;
}

Result<bool> MultipartReader::State::read_head() {
  std::size_t const end = buffer.find("\r\n\r\n");
  if (end == std::string::npos || end > limits.part_head_bytes_max) {
    if (buffer.size() > limits.part_head_bytes_max) {
      return fail(Code::exhausted, "multipart: the head of a part is too long");
    }
    return false;
  }
  SOL_TRY(begin_part(std::string_view(buffer).substr(0, end)));
  buffer.erase(0, end + 4);
  place = Place::body;
  return true;
}

Result<bool> MultipartReader::State::read_body() {
  std::size_t const found = buffer.find(delimiter);
  bool const is_whole = found != std::string::npos;
  std::size_t size = found;
  if (!is_whole) {
    size = buffer.size() < delimiter.size() ? 0 : buffer.size() - delimiter.size() + 1;
  }
  SOL_TRY(take(std::string_view(buffer).substr(0, size)));
  buffer.erase(0, is_whole ? size + delimiter.size() : size);
  if (!is_whole) return false;
  end_part();
  place = Place::after_delimiter;
  return true;
}

Result<> MultipartReader::State::begin_part(std::string_view head) {
  if (++parts > limits.parts_max) return fail(Code::exhausted, "multipart: too many parts");
  std::string disposition;
  std::string content_type = "text/plain";
  while (!head.empty()) {
    std::size_t const end = std::min(head.find("\r\n"), head.size());
    std::string_view const line = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    std::size_t const colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    std::string_view const name = line.substr(0, colon);
    std::string_view text = line.substr(colon + 1);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (equals_ignoring_case(name, "Content-Disposition")) disposition = text;
    if (equals_ignoring_case(name, "Content-Type")) content_type = text;
  }
  if (media_type(disposition) != "form-data") {
    return fail(Code::invalid, "multipart: a part is not of a form");
  }
  // Browsers write line breaks and quotes of names as %0D, %0A, %22.
  field = valid_utf8(percent_decode(header_parameter(disposition, "name")));
  value.clear();
  is_file = disposition.find("filename=") != std::string::npos ||
            disposition.find("filename*=") != std::string::npos;
  if (!is_file) return {};
  return begin_file(percent_decode(header_parameter(disposition, "filename")), content_type);
}

Result<> MultipartReader::State::begin_file(std::string_view name, std::string_view content_type) {
  if (name.empty()) {  // a file field that the person left empty
    files.push_back({});
    return {};
  }
  if (directory.empty() || limits.file_bytes_max == 0) {
    return fail(Code::exhausted, "multipart: no file is taken here");
  }
  if (std::ranges::count_if(files, [](auto const& one) { return !one.path.empty(); }) >=
      static_cast<std::ptrdiff_t>(limits.files_max)) {
    return fail(Code::exhausted, "multipart: too many files");
  }
  UploadedFile file;
  file.field = field;
  file.name = sane_file_name(name);
  file.content_type = valid_utf8(content_type);
  file.path = directory / cat("upload-", hex(SystemRng().bytes(16)));
  int const fd = ::open(file.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Code::io, cat("cannot create a file in ", directory.string()));
  descriptor = Descriptor(fd);
  file.remover = make_remover(file.path);
  files.push_back(std::move(file));
  return {};
}

Result<> MultipartReader::State::take(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (!is_file) {
    field_bytes += bytes.size();
    if (field_bytes > limits.field_bytes_max) {
      return fail(Code::exhausted, "multipart: the fields are too large");
    }
    value += bytes;
    return {};
  }
  UploadedFile& file = files.back();
  file_bytes += bytes.size();
  if (file.path.empty() || file_bytes > limits.file_bytes_max) {
    return fail(Code::exhausted, "multipart: the files are too large");
  }
  file.size_bytes += bytes.size();
  while (!bytes.empty()) {
    ssize_t const written = ::write(descriptor.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return fail(Code::io, "multipart: the file cannot be written (disk full?)");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

void MultipartReader::State::end_part() {
  if (!is_file) {
    fields.add(std::move(field), valid_utf8(value));
  } else if (files.back().path.empty()) {
    files.pop_back();
  }
  descriptor = Descriptor();
  value.clear();
}

Result<MultipartReader> MultipartReader::make(std::string_view content_type,
                                              std::filesystem::path directory,
                                              MultipartLimits limits) {
  std::string const boundary = header_parameter(content_type, "boundary");
  if (boundary.empty() || boundary.size() > kBoundaryMax) {
    return fail(Code::invalid, "multipart: no usable boundary");
  }
  auto state = std::make_unique<State>();
  state->delimiter = "\r\n--" + boundary;
  state->directory = std::move(directory);
  state->limits = limits;
  return MultipartReader(std::move(state));
}

MultipartReader::MultipartReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
MultipartReader::MultipartReader(MultipartReader&&) noexcept = default;
MultipartReader& MultipartReader::operator=(MultipartReader&&) noexcept = default;
MultipartReader::~MultipartReader() = default;

Result<> MultipartReader::feed(std::string_view bytes) {
  state_->buffer += bytes;
  for (;;) {
    SOL_ASSIGN(bool const goes_on, state_->advance());
    if (!goes_on) return {};
  }
}

Result<> MultipartReader::finish(Request& request) {
  if (state_->place != State::Place::end) return fail(Code::invalid, "multipart: cut short");
  request.form = std::move(state_->fields);
  request.files = std::move(state_->files);
  return {};
}

}  // namespace solidaires::http
