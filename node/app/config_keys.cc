#include "node/app/config_keys.h"

#include <array>
#include <limits>

// Where a key's value goes.
#define AT(member) [](Config& config) -> Slot { return &config.member; }

namespace solidaires::app {
namespace {

constexpr Range kPort{0, 65'535};
constexpr std::uint64_t kKib = 1024;
constexpr std::uint64_t kMib = 1024 * kKib;
constexpr std::uint64_t kGib = 1024 * kMib;

constexpr std::array kSections = std::to_array<Section>({
    {"instance", "What this instance is."},
    {"contact",
     "How people reach those who run the portal: shown in the footer, on the contact page "
     "and in the accessibility statement."},
    {"legal", "What the legal notice must say (French law asks for all but the last)."},
    {"texts",
     "The portal's own words. Each is Markdown, or the path of a `.md` file; without one the "
     "portal has a plain text of its own."},
    {"look", "Colour and logo."},
    {"data", "Where the instance keeps everything it knows."},
    {"http", "The portal's web server, and the private port for those who watch over it."},
    {"limits", "Bounds on what visitors may use; the defaults suit a small server."},
    {"session", "Accounts that are logged in."},
    {"accounts", "Accounts of persons."},
    {"link", "The network: the hub above this instance, and the nodes below it."},
    {"mail",
     "Mails that the portal sends (alerts, messages that it passes on). Off without `server`: then "
     "nothing is kept, and pages say so."},
    {"editorial", "How the portal decides what it publishes."},
    {"geography", "Communes, EPCI and postal codes."},
    {"search", "Lists and results."},
    {"content", "Rules for what is published."},
    {"log", "Lines on standard error, `event key=value`; they never hold personal data."},
});

// clang-format off: one key after the other, as densely as it reads
constexpr std::array kKeys = std::to_array<Key>({
    {"instance", "name", AT(instance.name),
     "Stable name in the network: 2 to 40 of `a-z 0-9 -`. Never change it once enrolled", true},
    {"instance", "role", AT(instance.role),
     "`node` (a portal), or `hub` (a portal that also accepts and administers nodes)"},
    {"instance", "title", AT(instance.title), "Name of the portal, as people say it", true},
    {"instance", "short_title", AT(instance.short_title),
     "Shorter name for narrow places; `title` if empty"},
    {"instance", "tagline", AT(instance.tagline), "One sentence under the name"},
    {"instance", "territory", AT(instance.territory),
     "Codes of the departments that the portal covers, as text: `[\"73\", \"74\"]`",
     true, Form::department},
    {"instance", "language", AT(instance.language),
     "Language of the portal: `fr` or `en`", false, Form::language},
    {"instance", "base_url", AT(instance.base_url),
     "Address that visitors type, for links in feeds and calendars: `https://…`, without a "
     "path. Made from `http.address` and `http.port` if empty", false, Form::base_url},
    {"instance", "demonstration", AT(instance.demonstration),
     "Says on every page that the content is invented; allowed on loopback only"},

    {"contact", "email", AT(contact.email),
     "Address of the people who run the portal", true, Form::email},
    {"contact", "phone", AT(contact.phone),
     "Telephone number, as it is read aloud", false, Form::phone},
    {"contact", "postal_address", AT(contact.postal_address), "Postal address, one line per line"},
    {"contact", "hours", AT(contact.hours), "When somebody answers, in words"},

    {"legal", "publisher", AT(legal.publisher), "Organisation that publishes the portal"},
    {"legal", "publisher_identity", AT(legal.publisher_identity),
     "Its legal form, seat and registration, in words"},
    {"legal", "publication_director", AT(legal.publication_director),
     "Person who answers for what is published"},
    {"legal", "host", AT(legal.host), "Host of the server: name, address, telephone"},
    {"legal", "privacy_contact", AT(legal.privacy_contact),
     "Address for requests about personal data; `contact.email` if empty", false, Form::email},

    {"texts", "home", AT(texts.home), "Welcome on the home page", false, Form::markdown},
    {"texts", "about", AT(texts.about), "Who carries the portal, and why", false, Form::markdown},
    {"texts", "take_part", AT(texts.take_part), "How to take part", false, Form::markdown},
    {"texts", "privacy", AT(texts.privacy),
     "What is added to the privacy page", false, Form::markdown},
    {"texts", "accessibility", AT(texts.accessibility),
     "What is added to the accessibility statement", false, Form::markdown},

    {"look", "accent", AT(look.accent),
     "The portal's one strong colour, `#rrggbb`; one that reads badly on white (contrast below "
     "4.5) is darkened", false, Form::colour},
    {"look", "logo", AT(look.logo),
     "Logo, an SVG file; a drawing of the portal's own if empty", false, Form::svg_file},

    {"data", "directory", AT(data.directory),
     "Directory of the store, the blobs, the certificates and the control socket; made if "
     "missing", true, Form::directory},
    {"data", "cache_bytes_max", AT(data.cache_bytes_max), "Memory for what is read often", false,
     Form::any, {kMib, 64 * kGib}},
    {"data", "disk_reserve_bytes", AT(data.disk_reserve_bytes),
     "Free space below which writes are refused, so that a full disk breaks nothing", false, Form::any,
     {kMib, 64 * kGib}},

    {"http", "address", AT(http.address),
     "Address to listen on; `0.0.0.0` or `::` for all", false, Form::address},
    {"http", "port", AT(http.port),
     "Port of the portal; 0: any free one, said in the log", false, Form::any, kPort},
    {"http", "private_address", AT(http.private_address),
     "Address for `/healthz`, `/readyz` and `/metrics`: never one that the public reaches",
     false, Form::address},
    {"http", "private_port", AT(http.private_port),
     "Its port; 0: any free one, said in the log", false, Form::any, kPort},
    {"http", "tls_certificate", AT(http.tls_certificate),
     "Certificate chain (PEM) for HTTPS without a proxy; goes with `tls_key`", false, Form::file},
    {"http", "tls_key", AT(http.tls_key), "Its private key (PEM)", false, Form::file},
    {"http", "trusted_proxies", AT(http.trusted_proxies),
     "Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed: addresses "
     "or blocks (`10.0.0.0/8`)", false, Form::network},
    {"http", "redirect_port", AT(http.redirect_port),
     "With TLS: a port (80, as a rule) that sends visitors on to HTTPS; 0: none", false, Form::any,
     kPort},
    {"http", "io_threads", AT(http.io_threads),
     "Threads for connections; one serves some thousands of pages per second", false, Form::any,
     {1, 64}},
    {"http", "worker_threads", AT(http.worker_threads),
     "Threads that make pages and run services; 0: one per core but one",
     false, Form::any, {0, 256}},

    {"limits", "connections_max", AT(limits.connections_max),
     "Open connections in all", false, Form::any, {16, 1'000'000}},
    {"limits", "connections_per_address_max", AT(limits.connections_per_address_max),
     "Open connections of one address (trusted proxies are not counted)",
     false, Form::any, {1, 1'000'000}},
    {"limits", "requests_per_minute_max", AT(limits.requests_per_minute_max),
     "Lists and searches that one address may have made in a minute, and as many answers of the "
     "API; what is ready is not counted; more is answered with 429. 0: no limit. Behind a proxy, "
     "`http.trusted_proxies` must name it, or all visitors are one address",
     false, Form::any, {0, 1'000'000}},
    {"limits", "header_bytes_max", AT(limits.header_bytes_max),
     "Request line and header fields", false, Form::any, {kKib, kMib}},
    {"limits", "form_bytes_max", AT(limits.form_bytes_max),
     "Form without files", false, Form::any, {16 * kKib, 64 * kMib}},
    {"limits", "upload_bytes_max", AT(limits.upload_bytes_max),
     "Form with files", false, Form::any, {64 * kKib, 4 * kGib}},
    {"limits", "page_cache_bytes_max", AT(limits.page_cache_bytes_max),
     "Memory for pages ready to send", false, Form::any, {kMib, 64 * kGib}},
    {"limits", "request_timeout_s", AT(limits.request_timeout_s),
     "Seconds to send a request or to take an answer; large ones get more, by their size", false, Form::any, {1, 3600}},
    {"limits", "idle_timeout_s", AT(limits.idle_timeout_s),
     "Seconds that a connection may stay open without a request", false, Form::any, {1, 3600}},
    {"limits", "drain_timeout_s", AT(limits.drain_timeout_s),
     "Seconds that requests under way have to finish when the program stops",
     false, Form::any, {0, 600}},

    {"session", "idle_timeout_min", AT(session.idle_timeout_min),
     "Minutes without a request after which a session ends", false, Form::any, {5, 10'080}},
    {"session", "lifetime_max_h", AT(session.lifetime_max_h),
     "Hours after which a session ends in any case", false, Form::any, {1, 24 * 90}},
    {"session", "login_failures_max", AT(session.login_failures_max),
     "Failed logins of one account or one address within `login_window_min`, before a pause",
     false, Form::any, {3, 1000}},
    {"session", "login_window_min", AT(session.login_window_min),
     "Minutes that failures count", false, Form::any, {1, 1440}},

    {"accounts", "second_factor", AT(accounts.second_factor),
     "One-time codes at log-in: `required` of roles that administer (they set them up when they next "
     "log in, and can do nothing before), or `offered` to everybody and required of nobody",
     false, Form::second_factor},

    {"link", "hub", AT(link.hub),
     "The hub above: `host:port`. Empty: the instance stands alone, or is the top of its network"},
    {"link", "listen_address", AT(link.listen_address),
     "Address on which a hub accepts its nodes; `0.0.0.0` or `::` for all", false, Form::address},
    {"link", "listen_port", AT(link.listen_port),
     "Port on which a hub accepts its nodes; 0: accepts none", false, Form::any, kPort},
    {"link", "advertised", AT(link.advertised),
     "Where the nodes reach this hub, `host:port`: it goes into the tokens of enrolment; "
     "`listen_address` and `listen_port` if empty"},
    {"link", "catching_up_max", AT(link.catching_up_max),
     "Nodes that a hub lets catch up at once; the others wait for their turn, which comes after "
     "half a minute at the latest for each group before them", false, Form::any, {1, 1000}},
    {"link", "subscriptions", AT(link.subscriptions),
     "Portals whose published content this one asks for: names of nodes, or `all`; the hub "
     "decides what it gives", false, Form::subscription},
    {"link", "fetch_files", AT(link.fetch_files),
     "Files (pictures, attachments) that are fetched as soon as a document names them: `own`, of "
     "this instance; `below`, those of the nodes below a hub too, as a second copy; `all`, of every "
     "document that is held here. Any other is fetched when somebody first asks for it",
     false, Form::fetching},

    {"mail", "server", AT(mail.server),
     "SMTP server: `smtps://host:465`, or `smtp://host:587` with STARTTLS, without which nothing is "
     "sent but to this machine itself", false, Form::mail_server},
    {"mail", "user", AT(mail.user), "Name to log in with; empty: none"},
    {"mail", "password_file", AT(mail.password_file),
     "File that holds its password, on one line", false, Form::file},
    {"mail", "sender", AT(mail.sender),
     "Address that mails come from; `contact.email` if empty", false, Form::email},
    {"mail", "authorities", AT(mail.authorities),
     "Certificates (PEM) to trust instead of the system's, for a server with a private one",
     false, Form::file},

    {"editorial", "answer_working_days", AT(editorial.answer_working_days),
     "Working days within which authors are promised an answer", false, Form::any, {1, 30}},
    {"editorial", "trusted_after", AT(editorial.trusted_after),
     "Publications after which direct publication is proposed for an author; 0: never", false,
     Form::any, {0, 1'000}},
    {"editorial", "sample_every", AT(editorial.sample_every),
     "Of what trusted authors publish directly, one in so many is read afterwards; 0: none", false,
     Form::any, {0, 1'000}},
    {"editorial", "two_eyes", AT(editorial.two_eyes),
     "Types that nobody publishes alone what they wrote: `call`, `job_offer`, ..."},
    {"editorial", "committee_quorum", AT(editorial.committee_quorum),
     "Votes that make a decision of the committee", false, Form::any, {1, 100}},
    {"editorial", "committee_working_days", AT(editorial.committee_working_days),
     "Working days that a question to the committee stays open", false, Form::any, {1, 60}},

    {"geography", "directory", AT(geography.directory),
     "Geography to use instead of the one built with the program", false, Form::directory},
    {"geography", "tiles", AT(geography.tiles),
     "Map tiles that visitors may ask for by a button that names their server; empty: none", false,
     Form::tiles},
    {"geography", "tiles_credit", AT(geography.tiles_credit),
     "Whom the tiles come from, as their licence asks to say"},

    {"search", "results_per_page", AT(search.results_per_page),
     "Results on one page of a list", false, Form::any, {5, 100}},

    {"content", "pay_range_required", AT(content.pay_range_required),
     "Offers of paid work are submitted only with what they pay, as directive (EU) 2023/970 asks"},

    {"log", "level", AT(log.level), "Lowest level written: `debug`, `info`, `warning` or `error`"},
});
// clang-format on

}  // namespace

std::span<Section const> config_sections() {
  return kSections;
}

std::span<Key const> config_keys() {
  return kKeys;
}

}  // namespace solidaires::app
