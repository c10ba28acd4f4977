// Frames under way. The transport is ordered and whole, as TLS over TCP is, but for what the
// weather does to Batch, Ack and Nack: sessions must notice those, and never believe them.
#include <algorithm>

#include "sync/core/link_token.h"
#include "sync/wire/frame_codec.h"
#include "tests/sim/world_parts.h"

namespace solidaires::sync::sim {
namespace {

// Field 200 of Frame, three bytes: a kind of a later version.
constexpr std::string_view kFrameOfNextVersion = "\xc2\x0c\x03new";

bool is_numbered(Frame const& frame) {
  return std::holds_alternative<Batch>(frame) || std::holds_alternative<Ack>(frame) ||
         std::holds_alternative<Nack>(frame) || std::holds_alternative<Probe>(frame) ||
         std::holds_alternative<ProbeReply>(frame);
}

}  // namespace

void World::transmit(Place place, Frame frame) {
  if (instances_[machine_at(place)].version == Version::next) speak_next_version(place, frame);
  auto const bytes = encode_frame(frame);
  if (!bytes) return violate(cat("wire: ", bytes.error().to_string()));
  check_frame(place, frame, *bytes);
  ++outcome_.frames;
  outcome_.bytes += bytes->size();
  auto const* chunk = std::get_if<BlobChunk>(&frame);
  hash(chunk != nullptr ? chunk->sha256 : *bytes);  // of files enough to tell two runs apart
  auto const lane = chunk != nullptr ? Lane::file : is_control(frame) ? Lane::control : Lane::batch;
  bool const lost = strikes(Fault::loss, 10) && is_numbered(frame);
  bool const doubled = strikes(Fault::duplication, 10) && is_numbered(frame);
  tamper_sent(place, frame);
  if (find(place)->hole || lost) return;
  send_bytes(place, *bytes, lane);
  if (doubled) send_bytes(place, *bytes, lane);
}

void World::speak_next_version(Place place, Frame& frame) {
  if (auto* hello = std::get_if<Hello>(&frame)) {
    hello->protocol_max = kProtocolMax + 1;
  } else if (roll(5)) {
    send_bytes(place, Bytes(kFrameOfNextVersion), Lane::control);
  }
}

// In order, except that control may overtake batches that wait, and both may overtake files.
void World::send_bytes(Place place, Bytes const& bytes, Lane lane) {
  bool const control = lane == Lane::control;
  auto& link = links_[place.child];
  auto& end = link.ends[place.side];
  auto const there = opposite(place);
  auto const delay = link.slow ? between(200, 3'000) : between(1, 80);
  auto arrives = std::max(schedule_.now() + delay, end.control_arrives);
  arrives = std::max(arrives, link.ends[there.side].stuck_until);
  if (!control) arrives = std::max(arrives, end.batch_arrives);
  if (lane == Lane::file) arrives = std::max(arrives, end.file_arrives);
  bool const batch = lane == Lane::batch;
  bool const swapped = strikes(Fault::reorder, 10) && batch;
  auto& last = batch ? end.batch_arrives : end.file_arrives;
  (control ? end.control_arrives : last) = arrives;
  if (batch) ++end.batches_on_the_wire;
  if (link.slow) {  // some of its bytes have moved half way through
    schedule_.in(delay / 2, [this, place, there] {
      feed(place, TransportProgress{true, false});
      feed(there, TransportProgress{false, true});
    });
  }
  schedule_.at(swapped ? arrives + Millis{100} : arrives, [this, place, bytes, batch] {
    auto* sender = find(place);
    if (sender == nullptr) return;
    if (batch) --sender->batches_on_the_wire;
    deliver(opposite(place), bytes);
  });
}

void World::deliver(Place place, Bytes const& bytes) {
  auto frame = decode_frame(bytes);
  if (!frame) return feed(place, FrameUnreadable{frame.error()});
  say(cat("deliver ", peer_at(place), "->", machine_at(place), ' ', frame_name(*frame)));
  // The answer to a question that the peer never put (ask_what_is_not_ours).
  if (auto const* chunk = std::get_if<BlobChunk>(&*frame);
      chunk != nullptr && chunk->request == kForgedRequest) {
    if (chunk->answer == BlobAnswer::bytes) violate("confinement: a file was given for its hash");
    return;
  }
  count_answer(place, *frame);
  tamper_received(place, *frame);
  if (auto* batch = std::get_if<Batch>(&*frame);
      batch != nullptr && strikes(Fault::unreadable, 5) && !batch->documents.empty()) {
    batch->documents.pop_back();
    batch->unreadable.emplace_back("a document of which nobody can make sense");
  }
  feed(place, FrameReceived{*std::move(frame)});
}

void World::count_answer(Place place, Frame const& frame) {
  auto& waiting = find(place)->unanswered;
  if (auto const* ack = std::get_if<Ack>(&frame)) {
    std::erase_if(waiting, [&](UnderWay const& batch) {
      return batch.scope == ack->scope && batch.generation == ack->generation &&
             batch.last <= ack->cursor;
    });
  } else if (auto const* subscribe = std::get_if<Subscribe>(&frame)) {
    std::erase_if(waiting, [&](UnderWay const& batch) { return batch.scope == subscribe->scope; });
  } else if (auto const* nack = std::get_if<Nack>(&frame)) {
    std::erase_if(waiting, [&](UnderWay const& batch) {
      return batch.scope == nack->scope && batch.generation == nack->generation;
    });
  }
}

// ---- Planted bugs that lie between the session and the transport ----

void World::tamper_sent(Place place, Frame const& frame) {
  if (options_.plant == Plant::sent_taken_for_done) {
    if (auto const* batch = std::get_if<Batch>(&frame); batch != nullptr && !batch->repair) {
      Ack const premature{batch->scope, batch->generation, batch->last};
      schedule_.in(Millis{0}, [this, place, premature] { feed(place, FrameReceived{premature}); });
    }
  }
  if (options_.plant == Plant::token_confirmed_early && std::holds_alternative<Welcome>(frame)) {
    schedule_.in(Millis{0}, [this, place] { feed(place, FrameReceived{Offer{}}); });
  }
}

void World::tamper_received(Place place, Frame& frame) {
  auto* batch = std::get_if<Batch>(&frame);
  if (options_.plant == Plant::gap_applied && batch != nullptr && !batch->repair) {
    // A receiver that takes a batch for the next one, whatever it says of itself.
    auto const [at, first] = find(place)->delivered.try_emplace(batch->scope, batch->previous);
    batch->previous = at->second;
    batch->last = std::max(batch->last, Sequence{static_cast<std::uint64_t>(at->second) + 1});
    at->second = batch->last;
  }
  auto* hello = std::get_if<Hello>(&frame);
  if (options_.plant == Plant::token_not_checked && hello != nullptr && place.side == kParent) {
    auto const kept = instances_[machine_at(place)].store->link_token(hello->replica);
    auto const record = decode_token_record(kept.value_or(Bytes{}));
    if (!kept || !record) return;
    hello->link_token = record->confirmed;
    hello->counter = std::max(hello->counter, record->counter);
  }
}

}  // namespace solidaires::sync::sim
