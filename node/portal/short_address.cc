#include "node/portal/short_address.h"

#include <algorithm>

#include "node/page/qr_code.h"
#include "node/portal/pages.h"
#include "schema/model.h"

namespace solidaires::portal {
namespace {

constexpr std::size_t kCodeLetters = 8;
constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";

char meant(char c) {
  if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (c == 'o') return '0';
  return c == 'i' || c == 'l' ? '1' : c;
}

}  // namespace

std::string short_code(DocumentId const& id) {
  auto code = id.short_id();
  std::ranges::transform(code, code.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return code.insert(kCodeLetters / 2, "-");
}

std::optional<std::string> parse_short_code(std::string_view typed) {
  std::string code;
  for (char const c : typed) {
    if (c == '-' || c == ' ') continue;
    code += meant(c);
    if (code.size() > kCodeLetters || !kDigits.contains(code.back())) return std::nullopt;
  }
  if (code.size() != kCodeLetters) return std::nullopt;
  return code;
}

std::string short_path(DocumentId const& id) {
  return cat("/f/", id.short_id());
}

void add_paper_trail(page::View& view, Context const& context, DocumentId const& id) {
  auto const address = context.site()->identity().base_url + short_path(id);
  view.text("print_code", short_code(id)).text("print_address", address);
  view.html("print_qr_html",
            page::qr_code(address, context.say("QR code de l’adresse de cette page"_fr)));
}

void add_paper_trail(page::View& view, Context const& context, std::string_view path) {
  auto const address = cat(context.site()->identity().base_url, path);
  view.text("print_address", address);
  view.html("print_qr_html",
            page::qr_code(address, context.say("QR code de l’adresse de cette liste"_fr)));
}

http::Response short_address_page(Context const& context, http::Request const& request) {
  auto const code = parse_short_code(request.capture("code"));
  if (!code) return error_page(context, 404, &request);
  for (auto const& type : context.instance.model.types()) {
    auto const found = context.catalogue.at(type, *code);
    if (!found) return error_page(context, 500, &request);
    if (auto const* const record = std::get_if<service::RecordPtr>(&*found)) {
      return counted(http::Response::redirect((*record)->path, 302), service::usage::kSheet);
    }
    // Its page says that it was withdrawn, and what is near.
    if (std::holds_alternative<service::Gone>(*found)) {
      return http::Response::redirect(cat('/', type.prefix, '/', *code), 302);
    }
  }
  return error_page(context, 404, &request);
}

}  // namespace solidaires::portal
