// Writes the first corpora of tests/fuzz: what the real encoders give, and a few shapes that
// readers get wrong. Usage: fuzz_corpora DIRECTORY. The same bytes at every run.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "node/http/target.h"
#include "node/store/history.h"
#include "node/store/keys.h"
#include "schema/value.h"
#include "sync/base/hash.h"
#include "sync/base/limits.h"
#include "sync/core/link_token.h"
#include "sync/net/enrolment.h"
#include "sync/net/succession.h"
#include "sync/wire/document_codec.h"
#include "sync/wire/frame_codec.h"
#include "tests/fuzz/fuzz.h"

using namespace solidaires;

namespace {

namespace fs = std::filesystem;
fs::path root;

void put(std::string_view target, std::string_view name, std::string_view bytes) {
  fs::create_directories(root / target);
  std::ofstream(root / target / cat("seed-", name), std::ios::binary) << bytes;
}
Bytes with(std::uint8_t choice, std::string_view bytes) {
  Bytes out;
  ByteWriter(out).u8(choice).raw(bytes);
  return out;
}

SeededRng rng{3};
Instant const kNoon = from_unix_ms(1'700'000'000'000);
ScopeId const kOffice = ScopeId::parse("office/isere").value();
ScopeId const kPublic = ScopeId::parse("public/isere").value();

sync::Document a_document(ScopeId const& scope, std::uint64_t counter) {
  sync::Document document{{scope, DocumentId::make(kNoon, rng)}, "structure", {}, {}};
  sync::write(document,
              {{"_existence", "alive"}, {"name", "Le Pr\xc3\xa9"}, {"tags/food", "\x08\x01"}}, {},
              {ReplicaId{0xb}, counter}, kNoon);
  return document;
}
sync::Document in_conflict(sync::Document document) {
  auto other = document;
  sync::write(document, {{"name", "ours"}}, document.context, {ReplicaId{0xa}, 5}, kNoon);
  sync::write(other, {{"name", "theirs"}, {"_existence", "deleted"}}, other.context,
              {ReplicaId{0xc}, 9}, kNoon);
  return sync::merge(document, other);
}

sync::DigestTree a_tree(std::uint64_t size) {
  sync::DigestTree tree;
  SeededRng own(5);
  for (std::uint64_t i = 0; i < size; ++i) {
    tree.set(DocumentId::make(kNoon, own), sync::Fingerprint{static_cast<std::uint8_t>(i)});
  }
  return tree;
}
// What is asked after the answer to the first.
sync::Question further_question() {
  auto const here = a_tree(600);
  auto const first = first_question(here);
  return compare(here, first, answer(a_tree(900), first)).value().next;
}

void reconciliation() {
  using namespace sync;
  auto const first = first_question(a_tree(40));
  auto const ask = [](Question const& question) {
    return encode_frame(Probe{kPublic, 1, {}, question, {}}).value();
  };
  auto const say = [](Answer const& answer) {
    return encode_frame(ProbeReply{kPublic, 1, ProbeOutcome::differs, answer}).value();
  };
  auto const sets = [](std::uint8_t kind) { return Bytes{static_cast<char>(kind), 7, 90, 1, 9}; };
  put("reconciliation", "first", sets(0) + ask(first));
  put("reconciliation", "further", sets(0) + ask(further_question()));
  put("reconciliation", "split", sets(1) + Bytes(2, '\0') + say(answer(a_tree(900), first)));
  put("reconciliation", "listing", sets(1) + Bytes(2, '\0') + say(answer(a_tree(20), first)));
  put("reconciliation", "deeper",
      sets(1) + fuzz::sized_part(ask(further_question())) +
          say(answer(a_tree(900), further_question())));
  put("reconciliation", "honest", sets(2));
  put("reconciliation", "spoilt", sets(2) + rng.bytes(60));
}

std::vector<sync::Frame> frames() {
  using namespace sync;
  Hello hello;
  hello.features = 15;
  hello.node = NodeName::parse("isere").value();
  hello.replica = ReplicaId{0xb};
  hello.counter = 41;
  hello.link_token = "0123456789abcdef";
  hello.software = "solidaires 0.1.0";
  hello.model_version = make_model_version(1, 2);
  hello.wall_clock_ms = to_unix_ms(kNoon);
  auto const group = ScopeId::group(DocumentId::make(kNoon, rng));
  auto const one = a_document(kOffice, 1);
  return {
      hello,
      Welcome{"0123456789abcdef"},
      Offer{{kOffice, kPublic, ScopeId::parse("network/aura").value(), group}},
      Subscribe{kOffice, Sequence{17}},
      Batch{kOffice, 1, Sequence{17}, Sequence{19}, Sequence{19}, {one, in_conflict(one)}, {}},
      Batch{kOffice, 1, Sequence{30}, Sequence{32}, Sequence{32}, {}, {}},
      Ack{kOffice, 1, Sequence{19}},
      Nack{kOffice, 1, Sequence{17}, NackReason::quarantine, "a document cannot be read"},
      Status{{{kOffice, Sequence{19}, Sequence{17}}}, 2500, 1'000'000, 2, 3},
      Probe{kPublic, 1, {Sequence{3}, Sequence{4}}, first_question(a_tree(40)), {}},
      Probe{kPublic, 2, {Sequence{3}, Sequence{4}}, further_question(), {}},
      Probe{kPublic, 3, {Sequence{3}, Sequence{4}}, {}, {one.key.id}},
      ProbeReply{kPublic, 1, ProbeOutcome::equal, {}},
      ProbeReply{kPublic, 1, ProbeOutcome::differs, answer(a_tree(40), first_question(a_tree(2)))},
      ProbeReply{kPublic, 2, ProbeOutcome::differs, answer(a_tree(900), further_question())},
      BlobWant{1, one.key.scope, one.key.id, Bytes(32, 'h'), 262'144},
      BlobChunk{1, Bytes(32, 'h'), BlobAnswer::bytes, 0, 3, "abc"},
      Withdraw{{kPublic, group}},
      Withdrawn{{group}},
      Ping{7},
      Pong{7},
      Close{CloseReason::busy, Millis{5000}, "come back later"}};
}

void frame_and_session() {
  std::size_t index = 0;
  for (auto const& frame : frames()) {
    auto const bytes = sync::encode_frame(frame).value();
    put("frame",
        sync::frame_name(frame) == "batch" ? cat("batch-", index)
                                           : std::string(sync::frame_name(frame)),
        bytes);
    // In a session as either end, after the greeting: the frame, then work, then chance.
    for (std::uint8_t end = 0; end < 2; ++end) {
      Bytes program;
      ByteWriter(program).u8(end).u8(0).u8(1).u8(5).u8(1).u8(1).raw(fuzz::sized_part(bytes));
      ByteWriter(program).raw(rng.bytes(200));
      put("link_session", cat(sync::frame_name(frame), "-", index, "-", end), program);
    }
    ++index;
  }
  put("frame", "unknown-kind", from_hex("fa0200").value());
  put("frame", "nested", Bytes(300, '\x0a'));
}

void documents() {
  auto const one = a_document(kPublic, 1);
  auto const two = in_conflict(one);
  auto far = one;
  far.fields.at("name").front().stamp_ms = limits::kStampMsMax;
  far.context.add({ReplicaId{1}, ~std::uint64_t{0}});
  auto broken = one;
  broken.fields.at("name").front().dot.counter = ~std::uint64_t{0};
  auto const pair = [](sync::Document const& a, sync::Document const& b) {
    return fuzz::sized_part(sync::encode_document(a)) + sync::encode_document(b);
  };
  put("document", "same", pair(one, one));
  put("document", "conflict", pair(one, two));
  put("document", "far", pair(far, two));
  put("document", "uncovered", pair(broken, far));
}

void store_bytes() {
  using namespace store;
  sync::DocumentKey const key{kOffice, DocumentId::make(kNoon, rng)};
  auto const document = in_conflict(a_document(kOffice, 1));
  put("store_bytes", "document-key", with(0, document_key(key)));
  put("store_bytes", "feed-key", with(1, feed_key(kOffice, sync::Sequence{7})));
  put("store_bytes", "type-key", with(2, type_key("structure", key)));
  put("store_bytes", "index-key", with(3, index_key({"name", Bytes("a\0b", 3)}, key)));
  put("store_bytes", "history-place",
      with(4, history_key(key, sync::Sequence{7}, 1).substr(history_prefix(key).size())));
  put("store_bytes", "scope", with(5, scope_prefix(kOffice) + "rest"));
  put("store_bytes", "feed-record", with(6, encode(FeedRecord{key.id, ReplicaId{9}})));
  put("store_bytes", "local-record", with(7, encode(LocalRecord{kNoon, "value"})));
  put("store_bytes", "blob-record", with(8, encode(BlobRecord{10, 5, "image/png", kNoon})));
  put("store_bytes", "number", with(9, number(42)));
  put("store_bytes", "record",
      with(10, encode_record({sync::Sequence{7}, sync::fingerprint(document)},
                             sync::encode_document(document))));
  HistorySource const source{
      .remote = true, .recorded_at = kNoon, .dot = {}, .author = "ann", .reason = "test"};
  for (auto const& record : tell(nullptr, document, source)) {
    put("store_bytes", cat("history-", record.entry.dot.counter), with(11, encode(record)));
  }
}

void enrolment() {
  auto const node = NodeName::parse("isere").value();
  net::EnrolmentToken const token{"hub.example:7443",
                                  NodeName::parse("aura").value(),
                                  node,
                                  rng.bytes(32),
                                  rng.bytes(20),
                                  kNoon};
  put("enrolment", "token", with(0, token.to_text()));
  auto const body = from_base64url(token.to_text().substr(11)).value();
  put("enrolment", "token-body", with(1, body.substr(0, body.size() - 4)));
  put("enrolment", "request",
      with(2, encode(net::EnrolmentRequest{node, rng.bytes(20), "-----BEGIN"})));
  put("enrolment", "issued", with(3, encode(net::Issued{"-----BEGIN C", "-----BEGIN R"})));
  put("enrolment", "record",
      with(4, sync::encode(sync::TokenRecord{ReplicaId{1}, 7, "one", "two"})));
  // Keys are drawn anew each time: this one alone is another at every run.
  auto const old = net::Authority::create(NodeName::parse("aura").value(), kNoon).value();
  auto const fresh = net::Authority::create(NodeName::parse("aura").value(), kNoon).value();
  net::Succession succession;
  if (net::add_successor(succession, old, fresh)) {
    put("enrolment", "succession", with(5, net::encode(succession)));
  }
}

void http_bytes() {
  put("http", "head",
      with(0,
           "GET /structures?q=caf%C3%A9&rayon=10 HTTP/1.1\r\nHost: exemple.fr\r\n"
           "Cookie: a=b; c=\"d\"\r\nAccept-Encoding: br, gzip;q=0.5\r\n\r\n"));
  put("http", "post", with(0, "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
  put("http", "smuggled",
      with(0,
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
           "Transfer-Encoding: chunked\r\n\r\n"));
  put("http", "chunked", with(1, "4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\nTrailer: a\r\n\r\nGET"));
  put("http", "target", with(2, "/a/../b/%C3%A9/?b=2&a=1&a=%zz"));
  put("http", "multipart",
      with(3,
           "--x\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n"
           "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n"
           "Content-Type: text/plain\r\n\r\nfile\r\n--x--\r\n"));
  put("http", "cookies", with(4, "a=b; session=\"x\"; =; ;;c"));
  put("http", "file-name", with(4, "../..\\con:\x01/\xc3\xa9t\xc3\xa9.tar.gz"));
}

void content() {
  using namespace schema;
  Schedule schedule;
  schedule.start = {Date{std::chrono::year{2026}, std::chrono::month{11}, std::chrono::day{24}},
                    600};
  schedule.rule = "FREQ=WEEKLY;BYDAY=TU;COUNT=10";
  Address address;
  address.lines = {"1 rue"};
  address.commune_code = "38185";
  address.point = Point{45.18, 5.72};
  Price price;
  price.kind = PriceKind::amounts;
  price.amounts = {{Money{1250, "EUR"}, "plein"}};
  std::vector<Value> const values{Present{},
                                  std::string("Le Pré"),
                                  std::int64_t{-5},
                                  Decimal{45, 1},
                                  true,
                                  schedule.start.date,
                                  schedule.start,
                                  Money{5, "CHF"},
                                  address,
                                  schedule,
                                  price,
                                  ExternalId{"siret", "12345678901234", schedule.start.date},
                                  DocumentId::make(kNoon, rng),
                                  Agreement{"esus", "DDETS", "1", schedule.start.date, {}},
                                  Picture{"https://a/b.png", "alt", "credit"},
                                  Link{"https://a", "b"}};
  Bytes all;
  for (std::uint8_t type = 0; type < 3; ++type) {
    all = {static_cast<char>(type), '\0'};
    std::uint8_t field = 0;
    for (auto const& value : values)
      ByteWriter(all).u8(field += 3).raw(fuzz::sized_part(encode(value)));
    put("content", cat("values-", type), all);
  }
  put("content", "form",
      with(0, with(1,
                   "name=Le+Pr%C3%A9&address.lines=1+rue&address.postal_code=38000"
                   "&phone=0476000000&email=a@b.fr&website=exemple.fr&tags=a,b")));
  put("content", "form-event",
      with(1, with(1,
                   "title=March%C3%A9&schedule.start_date=2026-12-01&"
                   "schedule.start_time=10:00&schedule.repeat=weekly&schedule.days=tu&schedule."
                   "until=9999-12-31&"
                   "price.kind=amounts&price.amount.0=12,50&price.amount.0.label=plein")));
  Bytes cells{'\0', '\2'};
  for (std::uint8_t i = 0; i < 40; ++i) {
    ByteWriter(cells).u8(i).raw(fuzz::sized_part(i % 2 == 0 ? "oui" : "12/12/2026"));
  }
  put("content", "cells", cells);
}

void tables() {
  put("table", "comma", "name,city\n\"Le Pr\xc3\xa9\",Grenoble\n\"a\"\"b\",\"x\ny\"\n");
  put("table", "semicolon-latin", "nom;ville\nLe Pr\xe9;Chamb\xe9ry\n");
  put("table", "utf16",
      Bytes("\xff\xfe"
            "a\0;\0b\0\n\0"
            "1\0;\0"
            "2\0\n\0",
            18));
  put("table", "unclosed", "a\tb\n\"c\td\ne\tf\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: fuzz_corpora DIRECTORY\n";
    return 2;
  }
  root = argv[1];
  frame_and_session();
  documents();
  reconciliation();
  store_bytes();
  enrolment();
  http_bytes();
  content();
  tables();
  return 0;
}
