#include "node/office/device.h"

#include <array>
#include <span>

#include "node/http/cookies.h"
#include "node/office/letters.h"
#include "node/service/devices.h"
#include "sync/base/log.h"

namespace solidaires::office {
namespace {

constexpr std::string_view kCookie = "device";

struct Sign {
  std::string_view token, name;
};
// The first that is found counts: most browsers name those that they resemble.
constexpr std::array kBrowsers = std::to_array<Sign>({{"Edg", "Edge"},
                                                      {"OPR/", "Opera"},
                                                      {"SamsungBrowser/", "Samsung Internet"},
                                                      {"Firefox/", "Firefox"},
                                                      {"FxiOS/", "Firefox"},
                                                      {"CriOS/", "Chrome"},
                                                      {"Chrome/", "Chrome"},
                                                      {"Safari/", "Safari"}});
constexpr std::array kSystems = std::to_array<Sign>({{"iPhone", "iPhone"},
                                                     {"iPad", "iPad"},
                                                     {"Android", "Android"},
                                                     {"Windows", "Windows"},
                                                     {"Mac OS X", "Mac"},
                                                     {"CrOS", "ChromeOS"},
                                                     {"Linux", "Linux"}});

std::string_view named(std::span<Sign const> signs, std::string_view user_agent) {
  for (auto const& sign : signs) {
    if (user_agent.contains(sign.token)) return sign.name;
  }
  return {};
}

void tell(Context const& context, service::Account const& account, std::string const& device) {
  if (context.mail == nullptr || !context.mail->on()) return;
  auto const letter =
      new_device_letter(*context.site(), account, device, context.instance.clock.now());
  if (auto const added = context.mail->add(letter); !added)
    log_warning("office.letter_not_kept", {{"error", added.error().to_string()}});
}

}  // namespace

Bytes device_token(http::Request const& request) {
  auto const text = request.cookies.get(http::host_cookie_name(kCookie, request.is_secure));
  auto token = from_base64url(text);
  return token && token->size() == service::kDeviceTokenBytes ? *std::move(token) : Bytes();
}

std::string device_words(std::string_view user_agent) {
  auto const browser = named(kBrowsers, user_agent);
  auto const system = named(kSystems, user_agent);
  if (browser.empty() && system.empty()) return "Appareil inconnu";
  if (system.empty()) return std::string(browser);
  return browser.empty() ? std::string(system) : cat(browser, " sur ", system);
}

void greet_device(Context const& context, http::Request const& request,
                  service::Account const& account, http::Response& response) {
  auto token = device_token(request);
  auto const known = service::is_known_device(context.instance, account.id, token);
  auto const others = service::has_known_device(context.instance, account.id);
  if (token.empty()) token = context.instance.rng.bytes(service::kDeviceTokenBytes);
  if (auto const noted = service::note_device(context.instance, account.id, token); !noted)
    log_warning("office.device_not_noted", {{"error", noted.error().to_string()}});
  response.set_cookie({.name = http::host_cookie_name(kCookie, request.is_secure),
                       .value = base64url(token),
                       .max_age = service::kDeviceLife,
                       .is_secure = request.is_secure});
  // The first log-in of all is no news to whoever has just opened the account.
  if (known && !*known && others && *others)
    tell(context, account, device_words(request.headers.get("User-Agent")));
}

}  // namespace solidaires::office
