// The second step of a log-in: codes of an authenticator, and recovery codes that serve once each.
// What they are checked against is a local value, sealed with a key that lies outside the store: it
// never leaves this instance, and a copy of the store alone makes no code. Any thread; may block on
// the disk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/service/accounts.h"

namespace solidaires::service {

inline constexpr std::size_t kSealingKeyBytes = 32;
inline constexpr std::size_t kRecoveryCodes = 10;

class SecondFactors {
 public:
  struct Options {
    Bytes sealing_key;             // kSealingKeyBytes
    bool may_be_required = false;  // roles that ask for it get it; else it is offered to all
  };
  SecondFactors(Instance const& instance, Options options);

  // This account may do nothing before it has set its codes up.
  [[nodiscard]] Result<bool> must_be_set_up(Account const& account) const;
  [[nodiscard]] bool is_required(Account const& account) const;
  [[nodiscard]] Result<bool> is_set_up(DocumentId const& id) const;
  [[nodiscard]] Result<std::size_t> recovery_codes_left(DocumentId const& id) const;

  // The secret (kCodeSecretBytes) to give to an authenticator. It serves once confirm() has seen a
  // code made with it; for an hour the same is given again. Code::conflict if codes are set up.
  Result<Bytes> begin(DocumentId const& id);
  // The recovery codes ("K7Q2-M9XA-4TRW"): shown now and never again. Code::invalid for a code that
  // the secret does not make; Code::conflict if nothing was begun.
  Result<std::vector<std::string>> confirm(DocumentId const& id, std::string_view typed);
  // A code of the authenticator, no older than the last one that served, or a recovery code, which
  // is spent. Code::unauthenticated for everything else.
  Result<> check(DocumentId const& id, std::string_view typed);
  // New recovery codes instead of those that are left; a code is asked for.
  Result<std::vector<std::string>> renew_recovery_codes(DocumentId const& id,
                                                        std::string_view typed);
  // By the person, with a code; Code::denied where the role asks for codes.
  Result<> remove(Account const& account, std::string_view typed);
  // By somebody who manages accounts, for a person who lost telephone and recovery codes.
  Result<> reset(Accounts const& accounts, Actor const& actor, DocumentId const& id);

 private:
  struct Kept;
  struct Held;  // with its bytes in the store
  [[nodiscard]] Result<Held> held(DocumentId const& id) const;
  // What is kept once this code has served.
  [[nodiscard]] Result<Kept> spend(Kept kept, std::string_view typed) const;
  Result<> replace(DocumentId const& id, Held const& held, Kept const& by);
  [[nodiscard]] std::vector<std::string> new_recovery_codes(Kept& kept);
  [[nodiscard]] Bytes seal(std::string_view name, std::string_view plain) const;
  [[nodiscard]] Result<Bytes> open(std::string_view name, std::string_view sealed) const;

  Instance const& instance_;
  Options const options_;
};

}  // namespace solidaires::service
