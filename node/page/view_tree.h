// Where View meets the Mustache library. For view.cc and templates.cc alone.
#pragma once

#include <kainjow/mustache.hpp>

#include "node/page/view.h"

namespace solidaires::page {

struct View::Tree {
  kainjow::mustache::data data{kainjow::mustache::data::type::object};
};

}  // namespace solidaires::page
