#include "node/portal/renewal.h"

#include "node/page/wording.h"
#include "node/portal/letters.h"
#include "node/portal/pages.h"
#include "node/portal/public_form.h"
#include "node/service/renewal.h"

namespace solidaires::portal {
namespace {

using page::View;
using service::Answer;

struct Offered {
  std::string_view name;
  Answer answer;
  std::string_view thanks, counted_as;
};

constexpr std::array<Offered, 4> kAnswers{{
    {"toujours", Answer::still, "C’est noté : la fiche reste en ligne, datée d’aujourd’hui.",
     service::usage::kConfirmed},
    {"pourvue-ici", Answer::filled_here,
     "Bravo, et merci de nous le dire : la fiche indique maintenant que c’est pourvu.",
     service::usage::kFilledHere},
    {"pourvue", Answer::filled,
     "Merci de nous le dire : la fiche indique maintenant que c’est pourvu.",
     service::usage::kFilled},
    {"retirer", Answer::withdrawn, "C’est noté : la fiche indique maintenant qu’elle est retirée.",
     service::usage::kWithdrawn},
}};

mail::Letter letter_for(Context const& context, service::Reminder const& reminder) {
  auto const base = context.site()->identity().base_url;
  auto const& copy = reminder.copy;
  auto view = letter_view(context);
  view.text("name", reminder.author.name)
      .text("title", copy.title)
      .text("public_url", cat(base, service::public_path(*copy.type, copy.key.id, copy.title)))
      .text("answer_url", cat(base, "/toujours-juste/", reminder.token))
      .flag("has_outcome", !copy.type->life.outcome.empty());
  if (reminder.ends_on) view.text("ends", page::date_text(*reminder.ends_on, page::Language::fr));
  auto letter = make_letter(context, "mail/reminder", view);
  letter.to = reminder.author.email;
  letter.subject = cat("Toujours d’actualité", page::kNbsp, "? ", copy.title);
  return letter;
}

http::Response answer_page(Context const& context, http::Request const& request,
                           std::string_view thanks, std::string_view error, int status) {
  View view;
  auto const copy = context.post->renewals.find(request.capture("token"));
  view.flag("known", copy.has_value()).text("thanks", thanks).text("error", error);
  if (copy) {
    view.text("title", copy->title)
        .text("href", service::public_path(*copy->type, copy->key.id, copy->title))
        .flag("has_outcome", !copy->type->life.outcome.empty());
  }
  auto response = form_frame(context,
                             {.title = "Toujours d’actualité ?",
                              .name = "portal/renewal",
                              .path = {},
                              .status = copy ? status : 404},
                             view);
  response.secret = true;
  return response;
}

http::Response answer(Context const& context, http::Request const& request) {
  auto const chosen = request.form.get("reponse");
  auto const* const offered = std::ranges::find(kAnswers, chosen, &Offered::name);
  if (offered == kAnswers.end())
    return answer_page(context, request, {}, "Choisissez l’une des réponses.", 422);
  auto const done = context.post->renewals.answer(request.capture("token"), offered->answer);
  if (!done) {
    bool const gone = done.error().code() == Code::not_found;
    return answer_page(context, request, {}, done.error().message(), gone ? 404 : 422);
  }
  return counted(answer_page(context, request, offered->thanks, {}, 200), offered->counted_as);
}

}  // namespace

void add_renewal_routes(http::Router& router, Context const& context) {
  if (context.post == nullptr) return;
  // A link in a mail is opened by programs too: only pressing a button answers.
  router.get("/toujours-juste/{token}", [&context](http::Request const& request) {
    return answer_page(context, request, {}, {}, 200);
  });
  router.post("/toujours-juste/{token}",
              [&context](http::Request const& request) { return answer(context, request); });
}

Result<std::size_t> send_reminders(Context const& context, std::stop_token const& stop) {
  if (context.post == nullptr) return 0;
  return context.post->renewals.remind(
      [&context](service::Reminder const& reminder) { return letter_for(context, reminder); },
      stop);
}

}  // namespace solidaires::portal
