#include "sync/net/link.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "sync/base/check.h"
#include "sync/base/limits.h"
#include "sync/wire/frame_codec.h"

namespace solidaires::net {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kInlineBytes = 16UL * 1024;  // decoded on the IO thread: some 50 microseconds
constexpr std::size_t kInlineDocuments = 8;
constexpr std::size_t kWaitingMax = 2 * limits::kBatchesInFlight;  // jobs, before reading pauses
// More than every batch that may be in flight: only a peer that asks and never reads comes here.
constexpr std::size_t kUnreadBytesMax = (limits::kBatchesInFlight + 2) * limits::kFrameBytes;
constexpr std::size_t kUnsentBytesMax = 4 * limits::kBlobChunkBytes;  // before files are read
// On a faster line (400 Mbit/s), packing would hold up more than it saves: zstd makes some 300
// MB/s.
constexpr std::uint64_t kFastLine = 50UL * 1000 * 1000;
constexpr Millis kLastWords{5'000};
constexpr std::chrono::seconds kProgressInterval{1};

bool is_write(sync::StoreTask const& task) {
  return std::holds_alternative<sync::ApplyBatch>(task) ||
         std::holds_alternative<sync::KeepToken>(task) ||
         std::holds_alternative<sync::DropScope>(task);
}

}  // namespace

Link::Link(boost::asio::io_context& io, Workers& workers, sync::ReplicaStore& store,
           Clock const& clock, LinkOwner& owner, Opened opened, LinkSetup setup)
    : io_(io),
      store_(store),
      owner_(owner),
      opened_(std::move(opened)),
      setup_(std::move(setup)),
      started_wall_(clock.now()),
      started_steady_(SteadyClock::now()),
      reads_(std::make_shared<JobQueue>(io, workers)),
      writes_(std::make_shared<JobQueue>(io, workers)),
      files_(std::make_shared<JobQueue>(io, workers)),
      decoding_(std::make_shared<JobQueue>(io, workers)),
      encoding_(std::make_shared<JobQueue>(io, workers)),
      wake_(io),
      heartbeat_(io),
      sent_told_(started_steady_),
      receiving_told_(started_steady_),
      last_contact_(started_wall_) {}

Instant Link::now() const {
  return started_wall_ + std::chrono::duration_cast<Millis>(SteadyClock::now() - started_steady_);
}

void Link::start() {
  bool const taken = reads_->run([self = shared_from_this()]() -> JobQueue::Completion {
    auto const replica = self->store_.replica();
    auto const counter = self->store_.counter();
    return [self, replica, counter] { self->begin(replica, counter); };
  });
  if (!taken) give_up({Code::unavailable, "the program is stopping"});
}

void Link::begin(ReplicaId replica, std::uint64_t counter) {
  if (ending_) return;
  session_.emplace(sync::LinkConfig{
      .entitlement = setup_.entitlement,
      .replica = replica,
      .counter = counter,
      .fresh_token = setup_.fresh_token,
      .software = setup_.software,
      .model_version = setup_.model_version,
      .features = sync::kFeatures | (store_.blobs() != nullptr ? sync::feature::kBlobs : 0),
      .admitted = setup_.admitted});
  channel_open_ = true;
  opened_.channel->start(*this);
  heartbeat();
  feed(sync::Started{});
}

void Link::feed(sync::Event event) {
  if (!session_ || ending_) return;
  auto actions = session_->step(std::move(event), now());
  for (auto& frame : actions.send) send(std::move(frame));
  for (auto& task : actions.tasks) {
    if (std::holds_alternative<sync::ReadBlob>(task)) {
      asked_files_.push_back(std::move(task));
    } else {
      ask_store(std::move(task));
    }
  }
  read_asked_files();
  if (actions.wake_at) wake_at(*actions.wake_at);
  for (auto const& notice : actions.notices) {
    if (auto const* up = std::get_if<sync::LinkUp>(&notice)) {
      can_pack_ = (up->peer.features & sync::kFeatures & sync::feature::kCompression) != 0;
    }
    owner_.link_notice(*this, notice);
  }
  if (actions.disconnect && !ending_) {
    ending_ = true;
    end_.decided = std::move(actions.disconnect);
    opened_.channel->close(kLastWords);
  }
  balance();
  owner_.link_changed(*this);
}

void Link::committed(ScopeId const& scope, sync::Sequence head) {
  // Before the session begins there is nothing to tell: it reads the store afterwards.
  feed(sync::ScopeCommitted{.scope = scope, .head = head});
}

void Link::entitle(sync::Entitlement const& entitlement) {
  if (entitlement == setup_.entitlement) return;
  setup_.entitlement = entitlement;
  feed(sync::EntitlementChanged{entitlement});
}

void Link::want(sync::WantBlob want) {
  feed(std::move(want));
}

void Link::file_came(Bytes const& sha256) {
  feed(sync::BlobCame{sha256});
}

void Link::admit() {
  setup_.admitted = true;
  feed(sync::Admitted{});
}

void Link::compare() {
  feed(sync::ProbeRequested{});
}

void Link::stop(sync::CloseReason reason, std::string const& detail) {
  if (!session_) return give_up({Code::unavailable, detail});
  feed(sync::StopRequested{.reason = reason, .retry_after = Millis{0}, .detail = detail});
}

void Link::drop() {
  give_up({Code::unavailable, "the connection was cut"});
}

sync::LinkView Link::view() const {
  return session_ ? session_->view() : sync::LinkView{};
}

void Link::received(Bytes message) {
  traffic_.bytes_in += message.size();
  last_contact_ = now();
  if (ending_) return;
  if (message.size() <= kInlineBytes && decoding_->idle()) {
    take_frame(sync::decode_frame(message));
    return;
  }
  bool const taken = decoding_->run(
      [self = shared_from_this(), message = std::move(message)]() mutable -> JobQueue::Completion {
        return [self, frame = sync::decode_frame(message)]() mutable {
          self->take_frame(std::move(frame));
        };
      });
  if (!taken) give_up({Code::unavailable, "the program is stopping"});
  balance();
}

void Link::take_frame(Result<sync::Frame> frame) {
  if (!frame) return feed(sync::FrameUnreadable{std::move(frame).error()});
  if (auto const* batch = std::get_if<sync::Batch>(&*frame)) {
    traffic_.documents_in += batch->documents.size();
  }
  if (std::holds_alternative<sync::Ack>(*frame)) end_.progressed = true;
  feed(sync::FrameReceived{*std::move(frame)});
}

void Link::send(sync::Frame frame) {
  if (!sync::is_control(frame)) return send_bulk(std::move(frame));
  auto bytes = sync::encode_frame(frame);
  if (!bytes) return give_up(std::move(bytes).error().in("encoding a frame"));
  opened_.channel->send(*std::move(bytes), Lane::control);
}

void Link::send_bulk(sync::Frame frame) {
  auto const* const batch = std::get_if<sync::Batch>(&frame);
  auto const documents = batch != nullptr ? batch->documents.size() : 0;
  traffic_.documents_out += documents;
  auto const lane = batch != nullptr ? Lane::bulk : Lane::files;
  auto const pass_on = [this, lane](Result<Bytes> bytes) {
    if (!bytes) return give_up(std::move(bytes).error().in("encoding a frame"));
    opened_.channel->send(*std::move(bytes), lane);
  };
  bool const packs = can_pack_ && batch != nullptr && opened_.channel->line_rate() < kFastLine;
  auto const packing = packs ? sync::Packing::zstd : sync::Packing::none;
  if (documents <= kInlineDocuments && encoding_->idle()) {
    return pass_on(sync::encode_frame(frame, packing));
  }
  bool const taken = encoding_->run([self = shared_from_this(), frame = std::move(frame), packing,
                                     pass_on]() -> JobQueue::Completion {
    return [self, pass_on, bytes = sync::encode_frame(frame, packing)]() mutable {
      pass_on(std::move(bytes));
    };
  });
  if (!taken) give_up({Code::unavailable, "the program is stopping"});
}

// Files are read for the peer when nothing much waits to be sent: one that asks and does not read
// what it gets fills no memory here.
void Link::read_asked_files() {
  while (!asked_files_.empty() && !ending_ && files_->idle() &&
         opened_.channel->waiting_bytes() <= kUnsentBytesMax) {
    auto task = std::move(asked_files_.front());
    asked_files_.pop_front();
    ask_store(std::move(task));
  }
}

void Link::ask_store(sync::StoreTask task) {
  if (is_write(task)) {
    asked_writes_.push_back(std::move(task));
    return write_asked();
  }
  auto const& queue = sync::is_blob_task(task) ? files_ : reads_;
  bool const taken = queue->run(
      [self = shared_from_this(), task = std::move(task)]() mutable -> JobQueue::Completion {
        return [self, event = sync::carry_out(std::move(task), self->store_)]() mutable {
          self->feed(std::move(event));
        };
      });
  if (!taken) give_up({Code::unavailable, "the program is stopping"});
}

// Batches that came while the store was busy go to it together.
void Link::write_asked() {
  if (asked_writes_.empty() || !writes_->idle()) return;
  std::vector<sync::ApplyBatch> batches;
  while (!asked_writes_.empty()) {
    auto* const apply = std::get_if<sync::ApplyBatch>(&asked_writes_.front());
    if (apply == nullptr) break;
    batches.push_back(std::move(*apply));
    asked_writes_.pop_front();
  }
  std::optional<sync::StoreTask> other;
  if (batches.empty()) {
    other = std::move(asked_writes_.front());
    asked_writes_.pop_front();
  }
  bool const taken = writes_->run([self = shared_from_this(), batches = std::move(batches),
                                   other = std::move(other)]() mutable -> JobQueue::Completion {
    std::vector<sync::Event> events;
    if (other) {
      events.push_back(sync::carry_out(*std::move(other), self->store_));
    } else {
      events = sync::carry_out(std::move(batches), self->store_);
    }
    return [self, events = std::move(events)]() mutable { self->written(std::move(events)); };
  });
  if (!taken) give_up({Code::unavailable, "the program is stopping"});
}

void Link::written(std::vector<sync::Event> events) {
  for (auto& event : events) {
    if (auto const* applied = std::get_if<sync::BatchApplied>(&event)) {
      end_.progressed |= applied->outcome.has_value();
    }
    feed(std::move(event));
  }
  write_asked();
}

// Batches that move are progress. What a ping says of a line that hears nothing any more, or of a
// peer that only answers pings, is not: the silence and the stall are noticed.
void Link::sent(std::size_t bytes, Lane lane) {
  traffic_.bytes_out += bytes;
  balance();
  read_asked_files();
  if (lane == Lane::bulk) tell_progress(sent_told_, {.sent = true, .received = false});
}

void Link::receiving(std::size_t) {
  last_contact_ = now();
  tell_progress(receiving_told_, {.sent = false, .received = true});
}

void Link::tell_progress(SteadyClock::time_point& told, sync::TransportProgress progress) {
  auto const at = SteadyClock::now();
  if (ending_ || at - told < kProgressInterval) return;
  told = at;
  feed(progress);
}

void Link::wake_at(Instant at) {
  wake_.expires_at(started_steady_ + (at - started_wall_));
  wake_.async_wait([weak = weak_from_this()](boost::system::error_code const& cancelled) {
    auto const self = weak.lock();
    if (!cancelled && self) self->feed(sync::TimerFired{});
  });
}

void Link::heartbeat() {
  heartbeat_.expires_after(limits::kHeartbeat);
  heartbeat_.async_wait([weak = weak_from_this()](boost::system::error_code const& cancelled) {
    auto const self = weak.lock();
    if (cancelled || !self || self->ending_) return;
    self->feed(self->owner_.status_facts());
    self->heartbeat();
  });
}

// A peer that sends faster than the store takes, or that does not read the answers to what it
// sends, waits in its own socket, not in our memory.
void Link::balance() {
  if (!channel_open_) return;
  bool const is_busy =
      std::max({decoding_->waiting(), asked_writes_.size(), files_->waiting()}) > kWaitingMax ||
      opened_.channel->waiting_bytes() > kUnreadBytesMax;
  opened_.channel->pause(!ending_ && is_busy);
}

void Link::give_up(Error why) {
  if (ending_) return;
  ending_ = true;
  end_.why = std::move(why);
  opened_.channel->abort();
  if (!channel_open_) boost::asio::post(io_, [self = shared_from_this()] { self->finish(); });
}

void Link::closed(Error const& why) {
  if (!ending_) end_.why = why;
  ending_ = true;
  channel_open_ = false;
  finish();
}

// The store may still be busy with a job of this link: its owner is told when that is over.
void Link::finish() {
  wake_.cancel();
  heartbeat_.cancel();
  asked_writes_.clear();
  for (auto const& queue : {reads_, writes_, files_, decoding_, encoding_}) queue->clear();
  for (auto const& queue : {reads_, writes_, files_, decoding_, encoding_}) {
    if (queue->idle()) continue;
    queue->when_idle([self = shared_from_this()] { self->finish(); });
    return;
  }
  boost::asio::post(io_,
                    [self = shared_from_this()] { self->owner_.link_ended(*self, self->end_); });
}

}  // namespace solidaires::net
