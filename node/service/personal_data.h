// What is held here about somebody with an account, for that person: to be read, and taken along
// (GDPR, articles 15 and 20). Reads every document of the account's office; a thread that may
// block.
#pragma once

#include <string>
#include <vector>

#include "node/service/accounts.h"
#include "node/service/instance.h"
#include "node/service/review.h"
#include "node/service/working_copy.h"
#include "sync/base/result.h"

namespace solidaires::service {

// What somebody said or voted about a record.
struct OwnWord {
  std::string title;  // of the record
  sync::DocumentKey record;
  std::string vote;  // label; empty: a remark
  std::string text;
  Instant at{};
};

struct PersonalData {
  Account account;
  std::vector<WorkingCopy> records;  // whose author they are, newest first
  std::vector<OwnWord> words;        // newest first
  std::size_t touched = 0;           // records of others that hold their name: they wrote in them
};

[[nodiscard]] Result<PersonalData> personal_data(Instance const& instance, Account const& account);

// One JSON object: account, records with all their fields as the API names them, words.
[[nodiscard]] std::string to_json(PersonalData const& data);
}  // namespace solidaires::service
