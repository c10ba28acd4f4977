#include "node/service/alerts.h"

#include <algorithm>

#include "node/mail/address.h"
#include "node/model/civil_time.h"
#include "node/service/address_mark.h"
#include "node/store/store.h"
#include "sync/base/hash.h"
#include "sync/base/log.h"

namespace solidaires::service {
namespace {

// Local values. Stored on disk: never rename.
constexpr std::string_view kSecretKey = "alert/secret";
constexpr std::string_view kAlertPrefix = "alert/search/";  // + mark, '/', digest of the chance
constexpr std::string_view kToldPrefix = "alert/told/";     // the same

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kChanceBytes = 16;  // of a token
constexpr std::size_t kTailBytes = 8;     // of an item's id: the random ones
constexpr std::size_t kSearchBytesMax = 2'000;
constexpr std::size_t kChunk = 200;
constexpr std::chrono::hours kToldAgainAfter{24};

// A token is the mark of its address and chance; only a digest of the chance stands in keys.
Result<std::string> tail_of(std::string_view token) {
  auto const bytes = from_base64url(token);
  if (!bytes || bytes->size() != kAddressMarkBytes + kChanceBytes)
    return fail(Code::not_found, "no alert has this token");
  return cat(
      hex(bytes->substr(0, kAddressMarkBytes)), '/',
      hex(sha256(std::string_view(*bytes).substr(kAddressMarkBytes)).substr(0, kChanceBytes)));
}

Bytes encode(Alert const& alert) {
  Bytes out;
  auto const ms = [](Instant at) { return static_cast<std::uint64_t>(to_unix_ms(at)); };
  ByteWriter(out)
      .u8(kVersion)
      .u8(static_cast<std::uint8_t>(alert.rhythm))
      .u8(alert.confirmed ? 1 : 0)
      .u64(ms(alert.asked_at))
      .u64(ms(alert.told_at))
      .u64(ms(alert.confirmed_at))
      .u64(static_cast<std::uint64_t>(alert.round_day))
      .sized(alert.token)
      .sized(alert.address)
      .sized(alert.search);
  return out;
}

Result<Alert> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  auto const instant = [&reader]() -> Result<Instant> {
    SOL_ASSIGN(auto const ms, reader.u64());
    return from_unix_ms(static_cast<std::int64_t>(ms));
  };
  SOL_ASSIGN(auto const version, reader.u8());
  if (version != kVersion) return fail(Code::unsupported, "an alert of another version");
  Alert alert;
  SOL_ASSIGN(auto const rhythm, reader.u8());
  alert.rhythm = rhythm == 1 ? Rhythm::daily : Rhythm::weekly;
  SOL_ASSIGN(auto const confirmed, reader.u8());
  alert.confirmed = confirmed == 1;
  SOL_ASSIGN(alert.asked_at, instant());
  SOL_ASSIGN(alert.told_at, instant());
  SOL_ASSIGN(alert.confirmed_at, instant());
  SOL_ASSIGN(auto const day, reader.u64());
  alert.round_day = static_cast<std::int64_t>(day);
  SOL_ASSIGN(alert.token, reader.sized());
  SOL_ASSIGN(alert.address, reader.sized());
  SOL_ASSIGN(alert.search, reader.sized());
  return alert;
}

std::string_view tail_bytes(DocumentId const& id) {
  return id.bytes().substr(DocumentId::kSize - kTailBytes);
}

}  // namespace

bool ToldItems::contains(DocumentId const& id) const {
  std::string_view const all(bytes_);
  auto const wanted = tail_bytes(id);
  for (std::size_t at = 0; at + kTailBytes <= all.size(); at += kTailBytes) {
    if (all.substr(at, kTailBytes) == wanted) return true;
  }
  return false;
}

void ToldItems::add(std::vector<DocumentId> const& ids) {
  for (auto const& id : ids) {
    if (!contains(id)) bytes_ += tail_bytes(id);
  }
  constexpr auto kBytesMax = kAlertItemsRemembered * kTailBytes;
  if (bytes_.size() > kBytesMax) bytes_.erase(0, bytes_.size() - kBytesMax);
}

bool is_due(Alert const& alert, Instant now) {
  auto const civil = model::to_civil(now);
  if (!alert.confirmed || civil.hour < kMorningBegins || civil.hour >= kMorningEnds) return false;
  auto const today = civil.date.days();
  auto const weekday = civil.date.weekday();
  auto const turn = alert.rhythm == Rhythm::daily
                        ? today
                        : today - static_cast<std::int64_t>((weekday + 7 - kWeeklyDay) % 7);
  return alert.round_day < turn;
}

Result<std::vector<Alert>> Alerts::of_address(std::string_view mark) const {
  std::vector<Alert> alerts;
  SOL_ASSIGN(auto const items,
             instance_.store.view().local_scan(cat(kAlertPrefix, hex(mark), '/'),
                                               instance_.clock.now(), kAlertsPerAddressMax * 2));
  for (auto const& item : items) {
    SOL_ASSIGN(auto alert, decode(item.value));
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

Result<> Alerts::keep(Alert const& alert, std::vector<mail::Letter> const& letters,
                      ToldItems const* told) {
  SOL_ASSIGN(auto const tail, tail_of(alert.token));
  store::Commit commit{.now = instance_.clock.now()};
  commit.local.push_back(
      {.key = cat(kAlertPrefix, tail), .value = encode(alert), .expires_at = alert.ends_at()});
  if (told != nullptr) {
    commit.local.push_back(
        {.key = cat(kToldPrefix, tail), .value = told->bytes(), .expires_at = alert.ends_at()});
  }
  return queue_.commit(std::move(commit), letters);
}

Result<> Alerts::ask(std::string_view typed, std::string_view search, Rhythm rhythm,
                     std::function<mail::Letter(Alert const&)> const& write) {
  if (!queue_.on()) return fail(Code::unavailable, "mail is not configured");
  auto const address = mail::parse_address(typed);
  if (!address) return fail(Code::invalid, "no address that mail could go to");
  if (search.empty() || search.front() != '/' || search.size() > kSearchBytesMax)
    return fail(Code::invalid, "no search of this portal");
  std::scoped_lock const lock(writing_);
  auto const now = instance_.clock.now();
  SOL_ASSIGN(auto const mark, address_mark(instance_, kSecretKey, *address));
  SOL_ASSIGN(auto alerts, of_address(mark));
  auto const same = std::ranges::find_if(alerts, [&](Alert const& alert) {
    return alert.search == search && (alert.rhythm == rhythm || !alert.confirmed);
  });
  if (same != alerts.end()) {
    if (now - same->told_at < kToldAgainAfter) return {};
    same->told_at = now;
    if (!same->confirmed) same->rhythm = rhythm;
    return keep(*same, {write(*same)});
  }
  auto const waiting =
      std::ranges::count_if(alerts, [](auto const& one) { return !one.confirmed; });
  if (alerts.size() >= kAlertsPerAddressMax ||
      static_cast<std::size_t>(waiting) >= kAlertsToConfirmMax)
    return {};
  Alert const alert{.token = base64url(mark + instance_.rng.bytes(kChanceBytes)),
                    .address = *address,
                    .search = std::string(search),
                    .rhythm = rhythm,
                    .asked_at = now,
                    .told_at = now};
  return keep(alert, {write(alert)});
}

Result<Alert> Alerts::find(std::string_view token) const {
  SOL_ASSIGN(auto const tail, tail_of(token));
  SOL_ASSIGN(auto const kept,
             instance_.store.local(cat(kAlertPrefix, tail), instance_.clock.now()));
  if (!kept) return fail(Code::not_found, "no alert has this token");
  return decode(*kept);
}

Result<Alert> Alerts::confirm(std::string_view token, std::vector<DocumentId> const& known) {
  std::scoped_lock const lock(writing_);
  SOL_ASSIGN(auto alert, find(token));
  if (alert.confirmed) return alert;
  alert.confirmed = true;
  alert.confirmed_at = instance_.clock.now();
  // What the list shows this morning is known: the next one that comes is its first.
  alert.round_day = model::to_civil(alert.confirmed_at).date.days();
  ToldItems told;
  told.add(known);
  SOL_TRY(keep(alert, {}, &told));
  return alert;
}

Result<> Alerts::end(std::string_view token) {
  std::scoped_lock const lock(writing_);
  auto const tail = tail_of(token);
  if (!tail) return {};
  store::Commit commit{.now = instance_.clock.now()};
  commit.local.push_back({.key = cat(kAlertPrefix, *tail), .value = std::nullopt});
  commit.local.push_back({.key = cat(kToldPrefix, *tail), .value = std::nullopt});
  SOL_TRY(instance_.store.commit(commit));
  return {};
}

Result<bool> Alerts::look_at(Alert alert, std::int64_t day, MakeDigest const& digest) {
  SOL_ASSIGN(auto const tail, tail_of(alert.token));
  SOL_ASSIGN(auto kept, instance_.store.local(cat(kToldPrefix, tail), instance_.clock.now()));
  ToldItems told(std::move(kept).value_or(Bytes()));
  SOL_ASSIGN(auto const made, digest(alert, told));
  std::scoped_lock const lock(writing_);
  // It may have been ended since it was read.
  if (auto const still = find(alert.token); !still) return false;
  alert.round_day = day;
  if (made.items.empty()) {
    SOL_TRY(keep(alert, {}));
    return false;
  }
  told.add(made.items);
  SOL_TRY(keep(alert, {made.letter}, &told));
  return true;
}

Result<std::size_t> Alerts::send_due(Instant now, MakeDigest const& digest,
                                     std::stop_token const& stop) {
  auto const civil = model::to_civil(now);
  if (!queue_.on() || civil.hour < kMorningBegins || civil.hour >= kMorningEnds) return 0;
  std::size_t sent = 0;
  std::uint64_t confirmed = 0;
  Bytes after;
  for (;;) {
    SOL_ASSIGN(auto const items,
               instance_.store.view().local_scan(kAlertPrefix, now, kChunk, after));
    if (items.empty()) break;
    after = items.back().key;
    for (auto const& item : items) {
      if (stop.stop_requested()) return sent;
      auto alert = decode(item.value);
      if (!alert) {
        log_error("alert.unreadable", {{"error", alert.error().to_string()}});
        continue;
      }
      confirmed += alert->confirmed ? 1 : 0;
      if (!is_due(*alert, now)) continue;
      SOL_ASSIGN(auto const mailed, look_at(*std::move(alert), civil.date.days(), digest));
      sent += mailed ? 1 : 0;
    }
  }
  confirmed_ = confirmed;
  if (sent > 0) log_info("alert.round", {{"mails", sent}});
  return sent;
}

}  // namespace solidaires::service
