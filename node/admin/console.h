// The region's console, thin for now: the state of every node and link as this instance knows it.
// It decides nothing; it shows what NetworkStatus tells to those who may see it.
#pragma once

#include <functional>
#include <memory>

#include "node/admin/network_status.h"
#include "node/http/router.h"
#include "node/office/office.h"
#include "node/page/site.h"
#include "node/service/instance.h"

namespace solidaires::admin {

struct Context {
  service::Instance const& instance;
  office::Office& office;
  NetworkStatus const& network;
  std::function<std::shared_ptr<page::Site const>()> site;
};

class Console {
 public:
  explicit Console(Context context) : context_(std::move(context)) {}
  // The console is kept by reference.
  void add_routes(http::Router& router);

 private:
  [[nodiscard]] http::Response network(http::Request const& request) const;
  Context context_;
};

}  // namespace solidaires::admin
