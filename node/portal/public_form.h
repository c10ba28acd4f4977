// What the forms of visitors without an account have in common: where they may come from, how
// often, a field that only machines fill, and faults that are said twice, above the form and at the
// field. No token: such a form has no authority to borrow, and its page may be cached
// (node/http/csrf.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/http/rate_limiter.h"
#include "node/http/request.h"
#include "node/http/response.h"
#include "node/page/view.h"
#include "node/portal/context.h"

namespace solidaires::portal {

inline constexpr std::string_view kTrapField = "site_internet";  // no person sees it

// A page that one reads and leaves: narrow, never listed, with the ways to reach people in its
// view.
struct FormFrame {
  std::string title;
  std::string_view name;  // of the template
  std::string path;       // of the page in French, as GET of it shows it; empty: it has no twin
  int status = 200;
  std::vector<page::Link> trail{};
};
[[nodiscard]] http::Response form_frame(Context const& context, FormFrame frame, page::View& view);

// Faults of a form, in its order. One thread.
class FormProblems {
 public:
  // `field` is the id of the input, and its name.
  void add(std::string_view field, std::string message);
  [[nodiscard]] bool empty() const noexcept { return problems_.empty(); }
  // Sets has_problems, problem_heading, problems[href, message], and NAME_error for each field.
  void show(page::View& view, Context const& context,
            std::vector<std::string_view> const& fields) const;

 private:
  std::vector<std::pair<std::string, std::string>> problems_;
};

// A form that a page of ours sent, from a client that has not sent too many. What is wrong is added
// to `problems` without a field; what was typed is kept by the page that shows it.
[[nodiscard]] bool may_send(Context const& context, http::Request const& request,
                            FormProblems& problems);
// A machine filled it: to be answered as if all were well, and forgotten.
[[nodiscard]] bool is_trapped(http::Request const& request);
// As a person typed it: cleaned, lines kept; cut at `max` characters.
[[nodiscard]] std::string typed_text(http::Request const& request, std::string_view field,
                                     std::size_t max);
[[nodiscard]] std::string typed_line(http::Request const& request, std::string_view field,
                                     std::size_t max);

}  // namespace solidaires::portal
