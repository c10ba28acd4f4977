#include "node/http/tls.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tests/unit/http/world.h"

namespace solidaires::http {
namespace {

using test::Client;
using test::World;

// A self-signed certificate for `name`, valid from now for `days`.
TlsFiles make_certificate(test::TemporaryDirectory const& directory, std::string const& name,
                          long days = 1) {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * 24 * 3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), days * 24 * 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                             reinterpret_cast<unsigned char const*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate, subject);
  X509_sign(certificate, key, EVP_sha256());
  TlsFiles const files{directory.path() / "cert.pem", directory.path() / "key.pem"};
  FILE* out = std::fopen(files.certificate.c_str(), "w");
  PEM_write_X509(out, certificate);
  std::fclose(out);
  out = std::fopen(files.key.c_str(), "w");
  PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(out);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return files;
}

struct TlsWorld : World {
  TlsWorld() {
    options.tls = make_certificate(directory, "first.example");
    options.listeners = {{.kind = Listener::Kind::tls}, {.kind = Listener::Kind::https_redirect}};
    router.get("/hello", [](Request const& one) { return Response::text(one.base_url()); });
    router.get("/large", [](Request const&) {
      return Response::bytes(std::string(3'000'000, 'x'), "application/octet-stream");
    });
    router.post("/echo", [](Request const& one) { return Response::text(one.body); },
                {.body_bytes_max = 4'000'000});
  }
};

TEST(Tls, carries_requests_in_versions_1_2_and_1_3) {
  TlsWorld world;
  world.start();
  for (int const version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client = Client::tls(world.server->port(), version);
    ASSERT_TRUE(client.is_open());
    EXPECT_EQ(client.tls_version(), version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
    auto const reply = client.get("/hello");
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "https://localhost");
    EXPECT_NE(reply->header("Strict-Transport-Security"), "");
    EXPECT_EQ(client.get("/large")->body.size(), 3'000'000U);
    std::string const body(2'000'000, 'y');
    EXPECT_EQ(client.post("/echo", "text/plain", body)->body, body);
    client.send(test::request("GET", "/hello") + test::request("GET", "/hello"));
    EXPECT_TRUE(client.receive());
    EXPECT_TRUE(client.receive());
  }
  EXPECT_FALSE(Client::tls(world.server->port(), TLS1_1_VERSION).is_open());
}

TEST(Tls, closes_with_a_farewell) {
  TlsWorld world;
  world.start();
  Client client = Client::tls(world.server->port());
  EXPECT_TRUE(client.get("/hello", "Connection: close\r\n"));
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST(Tls, refuses_a_client_that_speaks_plainly) {
  TlsWorld world;
  world.start();
  Client client = world.client();
  client.send(test::request("GET", "/hello"));
  EXPECT_FALSE(client.receive());
}

TEST(Tls, cuts_a_handshake_that_never_ends) {
  TlsWorld world;
  world.options.deadlines.head = std::chrono::milliseconds(200);
  world.start();
  Client client = world.client();
  client.send("\x16\x03\x01");
  EXPECT_TRUE(client.is_closed_by_peer());
}

TEST(Tls, uses_a_renewed_certificate_for_new_connections) {
  TlsWorld world;
  world.start();
  Client before = Client::tls(world.server->port());
  EXPECT_EQ(before.certificate_name(), "first.example");
  make_certificate(world.directory, "second.example");
  ASSERT_TRUE(world.server->reload_certificates());
  EXPECT_EQ(Client::tls(world.server->port()).certificate_name(), "second.example");
  EXPECT_TRUE(before.get("/hello"));
  world.directory.write("cert.pem", "broken");
  EXPECT_FALSE(world.server->reload_certificates());
  EXPECT_EQ(Client::tls(world.server->port()).certificate_name(), "second.example");
}

TEST(Tls, refuses_files_that_do_not_fit) {
  test::TemporaryDirectory one;
  test::TemporaryDirectory two;
  TlsFiles const first = make_certificate(one, "a.example");
  TlsFiles const second = make_certificate(two, "b.example");
  EXPECT_TRUE(TlsContext::load(first));
  EXPECT_FALSE(TlsContext::load({first.certificate, second.key}));
  EXPECT_FALSE(TlsContext::load({first.certificate, one.path() / "missing.pem"}));
  auto const expired = TlsContext::load(make_certificate(one, "old.example", -1));
  ASSERT_FALSE(expired);
  EXPECT_NE(expired.error().message().find("expired"), std::string::npos);
}

TEST(Tls, sends_plain_visitors_to_the_secure_address) {
  TlsWorld world;
  world.start();
  Client client = world.client(1);
  auto const reply = client.ask("GET /agenda?du=1 HTTP/1.1\r\nHost: exemple.fr:8080\r\n\r\n");
  EXPECT_EQ(reply->status, 308);
  EXPECT_EQ(reply->header("Location"), "https://exemple.fr/agenda?du=1");
}

}  // namespace
}  // namespace solidaires::http
