// Which files are lacking here, whom to ask for each, and when to ask again. Decides and keeps
// count, nothing else: no thread, no disk, no clock of its own; FileExchange drives it. A file that
// is lacking for good is kept in mind (`lasting`) until it comes; one that somebody asked for once
// is forgotten after a minute. A file that documents of two origins name is two requests: each
// origin has to bring it (sync::BlobClaim).
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sync/core/link_session.h"

namespace solidaires::replication {

struct FileCounts {
  std::uint64_t wanted = 0;   // lacking now
  std::uint64_t asked = 0;    // of these, asked for over a link
  std::uint64_t fetched = 0;  // since the start
  std::uint64_t failed = 0;   // attempts, since the start
};

class FileRequests {
 public:
  // Asks some link but those named, and gives whom; nobody, if no other link may carry the scope.
  using Ask = std::function<std::optional<NodeName>(sync::WantBlob const&,
                                                    std::set<NodeName> const& but_not)>;
  // What came of a file was not the file: its parts here are worth nothing.
  using Discard = std::function<void(sync::BlobClaim const&)>;
  using Waiter = std::move_only_function<void(Result<>)>;  // called once

  FileRequests(Ask ask, Discard discard) : ask_(std::move(ask)), discard_(std::move(discard)) {}

  // False: too many are wanted already; the caller looks again later.
  bool want(sync::WantBlob const& want, bool lasting, Instant now, Waiter waiter = {});
  void came(sync::BlobClaim const& file);
  void not_fetched(NodeName const& peer, sync::BlobClaim const& file, Error const& why,
                   Instant now);
  void arrived(NodeName const& peer, Bytes const& sha256, Instant now);  // the peer has it now
  void link_up(NodeName const& peer, Instant now);
  void link_down(NodeName const& peer, Instant now);
  void tick(Instant now);  // about once a second
  void abandon();          // this instance stops: everybody who waits is told

  [[nodiscard]] FileCounts counts() const;

 private:
  struct Wanted {
    std::uint64_t size = 0;
    std::vector<sync::DocumentKey> documents;  // that refer to it; a few
    bool lasting = false;
    Instant until{};  // not lasting
    std::optional<NodeName> asked;
    std::set<NodeName> refused;  // by whom, since the last rest
    unsigned rests = 0;
    std::optional<Instant> resting_until;
    std::vector<Waiter> waiters;
  };
  using Table = std::map<sync::BlobClaim, Wanted>;

  void dispatch(Instant now);
  void ask(Table::iterator wanted, Instant now);
  void rest(Table::iterator wanted, Instant now);
  void wake(Table::iterator wanted);
  void release(Wanted& wanted);
  void forget(Table::iterator wanted, Result<> const& outcome);

  Ask ask_;
  Discard discard_;
  Table wanted_;
  std::deque<sync::BlobClaim> ready_;
  std::set<std::pair<Instant, sync::BlobClaim>> resting_;
  std::size_t asked_ = 0;
  std::uint64_t fetched_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace solidaires::replication
