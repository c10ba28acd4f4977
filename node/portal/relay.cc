#include "node/portal/relay.h"

#include "node/http/csrf.h"
#include "node/mail/address.h"
#include "node/page/wording.h"
#include "node/portal/letters.h"
#include "node/portal/pages.h"
#include "node/portal/public_form.h"
#include "node/portal/reports.h"
#include "node/text/fold.h"
#include "sync/base/log.h"

namespace solidaires::portal {
namespace {

using page::View;

constexpr std::size_t kNameCharactersMax = 100;
constexpr std::size_t kMessageCharactersMax = 4'000;
constexpr std::string_view kThanks = "/contacter/merci";  // in French

struct Typed {
  std::string name, address, again, text;
  bool copy = false;
};

Typed typed_in(http::Request const& request) {
  return {typed_line(request, "nom", kNameCharactersMax),
          typed_line(request, "courriel", mail::kAddressBytesMax),
          typed_line(request, "courriel_encore", mail::kAddressBytesMax),
          typed_text(request, "message", kMessageCharactersMax),
          !request.form.get("copie").empty()};
}

// Null: there is none that takes messages here.
service::RecordPtr record_of(Context const& context, schema::Type const& type,
                             http::Request const& request) {
  auto const found = context.catalogue.at(type, request.capture("address"));
  auto const* const held = found ? std::get_if<service::RecordPtr>(&*found) : nullptr;
  if (held == nullptr || !service::takes_messages(**held)) return nullptr;
  return *held;
}

http::Response form_page(Context const& context, service::PublicRecord const& record,
                         Typed const& typed, FormProblems const& problems, int status) {
  View view;
  view.flag("on", context.post->mail.on())
      .text("title", record.title)
      .text("href", context.address(record.path))
      .text("action", context.address(cat(record.path, "/contacter")))
      .text("nom", typed.name)
      .text("courriel", typed.address)
      .text("courriel_encore", typed.again)
      .text("message", typed.text)
      .flag("copie", typed.copy);
  problems.show(view, context, {"nom", "courriel", "courriel_encore", "message"});
  return form_frame(context,
                    {.title = context.say("Écrire à {}"_fr, record.title),
                     .name = "portal/relay_form",
                     .path = cat(record.path, "/contacter"),
                     .status = status,
                     .trail = {{text::capitalised(record.type->plural.in(context.language())),
                                context.address(cat('/', record.type->prefix))},
                               {record.title, context.address(record.path), true}}},
                    view);
}

mail::Letter letter_of(Context const& context, service::PublicRecord const& record,
                       Typed const& typed, service::RelayedMessage const& message, bool copy) {
  auto const base = context.site()->identity().base_url;
  auto view = letter_view(context);
  view.text("title", record.title)
      .text("url", base + context.address(record.path))
      .text("name", typed.name)
      .text("from", message.from)
      .text("message", typed.text)
      .text("abuse_url", base + context.address(cat("/contacter/abus/", message.abuse_token)))
      .flag("copy", copy);
  return make_letter(context, "mail/relay", view);
}

// To whom the record is of, in French; a copy in the language of the page that was written on.
std::vector<mail::Letter> letters_of(Context const& context, service::PublicRecord const& record,
                                     Typed const& typed, service::RelayedMessage const& message) {
  auto letter = letter_of(context.in_french(), record, typed, message, false);
  letter.to = message.receiver;
  letter.reply_to = message.from;
  letter.automatic = false;
  letter.subject = context.in_french().say("Message de {}\u00a0: {}"_fr, typed.name, record.title);
  std::vector<mail::Letter> letters{std::move(letter)};
  if (!typed.copy) return letters;
  auto copy = letter_of(context, record, typed, message, true);
  copy.to = message.from;
  copy.subject = context.say("Copie de votre message\u00a0: {}"_fr, record.title);
  letters.push_back(std::move(copy));
  return letters;
}

FormProblems faults_in(Context const& context, Typed const& typed) {
  FormProblems problems;
  auto const address = mail::parse_address(typed.address);
  if (typed.name.empty()) problems.add("nom", context.say("Dites comment vous vous appelez."_fr));
  if (!address) {
    problems.add("courriel", context.say("Sans adresse complète, comme « prenom@exemple.fr », "
                                         "personne ne pourra vous répondre."_fr));
  }
  if (typed.copy && (!address || mail::parse_address(typed.again) != address)) {
    problems.add("courriel_encore",
                 context.say("Pour recevoir une copie, écrivez deux fois la même adresse : elle "
                             "part sans autre vérification."_fr));
  }
  if (typed.text.empty()) problems.add("message", context.say("Le message est vide."_fr));
  return problems;
}

http::Response send(Context const& context, service::PublicRecord const& record,
                    http::Request const& request) {
  auto const typed = typed_in(request);
  FormProblems problems;
  if (!context.post->mail.on()) return form_page(context, record, typed, problems, 503);
  if (!may_send(context, request, problems))
    return form_page(context, record, typed, problems, 429);
  if (is_trapped(request)) return http::Response::redirect(context.address(kThanks));
  problems = faults_in(context, typed);
  if (!problems.empty()) return form_page(context, record, typed, problems, 422);
  auto const sent =
      context.post->relay.send(record, typed.address, [&](service::RelayedMessage const& message) {
        return letters_of(context, record, typed, message);
      });
  if (sent)
    return counted(http::Response::redirect(context.address(kThanks)), service::usage::kContact);
  bool const enough = sent.error().code() == Code::exhausted;
  if (!enough) log_error("relay.failed", {{"error", sent.error().to_string()}});
  problems.add({}, context.say(enough ? "Assez de messages ont été transmis aujourd’hui. Réessayez "
                                        "demain, ou appelez-nous."_fr
                                      : "Votre message n’a pas pu être transmis. Réessayez dans un "
                                        "instant, ou appelez-nous."_fr));
  return form_page(context, record, typed, problems, enough ? 429 : 503);
}

http::Response abuse_page(Context const& context, http::Request const& request) {
  View view;
  auto const abuse = context.post->relay.find(request.capture("token"));
  view.flag("known", abuse.has_value());
  auto const framed = [&](page::Text title, int status) {
    return form_frame(context,
                      {.title = context.say(title),
                       .name = "portal/relay_abuse",
                       .path = cat("/contacter/abus/", request.capture("token")),
                       .status = status},
                      view);
  };
  if (!abuse) return framed("Ce lien n’est plus valable"_fr, 410);
  if (request.is_safe() || !http::check_anonymous(request)) {
    auto response = framed("Signaler un message"_fr, 200);
    response.secret = true;
    return response;
  }
  auto const record = context.catalogue.get(abuse->record);
  auto const words = typed_text(request, "quoi", service::kReportCharactersMax);
  service::NewReport const report{
      .kind = service::ReportKind::message,
      .page = record && *record ? (*record)->path : std::string(),
      .what = words.empty() ? "La personne n’a pas donné de précision." : words};
  auto const blocked = context.post->relay.block(*abuse);
  if (!blocked || !file_report(context, report)) return error_page(context, 500, &request);
  view.flag("done", true);
  return framed("Merci, c’est signalé"_fr, 200);
}

}  // namespace

std::string relay_href(Context const& context, service::PublicRecord const& record) {
  if (!service::takes_messages(record)) return {};
  if (record.node == context.instance.self) {
    bool const on = context.post != nullptr && context.post->mail.on();
    return on ? context.address(cat(record.path, "/contacter")) : std::string();
  }
  for (auto const& node : context.instance.directory.nodes()) {
    if (node.name == record.node && !node.base_url.empty())
      return cat(node.base_url, record.path, "/contacter");
  }
  return {};
}

void add_relay_routes(http::Router& router, Context const& context) {
  for (auto const& type : context.instance.model.types()) {
    auto const answer = [&context, &type](http::Request const& request) {
      auto const record = record_of(context, type, request);
      if (!record || context.post == nullptr) return error_page(context, 404, &request);
      // Its own portal knows the address to write to.
      if (record->node != context.instance.self) {
        auto const there = relay_href(context, *record);
        return there.empty() ? error_page(context, 404, &request) : http::Response::redirect(there);
      }
      return request.is_safe() ? form_page(context, *record, {}, {}, 200)
                               : send(context, *record, request);
    };
    auto const path = context.address(cat('/', type.prefix, "/{address}/contacter"));
    router.get(path, answer);
    router.post(path, answer);
  }
  router.get(context.address(kThanks), [&context](http::Request const& /*request*/) {
    View view;
    return form_frame(context,
                      {.title = context.say("Votre message est parti"_fr),
                       .name = "portal/relay_thanks",
                       .path = std::string(kThanks)},
                      view);
  });
  auto const abuse = [&context](http::Request const& request) {
    return context.post == nullptr ? error_page(context, 404, &request)
                                   : abuse_page(context, request);
  };
  router.get(context.address("/contacter/abus/{token}"), abuse);
  router.post(context.address("/contacter/abus/{token}"), abuse);
}

}  // namespace solidaires::portal
