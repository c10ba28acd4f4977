#include "node/portal/public_form.h"

#include <algorithm>

#include "node/http/csrf.h"
#include "node/text/fold.h"

namespace solidaires::portal {

http::Response form_frame(Context const& context, FormFrame frame, page::View& view) {
  auto const site = context.site();
  view.text("phone", site->identity().phone)
      .text("phone_link", page::phone_link(site->identity().phone))
      .text("email", site->identity().email);
  page::PageInfo info;
  info.breadcrumb = std::move(frame.trail);
  info.breadcrumb.push_back({frame.title, ""});
  info.title = std::move(frame.title);
  if (!frame.path.empty()) info.translation = context.translation(frame.path);
  info.main_class = "wrap page narrow";
  info.noindex = true;
  return http::Response::html(site->page(info, frame.name, view), frame.status);
}

void FormProblems::add(std::string_view field, std::string message) {
  problems_.emplace_back(field, std::move(message));
}

void FormProblems::show(page::View& view, Context const& context,
                        std::vector<std::string_view> const& fields) const {
  std::vector<page::View> list;
  for (auto const& [field, message] : problems_) {
    list.push_back(std::move(page::View()
                                 .text("href", field.empty() ? std::string() : cat('#', field))
                                 .text("message", message)));
  }
  view.flag("has_problems", !list.empty());
  view.text("problem_heading", context.say(list.size() > 1 ? "Des points sont à corriger"_fr
                                                           : "Un point est à corriger"_fr));
  view.list("problems", std::move(list));
  for (auto const field : fields) {
    auto const found =
        std::ranges::find_if(problems_, [&](auto const& one) { return one.first == field; });
    view.text(cat(field, "_error"), found == problems_.end() ? std::string_view() : found->second);
  }
}

bool may_send(Context const& context, http::Request const& request, FormProblems& problems) {
  if (auto const ours = http::check_anonymous(request); !ours) {
    problems.add(
        {},
        context.say(
            "Le formulaire n’a pas pu être vérifié. Envoyez-le de nouveau depuis cette page."_fr));
    return false;
  }
  if (!context.post->limiter.allow(http::rate_key(request.peer), context.instance.clock.now())) {
    problems.add(
        {}, context.say("Trop d’envois ont été faits depuis cette connexion. Réessayez dans un "
                        "quart d’heure, ou appelez-nous."_fr));
    return false;
  }
  return true;
}

bool is_trapped(http::Request const& request) {
  return !request.form.get(kTrapField).empty();
}

std::string typed_text(http::Request const& request, std::string_view field, std::size_t max) {
  return text::normalise_lines(text::clean(text::beginning(request.form.get(field), max)));
}

std::string typed_line(http::Request const& request, std::string_view field, std::size_t max) {
  return text::single_line(text::clean(text::beginning(request.form.get(field), max)));
}

}  // namespace solidaires::portal
