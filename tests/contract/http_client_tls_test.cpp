// The client's judgement of certificates, against a server whose certificate is made here.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ssl.hpp>

#include <cstdio>
#include <filesystem>

#include "adapters/http/client.h"
#include "tests/contract/http_fixture.h"

namespace orchestrator {
namespace {

using namespace http_test;

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using file_ptr = std::unique_ptr<std::FILE, freed_by<std::fclose>>;

// Self-signed, for the given names ("IP:127.0.0.1", "DNS:example.org"), valid for an hour.
certificate_ptr make_certificate(EVP_PKEY* key, const char* names) {
    certificate_ptr made{X509_new()};
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3'600);
    X509_set_pubkey(made.get(), key);
    auto* subject = X509_get_subject_name(made.get());
    const auto* common_name = reinterpret_cast<const unsigned char*>("test");
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names);
    X509_add_ext(made.get(), extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(made.get(), key, EVP_sha256());
    return made;
}

class http_client_tls_test : public testing::Test {
  protected:
    ~http_client_tls_test() override {
        for (const auto& path : {certificate_file_, key_file_}) std::filesystem::remove(path);
    }

    void serve(const char* names) {
        const key_ptr key{EVP_EC_gen("P-256")};
        const auto certificate = make_certificate(key.get(), names);
        const auto stem = std::filesystem::temp_directory_path() / ("http_client_tls_" + std::to_string(::getpid()));
        certificate_file_ = stem.string() + ".crt";
        key_file_ = stem.string() + ".key";
        PEM_write_X509(file_ptr{std::fopen(certificate_file_.c_str(), "w")}.get(), certificate.get());
        PEM_write_PrivateKey(file_ptr{std::fopen(key_file_.c_str(), "w")}.get(), key.get(), nullptr, nullptr, 0,
                             nullptr, nullptr);
        tls_.use_certificate_file(certificate_file_, asio::ssl::context::pem);
        tls_.use_private_key_file(key_file_, asio::ssl::context::pem);
        asio::co_spawn(context_, accept(this), asio::detached);
    }

    static task<> accept(http_client_tls_test* self) {
        for (;;) {
            auto socket = co_await self->acceptor_.async_accept(use_task);
            ++self->connections_;
            asio::co_spawn(self->context_, answer_all(self, std::move(socket)), asio::detached);
        }
    }

    static task<> answer_all(http_client_tls_test* self, raw_socket socket) {
        asio::ssl::stream<raw_socket> stream{std::move(socket), self->tls_};
        error_code error;
        co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(use_task, error));
        std::string request;
        while (!error) {
            const auto head = co_await asio::async_read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n",
                                                              asio::redirect_error(use_task, error));
            if (error) co_return;
            request.erase(0, head);
            co_await asio::async_write(stream, asio::buffer(self->answer_), asio::redirect_error(use_task, error));
            if (self->cut_) co_return;
        }
    }

    http_result get(http::client& client, const std::string& host = "127.0.0.1",
                    milliseconds limit = milliseconds{5'000}) {
        origin_ = {"https", host, std::to_string(acceptor_.local_endpoint().port()), ""};
        http_request made;
        made.origin = &origin_;
        made.target = "/";
        made.deadline = in(limit);
        return run(context_, client.send(made));
    }

    http::client_options trusting() const {
        http::client_options options;
        options.ca_file = certificate_file_;
        return options;
    }

    asio::io_context context_{1};
    asio::ssl::context tls_{asio::ssl::context::tls_server};
    raw_acceptor acceptor_{context_, tcp::endpoint{asio::ip::make_address("127.0.0.1"), 0}};
    http_origin origin_;
    std::string answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret";
    bool cut_ = false;  // the server ends the connection behind its answer without saying so in TLS
    std::size_t connections_ = 0;
    std::string certificate_file_, key_file_;
};

TEST_F(http_client_tls_test, self_signed_certificate_is_refused) {
    serve("IP:127.0.0.1");
    http::client client{context_};
    const auto result = get(client);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, http_fault::tls_failed) << result.error().detail;
}

TEST_F(http_client_tls_test, certificate_from_the_ca_file_is_accepted_and_the_connection_kept) {
    serve("IP:127.0.0.1");
    http::client client{context_, trusting()};
    for (int i = 0; i < 3; ++i) {
        const auto result = get(client);
        ASSERT_TRUE(result) << result.error().detail;
        EXPECT_EQ(result->body, "secret");
    }
    EXPECT_EQ(connections_, 1U);
}

TEST_F(http_client_tls_test, idle_connection_is_closed_when_the_peer_closes_it_and_kept_until_then) {
    serve("IP:127.0.0.1");
    http::client client{context_, trusting()};
    ASSERT_TRUE(get(client));
    run_for(context_, milliseconds{30});
    EXPECT_EQ(client.figures().connections, 1U);
    cut_ = true;
    ASSERT_TRUE(get(client));
    run_for(context_, milliseconds{30});
    EXPECT_EQ(client.figures().connections, 0U);
    EXPECT_EQ(connections_, 1U);
}

TEST_F(http_client_tls_test, long_answer_passes_whole) {
    serve("DNS:localhost");
    answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + std::string(300'000, 'x');
    http::client client{context_, trusting()};
    const auto result = get(client, "localhost");
    ASSERT_TRUE(result) << result.error().detail;
    EXPECT_EQ(result->body.size(), 300'000U);
}

TEST_F(http_client_tls_test, certificate_of_another_host_is_refused) {
    serve("DNS:example.org");
    http::client client{context_, trusting()};
    const auto result = get(client);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, http_fault::tls_failed) << result.error().detail;
}

TEST_F(http_client_tls_test, body_that_ends_without_notice_is_not_taken_for_whole) {
    serve("IP:127.0.0.1");
    answer_ = "HTTP/1.1 200 OK\r\n\r\nthe first half";
    cut_ = true;
    http::client client{context_, trusting()};
    const auto result = get(client);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, http_fault::connection_lost);
}

TEST_F(http_client_tls_test, deadline_holds_within_the_handshake) {
    // Nobody answers the client's hello.
    http::client client{context_};
    const auto result = get(client, "127.0.0.1", milliseconds{100});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().fault, http_fault::timed_out);
}

TEST_F(http_client_tls_test, ca_file_that_cannot_be_read_is_told_at_once) {
    http::client_options options;
    options.ca_file = "/nonexistent/ca.pem";
    EXPECT_THROW(http::client(context_, options), std::exception);
}

}  // namespace
}  // namespace orchestrator
