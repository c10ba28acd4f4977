#include "node/service/picture_file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "node/service/picture_bare.h"
#include "sync/base/bytes.h"

namespace solidaires::service {
namespace {

namespace fs = std::filesystem;

constexpr rlim_t kMemoryBytes = 2UL << 30U;
constexpr rlim_t kFileBytes = 64UL << 20U;

// Nothing of ours: no place of libraries, no secret. Loaders that are not meant for what strangers
// send stay closed, and one thread is enough.
constexpr std::array<char const*, 5> kEnvironment{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C",
                                                  "VIPS_BLOCK_UNTRUSTED=1", "VIPS_CONCURRENCY=1",
                                                  nullptr};

Result<PictureFacts> facts_of(fs::path const& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(kPictureHeadBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  auto const facts = picture_facts(head);
  if (!facts) return fail(Code::invalid, "no picture of a known format");
  return *facts;
}

// Told to strip, libvips 8.14 still keeps what a WebP says of its place and its camera.
Result<> write_bare(fs::path const& from, fs::path const& to) {
  std::ostringstream bytes;
  bytes << std::ifstream(from, std::ios::binary).rdbuf();
  auto const bare = bare_picture(bytes.view());
  if (!bare) return fail(Code::invalid, "the picture is damaged");
  std::ofstream out(to, std::ios::binary | std::ios::trunc);
  out.write(bare->data(), static_cast<std::streamsize>(bare->size()));
  out.close();
  if (out) return {};
  std::error_code ignored;
  fs::remove(to, ignored);
  return fail(Code::io, "a picture could not be written");
}

std::string_view output_of(std::string_view media_type) {
  if (media_type == "image/png") return ".png[compression=9,strip]";
  if (media_type == "image/webp") return ".webp[Q=80,strip]";
  return ".jpg[Q=80,optimize_coding,interlace,strip]";
}

// Starts a program with no input, no output and no signal blocked.
Result<pid_t> start(std::vector<std::string> words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  for (int const descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&files, descriptor, "/dev/null", O_RDWR, 0);
  }
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t process = 0;
  int const error = ::posix_spawnp(&process, arguments.front(), &files, &attributes,
                                   arguments.data(), const_cast<char**>(kEnvironment.data()));
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (error == 0) return process;
  return fail(Code::unavailable, cat("vipsthumbnail cannot be started (package libvips-tools): ",
                                     std::generic_category().message(error)));
}

// Where the system lets us (a service unit may not): decoders are not to eat the machine.
void bound(pid_t process, Millis within) {
  auto const seconds = static_cast<rlim_t>(within.count() / 1000 + 1);
  rlimit const time{seconds, seconds};
  rlimit const memory{kMemoryBytes, kMemoryBytes};
  rlimit const file{kFileBytes, kFileBytes};
  ::prlimit(process, RLIMIT_CPU, &time, nullptr);
  ::prlimit(process, RLIMIT_AS, &memory, nullptr);
  ::prlimit(process, RLIMIT_FSIZE, &file, nullptr);
}

Result<> wait_for(pid_t process, Millis within) {
  auto const descriptor = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  pollfd ended{descriptor, POLLIN, 0};
  int ready = -1;
  if (descriptor >= 0) {
    do {
      ready = ::poll(&ended, 1, static_cast<int>(within.count()));
    } while (ready < 0 && errno == EINTR);
    ::close(descriptor);
  }
  if (ready <= 0) ::kill(process, SIGKILL);
  int status = 0;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  if (ready <= 0) return fail(Code::unavailable, "the picture took too long");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return fail(Code::unavailable, "vipsthumbnail is not installed (package libvips-tools)");
  }
  return fail(Code::invalid, "the picture is damaged");
}

}  // namespace

Result<PictureFacts> prepare_picture(fs::path const& from, fs::path const& to,
                                     PictureLimits limits) {
  SOL_ASSIGN(auto const sent, facts_of(from));
  if (sent.media_type == "image/gif") return fail(Code::invalid, "a moving picture");
  if (std::uint64_t{sent.width} * sent.height > kPicturePixelsMax) {
    return fail(Code::exhausted,
                cat("the picture has ", sent.width, " x ", sent.height, " pixels"));
  }
  auto const side = std::to_string(limits.side_max);
  auto const output = output_of(sent.media_type);
  fs::path const made = cat(to.string(), output.substr(0, output.find('[')));
  std::error_code ignored;
  fs::remove(made, ignored);
  SOL_ASSIGN(pid_t const process,
             start({"vipsthumbnail", "--vips-novector", "--eprofile", "srgb", "--size",
                    cat(side, 'x', side, '>'), "-o", cat(to.string(), output), from.string()}));
  bound(process, limits.within);
  auto done = wait_for(process, limits.within);
  if (done) done = write_bare(made, to);
  fs::remove(made, ignored);
  if (!done) return std::unexpected(std::move(done).error());
  return facts_of(to);
}

}  // namespace solidaires::service
