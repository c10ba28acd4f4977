#include "node/app/control.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>

namespace solidaires::app {
namespace {

constexpr std::uint32_t kFrameBytesMax = 80U * 1024 * 1024;

// Kinds of frames, both ways.
constexpr char kWord = 'w';     // one word of the command
constexpr char kName = 'n';     // the path of a file, followed by
constexpr char kContent = 'c';  // its contents
constexpr char kGo = 'g';       // that was all: run it
constexpr char kOut = 'o';
constexpr char kErr = 'e';
constexpr char kStatus = 's';  // the exit status, decimal; the last frame

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const written = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool read_all(int fd, char* into, std::size_t size) {
  while (size > 0) {
    auto const got = ::recv(fd, into, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool send_frame(int fd, char kind, std::string_view bytes) {
  Bytes head(1, kind);
  ByteWriter(head).u32(static_cast<std::uint32_t>(bytes.size()));
  return write_all(fd, head) && write_all(fd, bytes);
}

struct Frame {
  char kind = 0;
  std::string bytes;
};

std::optional<Frame> receive_frame(int fd) {
  std::string head(5, '\0');
  if (!read_all(fd, head.data(), head.size())) return std::nullopt;
  auto const size = ByteReader(std::string_view(head).substr(1)).u32();
  if (!size || *size > kFrameBytesMax) return std::nullopt;
  Frame frame{head[0], std::string(*size, '\0')};
  if (!read_all(fd, frame.bytes.data(), *size)) return std::nullopt;
  return frame;
}

Result<sockaddr_un> address_of(std::filesystem::path const& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto const path = socket.string();
  if (path.size() >= sizeof address.sun_path) {
    return fail(Code::invalid, cat("the path of the control socket is too long for the system (",
                                   path.size(), " bytes, at most ", sizeof address.sun_path - 1,
                                   "): choose a shorter data directory"));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

bool has_left(int fd) {
  char byte = 0;
  auto const got = ::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void converse(int fd, ControlServer::Run const& run) {
  CommandInput input;
  std::string name;
  for (auto frame = receive_frame(fd); frame; frame = receive_frame(fd)) {
    if (frame->kind == kWord) input.words.push_back(std::move(frame->bytes));
    if (frame->kind == kName) name = std::move(frame->bytes);
    if (frame->kind == kContent) input.contents[name] = std::move(frame->bytes);
    if (frame->kind != kGo) continue;
    Terminal const terminal{[fd](std::string_view text) { (void)send_frame(fd, kOut, text); },
                            [fd](std::string_view text) { (void)send_frame(fd, kErr, text); },
                            [fd] { return has_left(fd); }};
    int const status = run(input, terminal);
    (void)send_frame(fd, kStatus, std::to_string(status));
    return;
  }
}

}  // namespace

struct ControlServer::State {
  Descriptor listening;
  Descriptor wake;
  std::filesystem::path socket;
  Run run;
  std::mutex mutex;
  std::list<std::jthread> conversations;
  std::list<std::jthread::id> finished;
  std::jthread accepting;

  void accept_commands();
  void reap();
};

void ControlServer::State::reap() {
  std::list<std::jthread> done;
  std::scoped_lock const lock(mutex);
  for (auto const id : finished) {
    auto const found = std::ranges::find(conversations, id, &std::jthread::get_id);
    if (found != conversations.end()) done.splice(done.end(), conversations, found);
  }
  finished.clear();
}

void ControlServer::State::accept_commands() {
  while (true) {
    std::array<pollfd, 2> waiting{{{listening.get(), POLLIN, 0}, {wake.get(), POLLIN, 0}}};
    if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
    if (waiting[1].revents != 0) return;
    if (waiting[0].revents == 0) continue;
    int const fd = ::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    reap();
    std::scoped_lock const lock(mutex);
    conversations.emplace_back([this, fd] {
      Descriptor const connection(fd);
      converse(fd, run);
      std::scoped_lock const ending(mutex);
      finished.push_back(std::this_thread::get_id());
    });
  }
}

ControlServer::ControlServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

ControlServer::~ControlServer() {
  std::uint64_t const one = 1;
  (void)!::write(state_->wake.get(), &one, sizeof one);
  state_->accepting.join();
  std::error_code ignored;
  std::filesystem::remove(state_->socket, ignored);
  std::list<std::jthread> rest;
  {
    std::scoped_lock const lock(state_->mutex);
    rest.swap(state_->conversations);
  }
}

Result<std::unique_ptr<ControlServer>> ControlServer::listen(std::filesystem::path const& socket,
                                                             Run run) {
  SOL_ASSIGN(auto const address, address_of(socket));
  Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  std::error_code ignored;
  std::filesystem::remove(socket,
                          ignored);  // of a program that was killed: the store's lock is ours
  auto const mask = ::umask(0077);
  int const bound = ::bind(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address);
  ::umask(mask);
  if (fd.get() < 0 || bound != 0 || ::listen(fd.get(), 16) != 0) {
    return fail(Code::io, cat("cannot open the control socket ", socket.string(), ": ",
                              std::strerror(errno)));
  }
  std::unique_ptr<State> state(new State{std::move(fd),
                                         Descriptor(::eventfd(0, EFD_CLOEXEC)),
                                         socket,
                                         std::move(run),
                                         {},
                                         {},
                                         {},
                                         {}});
  state->accepting = std::jthread([raw = state.get()] { raw->accept_commands(); });
  return std::unique_ptr<ControlServer>(new ControlServer(std::move(state)));
}

Result<std::optional<int>> run_remotely(std::filesystem::path const& socket,
                                        CommandInput const& input, Terminal const& terminal) {
  SOL_ASSIGN(auto const address, address_of(socket));
  Descriptor const fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<sockaddr const*>(&address), sizeof address) != 0) {
    if (errno == EACCES || errno == EPERM) {
      return fail(
          Code::denied,
          cat("the instance is serving under another account: run this command as that account (",
              socket.string(), ")"));
    }
    return std::optional<int>();
  }
  for (auto const& word : input.words) (void)send_frame(fd.get(), kWord, word);
  for (auto const& [name, bytes] : input.contents) {
    if (bytes.size() > kFrameBytesMax)
      return fail(Code::exhausted, cat(name, " is too large to be sent to the serving program"));
    (void)send_frame(fd.get(), kName, name);
    (void)send_frame(fd.get(), kContent, bytes);
  }
  (void)send_frame(fd.get(), kGo, {});
  for (auto frame = receive_frame(fd.get()); frame; frame = receive_frame(fd.get())) {
    if (frame->kind == kOut) terminal.out(frame->bytes);
    if (frame->kind == kErr) terminal.err(frame->bytes);
    if (frame->kind == kStatus) return std::optional<int>(std::atoi(frame->bytes.c_str()));
  }
  return fail(Code::unavailable,
              "the serving program ended before the command did; what it had done is kept");
}

}  // namespace solidaires::app
