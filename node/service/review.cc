#include "node/service/review.h"

#include <algorithm>

#include "node/service/working_copy_reader.h"
#include "node/store/store.h"
#include "node/text/fold.h"
#include "sync/base/hash.h"

namespace solidaires::service {
namespace {

// Fields of a review's document. Stored on disk: never rename.
constexpr std::string_view kRecordField = "record";  // id of the record
constexpr std::string_view kClaimField = "claim";    // <u64 ms> <author>; empty: none
constexpr std::string_view kRemarkPrefix =
    "said/";  // + id: <u8 to author> <u64 ms> <author> <text>
constexpr std::string_view kBallotPrefix = "ballot/";  // + account: <vote> <u64 ms> <author> <why>

Bytes encode(Claim const& claim) {
  Bytes bytes;
  ByteWriter(bytes).u64(static_cast<std::uint64_t>(to_unix_ms(claim.until))).raw(claim.by.encode());
  return bytes;
}

std::optional<Claim> read_claim(sync::Document const& document, Instant now) {
  auto const value = sync::shown_value(document, kClaimField);
  if (!value || value->empty()) return std::nullopt;
  ByteReader reader(*value);
  auto const until = reader.u64();
  if (!until) return std::nullopt;
  Claim claim{Author::decode(reader.rest()), from_unix_ms(static_cast<std::int64_t>(*until))};
  if (claim.until <= now) return std::nullopt;
  return claim;
}

Result<Remark> read_remark(std::string_view id, std::string_view value) {
  Remark remark;
  SOL_ASSIGN(remark.id, DocumentId::parse(id));
  ByteReader reader(value);
  SOL_ASSIGN(auto const to_author, reader.u8());
  SOL_ASSIGN(auto const at, reader.u64());
  SOL_ASSIGN(auto const by, reader.sized());
  remark.to_author = to_author != 0;
  remark.at = from_unix_ms(static_cast<std::int64_t>(at));
  remark.by = Author::decode(by);
  remark.text = reader.rest();
  return remark;
}

Result<Ballot> read_ballot(std::string_view value) {
  Ballot ballot;
  ByteReader reader(value);
  SOL_ASSIGN(auto const name, reader.sized());
  SOL_ASSIGN(auto const at, reader.u64());
  SOL_ASSIGN(auto const by, reader.sized());
  auto const vote = model::parse_vote(name);
  if (!vote) return fail(Code::unsupported, "an unknown vote");
  ballot.vote = *vote;
  ballot.at = from_unix_ms(static_cast<std::int64_t>(at));
  ballot.by = Author::decode(by);
  ballot.why = reader.rest();
  return ballot;
}

bool moderates(Actor const& actor, NodeName const& node) {
  return actor.works_for(node) && actor.may(schema::Permission::see_queue);
}

std::unexpected<Error> not_yours() {
  return fail(Code::denied, "Votre compte ne permet pas cette action sur cette fiche.");
}

}  // namespace

bool votes(Actor const& actor, WorkingCopy const& copy) {
  return actor.may(schema::Permission::vote) && actor.author.node == copy.node;
}

sync::DocumentKey review_key(sync::DocumentKey const& record) {
  auto const sum = sha256(cat("review/", record.id.bytes()));
  return {record.scope,
          *DocumentId::from_bytes(std::string_view(sum).substr(0, DocumentId::kSize))};
}

std::vector<sync::DocumentKey> documents_of(sync::DocumentKey const& record) {
  std::vector<sync::DocumentKey> keys{record, review_key(record)};
  if (auto const node = NodeName::parse(record.scope.owner()); node)
    keys.push_back({ScopeId::published(*node), record.id});
  return keys;
}

namespace {

// nullopt: nothing was said or done around the record.
Result<std::optional<sync::Document>> review_of(Instance const& instance,
                                                sync::DocumentKey const& record) {
  SOL_ASSIGN(auto stored, instance.store.get(review_key(record)));
  if (!stored || !sync::is_alive(stored->document)) return std::nullopt;
  return std::move(stored->document);
}

}  // namespace

ReviewWords words_of(sync::Document const& review, std::string_view account) {
  ReviewWords words;
  if (auto const record = sync::shown_value(review, kRecordField); record)
    words.record = DocumentId::from_bytes(*record).value_or(DocumentId());
  for (auto const& [key, versions] : review.fields) {
    std::string_view const name = key;
    auto const& value = sync::shown(versions).value;
    if (name.starts_with(kRemarkPrefix)) {
      auto remark = read_remark(name.substr(kRemarkPrefix.size()), value);
      if (remark && remark->by.account == account) words.remarks.push_back(*std::move(remark));
    } else if (name.starts_with(kBallotPrefix)) {
      auto ballot = read_ballot(value);
      if (ballot && ballot->by.account == account) words.ballots.push_back(*std::move(ballot));
    }
  }
  return words;
}

Result<Review> Reviews::read(WorkingCopy const& copy) const {
  Review review;
  SOL_ASSIGN(auto const document, review_of(instance_, copy.key));
  if (!document) return review;
  review.claim = read_claim(*document, instance_.clock.now());
  for (auto const& [key, versions] : document->fields) {
    std::string_view const name = key;
    auto const& value = sync::shown(versions).value;
    // What a newer program wrote in a way that this one cannot read is left out.
    if (name.starts_with(kRemarkPrefix)) {
      if (auto remark = read_remark(name.substr(kRemarkPrefix.size()), value); remark)
        review.remarks.push_back(*std::move(remark));
    } else if (name.starts_with(kBallotPrefix) && copy.asked_at) {
      if (auto ballot = read_ballot(value); ballot && ballot->at >= *copy.asked_at)
        review.ballots.push_back(*std::move(ballot));
    }
  }
  std::ranges::sort(review.remarks, {}, &Remark::id);
  std::ranges::sort(review.ballots, {}, &Ballot::at);
  return review;
}

Result<Review> Reviews::read(Actor const& actor, WorkingCopy const& copy) const {
  SOL_ASSIGN(auto review, read(copy));
  if (moderates(actor, copy.node)) return review;
  std::erase_if(review.remarks, [](Remark const& remark) { return !remark.to_author; });
  review.ballots.clear();
  review.claim.reset();
  return review;
}

std::optional<Claim> Reviews::claim_of(sync::DocumentKey const& record) const {
  auto const document = review_of(instance_, record);
  if (!document || !*document) return std::nullopt;
  return read_claim(**document, instance_.clock.now());
}

store::Commit Reviews::commit_of(Actor const& actor, WorkingCopy const& copy,
                                 std::vector<sync::FieldEdit> edits,
                                 std::string_view reason) const {
  edits.push_back({std::string(kRecordField), Bytes(copy.key.id.bytes())});
  store::Commit commit{
      .now = instance_.clock.now(), .author = actor.author.encode(), .reason = std::string(reason)};
  commit.documents.push_back(
      {.key = review_key(copy.key), .type = std::string(kReviewType), .fields = std::move(edits)});
  return commit;
}

Result<> Reviews::write(Actor const& actor, WorkingCopy const& copy,
                        std::vector<sync::FieldEdit> edits, std::string_view reason) {
  SOL_TRY(instance_.store.commit(commit_of(actor, copy, std::move(edits), reason)));
  return {};
}

Result<Claim> Reviews::claim(Actor const& actor, WorkingCopy const& copy, bool take_over) {
  if (!moderates(actor, copy.node)) return not_yours();
  auto const held = claim_of(copy.key);
  if (held && held->by.account != actor.author.account && !take_over) {
    return fail(Code::conflict, cat(held->by.name, " relit cette fiche en ce moment."));
  }
  Claim const claim{actor.author, instance_.clock.now() + kClaimLife};
  SOL_TRY(write(actor, copy, {{std::string(kClaimField), encode(claim)}}, "claimed"));
  return claim;
}

Result<> Reviews::release(Actor const& actor, WorkingCopy const& copy) {
  auto const held = claim_of(copy.key);
  if (!held || held->by.account != actor.author.account) return {};
  return write(actor, copy, {{std::string(kClaimField), Bytes()}}, "released");
}

Result<store::Commit> Reviews::remark(Actor const& actor, WorkingCopy const& copy,
                                      std::string_view typed, bool to_author) const {
  bool const own = !copy.owner.account.empty() && copy.owner.account == actor.author.account;
  if (!moderates(actor, copy.node) && !own) return not_yours();
  auto const text = text::normalise_lines(text::clean(typed));
  if (text.empty()) return fail(Code::invalid, "Le message est vide : écrivez-le, puis envoyez.");
  if (text::length(text) > kRemarkCharactersMax) {
    return fail(Code::invalid,
                cat("Ce message est trop long : ", kRemarkCharactersMax, " caractères au plus."));
  }
  SOL_ASSIGN(auto const review, read(copy));
  if (review.remarks.size() >= kRemarksMax) {
    return fail(Code::exhausted,
                "Cette conversation est devenue très longue : continuez par téléphone.");
  }
  auto const now = instance_.clock.now();
  Bytes value;
  ByteWriter(value)
      .u8(to_author || own ? 1 : 0)
      .u64(static_cast<std::uint64_t>(to_unix_ms(now)))
      .sized(actor.author.encode())
      .raw(text);
  auto const id = DocumentId::make(now, instance_.rng);
  return commit_of(actor, copy, {{cat(kRemarkPrefix, id.to_string()), std::move(value)}}, "said");
}

Result<> Reviews::vote(Actor const& actor, WorkingCopy const& copy, model::Vote vote,
                       std::string_view typed) {
  if (!moderates(actor, copy.node) || !votes(actor, copy)) return not_yours();
  if (copy.state != model::State::in_committee || !copy.asked_at) {
    return fail(Code::conflict, "Le comité n’a plus à se prononcer sur cette fiche.");
  }
  auto const why = text::normalise_lines(text::clean(typed));
  if (text::length(why) > kRemarkCharactersMax) {
    return fail(Code::invalid, cat("Cette raison est trop longue : ", kRemarkCharactersMax,
                                   " caractères au plus."));
  }
  if (vote == model::Vote::no && why.empty()) {
    return fail(Code::invalid,
                "Un vote contre se motive : l’auteur ou l’autrice doit savoir pourquoi.");
  }
  Bytes value;
  ByteWriter(value)
      .sized(model::vote_name(vote))
      .u64(static_cast<std::uint64_t>(to_unix_ms(instance_.clock.now())))
      .sized(actor.author.encode())
      .raw(why);
  return write(actor, copy, {{cat(kBallotPrefix, actor.author.account), std::move(value)}},
               "voted");
}

Result<std::optional<store::DocumentEdit>> end_of_claim(Instance const& instance,
                                                        sync::DocumentKey const& record) {
  SOL_ASSIGN(auto const document, review_of(instance, record));
  if (!document || !read_claim(*document, instance.clock.now())) return std::nullopt;
  return store::DocumentEdit{.key = document->key, .fields = {{std::string(kClaimField), Bytes()}}};
}

}  // namespace solidaires::service
