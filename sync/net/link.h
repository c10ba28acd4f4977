// One link while its connection lasts: feeds a sync::LinkSession with decoded frames, store answers
// and timers, and carries out what it says. Owned by Links; IO thread only, except that the store
// is asked on the workers, one job at a time per kind and link, so that no link holds up another
// for longer than one job. It decides nothing.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>

#include "sync/core/link_session.h"
#include "sync/net/channel.h"
#include "sync/net/job_queue.h"
#include "sync/wire/frame_codec.h"

namespace solidaires::net {

struct LinkTraffic {
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t documents_in = 0;
  std::uint64_t documents_out = 0;
};

struct LinkEnd {
  Error why;
  std::optional<sync::Disconnect> decided;  // the session's or the peer's word, if there was one
  bool progressed = false;                  // documents or acknowledgements went through
};

class Link;

// IO thread.
class LinkOwner {
 public:
  virtual ~LinkOwner() = default;
  virtual void link_notice(Link& link, sync::Notice const& notice) = 0;
  virtual void link_changed(Link& link) = 0;  // something that view() or traffic() shows
  virtual sync::StatusDue status_facts() = 0;
  virtual void link_ended(Link& link, LinkEnd const& end) = 0;  // the last call; nothing runs
};

struct LinkSetup {
  sync::Entitlement entitlement;
  Bytes fresh_token;  // the accepting side's
  std::string software;
  std::uint64_t model_version = 0;
  bool admitted = true;  // false: documents wait for admit()
};

class Link final : public ChannelEvents, public std::enable_shared_from_this<Link> {
 public:
  Link(boost::asio::io_context& io, Workers& workers, sync::ReplicaStore& store, Clock const& clock,
       LinkOwner& owner, Opened opened, LinkSetup setup);

  void start();
  void committed(ScopeId const& scope, sync::Sequence head);
  void entitle(sync::Entitlement const& entitlement);  // nothing happens if it is the same
  void want(sync::WantBlob want);
  void file_came(Bytes const& sha256);
  void admit();    // its turn to catch up has come
  void compare();  // do both ends hold the same? Seen in view() when it is known
  void stop(sync::CloseReason reason, std::string const& detail);
  void drop();  // as a broken cable would

  [[nodiscard]] CertificateFacts const& peer() const noexcept { return opened_.peer; }
  [[nodiscard]] std::string const& address() const noexcept { return opened_.address; }
  [[nodiscard]] sync::Entitlement const& entitlement() const noexcept { return setup_.entitlement; }
  [[nodiscard]] sync::PeerRole peer_role() const noexcept { return setup_.entitlement.peer_role; }
  [[nodiscard]] sync::LinkView view() const;
  [[nodiscard]] bool carries_files() const noexcept {
    return session_ && session_->speaks(sync::feature::kBlobs);
  }
  [[nodiscard]] LinkTraffic const& traffic() const noexcept { return traffic_; }
  [[nodiscard]] Instant last_contact() const noexcept { return last_contact_; }

 private:
  void received(Bytes message) override;
  void sent(std::size_t bytes, Lane lane) override;
  void receiving(std::size_t bytes) override;
  void closed(Error const& why) override;

  [[nodiscard]] Instant now() const;
  void begin(ReplicaId replica, std::uint64_t counter);
  void feed(sync::Event event);
  void take_frame(Result<sync::Frame> frame);
  void send(sync::Frame frame);
  void send_bulk(sync::Frame frame);
  void ask_store(sync::StoreTask task);
  void write_asked();
  void written(std::vector<sync::Event> events);
  void read_asked_files();
  void wake_at(Instant at);
  void heartbeat();
  void balance();
  void give_up(Error why);
  void tell_progress(std::chrono::steady_clock::time_point& told, sync::TransportProgress progress);
  void finish();

  boost::asio::io_context& io_;
  sync::ReplicaStore& store_;
  LinkOwner& owner_;
  Opened opened_;
  LinkSetup setup_;
  Instant const started_wall_;
  std::chrono::steady_clock::time_point const started_steady_;
  std::optional<sync::LinkSession> session_;
  std::shared_ptr<JobQueue> reads_;
  std::shared_ptr<JobQueue> writes_;
  std::shared_ptr<JobQueue> files_;
  std::shared_ptr<JobQueue> decoding_;
  std::shared_ptr<JobQueue> encoding_;
  boost::asio::steady_timer wake_;
  boost::asio::steady_timer heartbeat_;
  std::chrono::steady_clock::time_point sent_told_;
  std::chrono::steady_clock::time_point receiving_told_;
  std::deque<sync::StoreTask> asked_writes_;  // until the store is done with those before
  std::deque<sync::StoreTask> asked_files_;   // by the peer, until the channel has room
  LinkTraffic traffic_;
  Instant last_contact_;
  bool can_pack_ = false;  // both ends know packed batches
  LinkEnd end_{{Code::unavailable, "closed"}, {}, false};
  bool channel_open_ = false;
  bool ending_ = false;
};

}  // namespace solidaires::net
