#include "node/service/references.h"

#include <algorithm>

#include "node/model/workflow.h"
#include "node/service/working_copy.h"
#include "schema/value.h"

namespace solidaires::service {
namespace {

constexpr std::size_t kRemarks = 100;
constexpr std::uint64_t kToldEvery = 1'000;

// The records that the fields of a public copy name: elements of a set by their key, others by
// their value.
std::vector<DocumentId> named_by(sync::Document const& document) {
  std::vector<DocumentId> named;
  for (auto const& [key, versions] : document.fields) {
    if (key.starts_with('_')) continue;
    if (auto const slash = key.find('/'); slash != std::string::npos) {
      auto const id = DocumentId::parse(std::string_view(key).substr(slash + 1));
      if (id && sync::shown_value(document, key)) named.push_back(*id);
      continue;
    }
    auto const value = schema::decode(sync::shown(versions).value);
    if (auto const* const id = std::get_if<DocumentId>(&value)) named.push_back(*id);
  }
  return named;
}

class References {
 public:
  References(store::View const& view, NodeName const& self,
             std::function<void(std::uint64_t)> const& told)
      : view_(view), self_(self), told_(told) {}

  Result<ReferenceReport> run() {
    SOL_ASSIGN(auto const scopes, view_.scopes());
    auto const is_public = [](ScopeId const& scope) {
      return scope.kind() == ScopeKind::published;
    };
    for (auto const& scope : scopes) {
      if (is_public(scope)) SOL_TRY(collect(scope));
    }
    std::ranges::sort(known_);
    for (auto const& scope : scopes) {
      if (is_public(scope)) SOL_TRY(check_public(scope));
    }
    SOL_TRY(check_working_copies());
    return std::move(report_);
  }

 private:
  using Visit = std::function<void(store::StoredDocument const&)>;
  Result<> each_alive(ScopeId const& scope, Visit const& visit) const {
    return view_.each_document(scope, DocumentId(), [&](store::StoredDocument const& stored) {
      if (sync::is_alive(stored.document)) visit(stored);
      return true;
    });
  }

  void remark(sync::DocumentKey const& key, std::string_view what) {
    ++report_.remarks_in_all;
    if (report_.remarks.size() >= kRemarks) return;
    report_.remarks.push_back(cat(key.scope.to_string(), ' ', key.id.to_string(), ": ", what));
  }

  [[nodiscard]] bool is_known(DocumentId const& id) const {
    return std::ranges::binary_search(known_, id);
  }

  Result<> collect(ScopeId const& scope) {
    return each_alive(scope, [&](store::StoredDocument const& stored) {
      known_.push_back(stored.document.key.id);
      if (++report_.records % kToldEvery == 0 && told_) told_(report_.records);
    });
  }

  Result<> check_public(ScopeId const& scope) {
    Result<> failed;
    SOL_TRY(each_alive(scope, [&](store::StoredDocument const& stored) {
      auto const& key = stored.document.key;
      for (auto const& id : named_by(stored.document)) {
        ++report_.references;
        if (!is_known(id)) remark(key, cat("names the record ", id.to_string(), ", not held here"));
      }
      if (scope != ScopeId::published(self_)) return;
      auto const working = view_.get({ScopeId::office(self_), key.id});
      if (!working) {
        failed = std::unexpected(working.error());
      } else if (!*working) {
        remark(key, "a public copy without a working copy");
      }
    }));
    return failed;
  }

  Result<> check_working_copies() {
    auto const published = model::state_name(model::State::published);
    return each_alive(ScopeId::office(self_), [&](store::StoredDocument const& stored) {
      auto const state = sync::shown_value(stored.document, engine::kState);
      if (state && *state == published && !is_known(stored.document.key.id)) {
        remark(stored.document.key, "said to be published, and there is no public copy");
      }
    });
  }

  store::View const& view_;
  NodeName const& self_;
  std::function<void(std::uint64_t)> const& told_;
  ReferenceReport report_;
  std::vector<DocumentId> known_;  // alive public copies
};

}  // namespace

Result<ReferenceReport> check_references(store::View const& view, NodeName const& self,
                                         std::function<void(std::uint64_t)> const& told) {
  return References(view, self, told).run();
}

}  // namespace solidaires::service
