#include "node/service/relay.h"

#include <algorithm>

#include "node/mail/address.h"
#include "node/service/address_mark.h"
#include "node/service/working_copy_reader.h"
#include "node/store/store.h"
#include "schema/audience.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

// Local values. Stored on disk: never rename.
constexpr std::string_view kSecretKey = "relay/secret";
constexpr std::string_view kMessagePrefix = "relay/message/";  // + digest of the token
constexpr std::string_view kBlockedPrefix = "relay/blocked/";  // + record, '/', sender
constexpr std::string_view kCountPrefix = "relay/count/";

constexpr std::size_t kTokenBytes = 16;
constexpr std::chrono::hours kDay{24};

std::string message_key(std::string_view token) {
  return cat(kMessagePrefix, hex(sha256(token)));
}
std::string blocked_key(DocumentId const& record, std::string_view sender) {
  return cat(kBlockedPrefix, record.to_string(), '/', hex(sender));
}

// An address that is not shown before one that is: it was given to be written to.
std::string address_in(schema::Type const& type, schema::Record const& record) {
  std::string shown;
  for (auto const& field : type.fields) {
    if (field.kind != schema::FieldKind::email) continue;
    auto const address = mail::parse_address(schema::text_of(record, field.key));
    if (!address) continue;
    if (!schema::is_public(field, record)) return *address;
    if (shown.empty()) shown = *address;
  }
  return shown;
}

}  // namespace

bool takes_messages(PublicRecord const& record) {
  auto const* const wanted = schema::get<bool>(record.record, kContactFormField);
  return wanted != nullptr && *wanted;
}

Result<std::string> Relay::receiver_of(PublicRecord const& record) const {
  if (record.node != instance_.self || !takes_messages(record))
    return fail(Code::not_found, "the record takes no messages here");
  SOL_ASSIGN(auto const stored, instance_.store.get({ScopeId::office(record.node), record.key.id}));
  if (!stored) return fail(Code::not_found, "the record has no working copy");
  auto const copy = read_working_copy(stored->document, instance_.model);
  if (!copy || !copy->is_public()) return fail(Code::not_found, "the record is not public");
  if (auto address = address_in(*copy->type, copy->record); !address.empty()) return address;
  if (auto const owner = DocumentId::parse(copy->owner.account); owner) {
    SOL_ASSIGN(auto const account, accounts_.find(*owner));
    if (account && !account->disabled) return account->email;
  }
  return fail(Code::not_found, "nobody's address is known");
}

Result<store::LocalEdit> Relay::counted(std::string_view what, std::size_t max) const {
  auto const now = instance_.clock.now();
  auto const day = std::chrono::floor<std::chrono::days>(now).time_since_epoch().count();
  auto const key = cat(kCountPrefix, day, '/', what);
  SOL_ASSIGN(auto const kept, instance_.store.local(key, now));
  std::size_t const before = kept ? static_cast<std::size_t>(std::atoll(kept->c_str())) : 0;
  if (before >= max) return fail(Code::exhausted, "enough messages for today");
  return store::LocalEdit{
      .key = key, .value = std::to_string(before + 1), .expires_at = now + kDay};
}

Result<> Relay::send(PublicRecord const& record, std::string_view from,
                     std::function<std::vector<mail::Letter>(RelayedMessage const&)> const& write) {
  if (!queue_.on()) return fail(Code::unavailable, "mail is not configured");
  auto const address = mail::parse_address(from);
  if (!address) return fail(Code::invalid, "no address for the answer");
  SOL_ASSIGN(auto const receiver, receiver_of(record));
  SOL_ASSIGN(auto const sender, address_mark(instance_, kSecretKey, *address));
  auto const now = instance_.clock.now();
  store::Commit commit{.now = now};
  SOL_ASSIGN(auto by_sender, counted(cat("from/", hex(sender)), kMessagesPerSenderMax));
  SOL_ASSIGN(auto by_receiver,
             counted(cat("to/", record.key.id.to_string()), kMessagesPerReceiverMax));
  commit.local.push_back(std::move(by_sender));
  commit.local.push_back(std::move(by_receiver));
  SOL_ASSIGN(auto const blocked, instance_.store.local(blocked_key(record.key.id, sender), now));
  if (blocked) return queue_.commit(std::move(commit), {});
  auto const token = base64url(instance_.rng.bytes(kTokenBytes));
  commit.local.push_back({.key = message_key(token),
                          .value = cat(record.key.id.bytes(), sender),
                          .expires_at = now + kAbuseReportable});
  return queue_.commit(std::move(commit), write({*address, receiver, token}));
}

Result<Relay::Abuse> Relay::find(std::string_view abuse_token) const {
  SOL_ASSIGN(auto const kept,
             instance_.store.local(message_key(abuse_token), instance_.clock.now()));
  if (!kept || kept->size() != DocumentId::kSize + kAddressMarkBytes)
    return fail(Code::not_found, "no message has this token");
  SOL_ASSIGN(auto const record, DocumentId::from_bytes(kept->substr(0, DocumentId::kSize)));
  return Abuse{record, kept->substr(DocumentId::kSize)};
}

Result<> Relay::block(Abuse const& abuse) {
  auto const now = instance_.clock.now();
  SOL_TRY(instance_.store.commit({.now = now,
                                  .local = {{.key = blocked_key(abuse.record, abuse.sender),
                                             .value = "1",
                                             .expires_at = now + kSenderBlocked}}}));
  return {};
}

}  // namespace solidaires::service
