// Brings here the files that documents refer to, over the links, and clears away those that nobody
// refers to any more. Part of Replication, which owns it and passes on what the links tell. On the
// IO thread, except where said; the disk is touched on the workers.
#pragma once

#include <memory>

#include "node/replication/file_requests.h"
#include "node/store/store.h"
#include "schema/file_reference.h"
#include "sync/net/links.h"

namespace solidaires::replication {

class FileExchange {
 public:
  // True for the scopes whose files are fetched as soon as a document names them; those of other
  // scopes come when somebody asks. Any thread.
  using IsEager = std::function<bool(ScopeId const&)>;

  FileExchange(boost::asio::io_context& io, net::Workers& workers, store::Store& store,
               net::Links& links, Clock const& clock, IsEager is_eager);
  ~FileExchange();  // after stop() has called back

  void start();
  void stop(std::function<void()> done);

  // From the observer of the store: any thread, short.
  void committed(store::CommitNotice const& notice);
  void told(NodeName const& peer, sync::Notice const& notice);
  void ended(NodeName const& peer);

  // Any thread but the IO thread; blocks for at most `within`. Code::timeout: it may come later;
  // unavailable: no link is up that could bring it; busy: too many wait already.
  Result<> fetch(sync::DocumentKey const& document, schema::FileReference const& file,
                 Millis within);
  [[nodiscard]] FileCounts counts() const;  // any thread

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace solidaires::replication
