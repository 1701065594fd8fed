// Publishing to a real RabbitMQ server, which tests/with_servers starts, and a consumer that looks at what arrives.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <amqp.h>
#include <amqp_tcp_socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <cstdlib>
#include <thread>

#include "adapters/rabbitmq/event_bus.h"
#include "tests/contract/store_fixture.h"

namespace orchestrator::rabbitmq {
namespace {

using store_test::ask;
using store_test::expect;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

address server() {
    const char* url = std::getenv("TEST_RABBITMQ_URL");
    if (!url) throw std::runtime_error{"TEST_RABBITMQ_URL is not set: run this through tests/with_servers rabbitmq --"};
    return parse_address(url).value();
}

struct received {
    std::string body;
    std::string message_id;
    std::string type;
    int delivery_mode = 0;
};

// What another service does: a durable queue of its own, bound to the exchange.
class consumer {
  public:
    consumer() : connection_{amqp_new_connection()} {
        const auto where = server();
        auto* socket = amqp_tcp_socket_new(connection_);
        EXPECT_EQ(amqp_socket_open(socket, where.host.c_str(), where.port), AMQP_STATUS_OK);
        amqp_login(connection_, "/", 0, 131'072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
        amqp_channel_open(connection_, 1);
        amqp_get_rpc_reply(connection_);
    }
    ~consumer() {
        for (const auto& queue : queues_) amqp_queue_delete(connection_, 1, amqp_cstring_bytes(queue.c_str()), 0, 0);
        amqp_destroy_connection(connection_);
    }
    consumer(const consumer&) = delete;
    consumer& operator=(const consumer&) = delete;

    void bind(const char* queue, const char* exchange, const char* key) {
        amqp_exchange_declare(connection_, 1, amqp_cstring_bytes(exchange), amqp_cstring_bytes("topic"), 0, 1, 0, 0,
                              amqp_empty_table);
        amqp_get_rpc_reply(connection_);
        queues_.emplace_back(queue);
        amqp_queue_declare(connection_, 1, amqp_cstring_bytes(queue), 0, 1, 0, 0, amqp_empty_table);
        amqp_get_rpc_reply(connection_);
        amqp_queue_bind(connection_, 1, amqp_cstring_bytes(queue), amqp_cstring_bytes(exchange),
                        amqp_cstring_bytes(key), amqp_empty_table);
        EXPECT_EQ(amqp_get_rpc_reply(connection_).reply_type, AMQP_RESPONSE_NORMAL);
    }

    void make_anew(const char* exchange, const char* kind) {
        amqp_exchange_delete(connection_, 1, amqp_cstring_bytes(exchange), 0);
        amqp_get_rpc_reply(connection_);
        amqp_exchange_declare(connection_, 1, amqp_cstring_bytes(exchange), amqp_cstring_bytes(kind), 0, 1, 0, 0,
                              amqp_empty_table);
        EXPECT_EQ(amqp_get_rpc_reply(connection_).reply_type, AMQP_RESPONSE_NORMAL);
    }

    std::vector<received> take_all(const char* queue) {
        std::vector<received> all;
        const auto text = [](amqp_bytes_t bytes) { return std::string{static_cast<char*>(bytes.bytes), bytes.len}; };
        for (;;) {
            const auto got = amqp_basic_get(connection_, 1, amqp_cstring_bytes(queue), 1);
            if (got.reply_type != AMQP_RESPONSE_NORMAL || got.reply.id != AMQP_BASIC_GET_OK_METHOD) return all;
            amqp_message_t message;
            amqp_read_message(connection_, 1, &message, 0);
            all.push_back({text(message.body), text(message.properties.message_id), text(message.properties.type),
                           message.properties.delivery_mode});
            amqp_destroy_message(&message);
        }
    }

  private:
    amqp_connection_state_t connection_;
    std::vector<std::string> queues_;
};

// A wire between the bus and the broker, which after so many of the broker's bytes lets nothing through any more.
class thin_wire {
  public:
    explicit thin_wire(bool closes) : closes_{closes}, serving_{[this] { serve(); }} {}
    ~thin_wire() {
        error_code ignored;
        listening_.close(ignored);
        close();
    }
    thin_wire(const thin_wire&) = delete;
    thin_wire& operator=(const thin_wire&) = delete;

    [[nodiscard]] address end() const {
        auto where = server();
        where.port = listening_.local_endpoint().port();
        return where;
    }
    void let_through(std::int64_t bytes) { left_ = bytes; }

  private:
    using tcp = asio::ip::tcp;
    using error_code = boost::system::error_code;

    void serve() {
        error_code failed;
        listening_.accept(client_, failed);
        if (failed) return;
        broker_.connect({asio::ip::make_address(server().host), static_cast<unsigned short>(server().port)}, failed);
        const std::jthread forth{[this] { pump(client_, broker_, nullptr); }};
        pump(broker_, client_, &left_);
        if (!closes_) return;
        std::this_thread::sleep_for(milliseconds{500});  // all is sent by then: it is the answers that are cut off
        close();
    }
    static void pump(tcp::socket& from, tcp::socket& to, std::atomic<std::int64_t>* left) {
        std::array<char, 512> piece;
        error_code failed;
        while (!failed) {
            const auto count = from.read_some(asio::buffer(piece), failed);
            if (failed || (left && (*left -= std::int64_t(count)) < 0)) return;
            asio::write(to, asio::buffer(piece, count), failed);
        }
    }
    void close() {
        error_code ignored;
        client_.shutdown(tcp::socket::shutdown_both, ignored);
        broker_.shutdown(tcp::socket::shutdown_both, ignored);
    }

    bool closes_;
    std::atomic<std::int64_t> left_ = 1 << 30;
    asio::io_context context_;
    tcp::acceptor listening_{context_, {asio::ip::make_address("127.0.0.1"), 0}};
    tcp::socket client_{context_};
    tcp::socket broker_{context_};
    std::jthread serving_;  // last: it ends before what it uses
};

event make_event(int number, std::string key = "orchestrator.workflow_completed") {
    return {.id = {store_test::uuid_of(number)},
            .exchange = "orchestrator",
            .routing_key = std::move(key),
            .event_type = "orchestrator_workflow_completed",
            .payload = R"({"number":)" + std::to_string(number) + "}",
            .created_at = store_test::start};
}

std::vector<event> make_events(int count) {
    std::vector<event> made;
    for (int i = 1; i <= count; ++i) made.push_back(make_event(i));
    return made;
}

TEST(rabbitmq_bus, what_is_confirmed_has_arrived) {
    consumer other;
    other.bind("arrived", "orchestrator", "orchestrator.*");
    event_bus bus{{.where = server(), .ca_file = {}}};
    EXPECT_THAT(expect(bus.publish(make_events(100))), Each(std::string{}));
    EXPECT_THAT(expect(bus.publish({make_event(101)})), Each(std::string{})) << "on the same connection";
    const auto all = other.take_all("arrived");
    ASSERT_THAT(all, SizeIs(101));
    EXPECT_EQ(all[0].body, R"({"number":1})");
    EXPECT_EQ(all[100].message_id, to_string(make_event(101).id));
    EXPECT_EQ(all[0].type, "orchestrator_workflow_completed");
    EXPECT_EQ(all[0].delivery_mode, 2);
}

TEST(rabbitmq_bus, what_no_queue_wants_comes_back_and_the_rest_arrives) {
    consumer other;
    other.bind("some", "orchestrator.elsewhere", "wanted");
    event_bus bus{{.where = server(), .ca_file = {}}};
    auto events = std::vector{make_event(1, "wanted"), make_event(2, "unwanted"), make_event(3, "wanted")};
    for (auto& each : events) each.exchange = "orchestrator.elsewhere";
    const auto answers = expect(bus.publish(events));
    ASSERT_THAT(answers, SizeIs(3));
    EXPECT_EQ(answers[0], "");
    EXPECT_THAT(answers[1], HasSubstr("no queue is bound to exchange orchestrator.elsewhere for unwanted"));
    EXPECT_EQ(answers[2], "");
    EXPECT_THAT(other.take_all("some"), SizeIs(2));
}

// What is known of each, whether the connection breaks or falls silent before all is said.
TEST(rabbitmq_bus, what_was_answered_counts_whatever_becomes_of_the_rest) {
    consumer other;
    other.bind("thin", "orchestrator.thin", "wanted");
    for (const bool closes : {true, false}) {
        thin_wire wire{closes};
        event_bus bus{{.where = wire.end(), .ca_file = {}, .timeout = milliseconds{2'000}}};
        auto first = make_event(1, "wanted");
        first.exchange = "orchestrator.thin";
        EXPECT_THAT(expect(bus.publish({first})), Each(std::string{}));
        auto events = make_events(60);
        for (auto& each : events) {
            each.exchange = "orchestrator.thin";
            each.routing_key = "unwanted";  // as each of these comes back by itself
        }
        wire.let_through(5'000);
        const auto answers = expect(bus.publish(events));
        ASSERT_THAT(answers, SizeIs(60));
        EXPECT_THAT(answers[0], HasSubstr("no queue is bound"));
        EXPECT_THAT(answers[59], closes ? HasSubstr("while waiting for confirms") : HasSubstr("in time"));
    }
}

TEST(rabbitmq_bus, a_broker_that_is_not_there_is_told_and_tried_again) {
    event_bus nowhere{{.where = parse_address("amqp://127.0.0.1:1").value(), .ca_file = {}}};
    for (int i = 0; i < 2; ++i) {
        const auto answer = ask(nowhere.publish(make_events(1)));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, errc::service_failed);
        EXPECT_THAT(answer.error().message, HasSubstr("RabbitMQ at 127.0.0.1:1: "));
    }
}

TEST(rabbitmq_bus, a_wrong_password_is_told) {
    auto where = server();
    where.password = "wrong";
    event_bus bus{{.where = where, .ca_file = {}}};
    const auto checked = bus.check();
    ASSERT_FALSE(checked);
    EXPECT_THAT(checked.error().message, HasSubstr("logging in"));
    event_bus good{{.where = server(), .ca_file = {}}};
    EXPECT_TRUE(good.check());
}

class tls_broker : public testing::Test {
  protected:
    static result<std::vector<publish_problem>> publish_to(const std::string& host, const std::string& ca_file) {
        const char* url = std::getenv("TEST_RABBITMQ_TLS_URL");
        if (!url) throw std::runtime_error{"TEST_RABBITMQ_TLS_URL is not set: is there no openssl?"};
        auto where = parse_address(url).value();
        where.host = host;
        event_bus bus{{.where = where, .ca_file = ca_file}};
        return ask(bus.publish(make_events(3)));
    }

    const std::string certificate_ = std::string{std::getenv("TEST_SERVERS")} + "/rabbitmq_ca.pem";
};

TEST_F(tls_broker, is_spoken_to_when_its_certificate_is_trusted) {
    consumer other;
    other.bind("over_tls", "orchestrator", "orchestrator.*");
    const auto answers = publish_to("localhost", certificate_);
    ASSERT_TRUE(answers) << answers.error().message;
    EXPECT_THAT(*answers, Each(std::string{}));
    EXPECT_THAT(other.take_all("over_tls"), SizeIs(3));
}

TEST_F(tls_broker, of_an_authority_that_is_not_trusted_is_refused) {
    const auto answers = publish_to("localhost", "");
    ASSERT_FALSE(answers);
    EXPECT_THAT(answers.error().message, HasSubstr("cert verification failed"));
}

TEST_F(tls_broker, of_another_name_is_refused) {
    const auto answers = publish_to("127.0.0.1", certificate_);
    ASSERT_FALSE(answers);
    EXPECT_THAT(answers.error().message, HasSubstr("hostname"));
}

TEST_F(tls_broker, with_authorities_that_cannot_be_read_is_told) {
    const auto answers = publish_to("localhost", "/nowhere.pem");
    ASSERT_FALSE(answers);
    EXPECT_THAT(answers.error().message, HasSubstr("/nowhere.pem cannot be read"));
}

// The broker refuses to be asked for an exchange of another kind, as it refuses who has no right to publish.
TEST(rabbitmq_bus, a_check_finds_what_publishing_would_fail_at_and_leaves_nothing_behind) {
    consumer other;
    other.bind("everything", "orchestrator", "#");
    event_bus bus{{.where = server(), .ca_file = {}}};
    const auto checked = bus.check();
    EXPECT_TRUE(checked) << checked.error().message;
    EXPECT_THAT(other.take_all("everything"), IsEmpty());
    other.make_anew("orchestrator", "fanout");
    EXPECT_FALSE((event_bus{{.where = server(), .ca_file = {}}}.check()));
    other.make_anew("orchestrator", "topic");
}

TEST(rabbitmq_address, is_read_from_a_url) {
    EXPECT_TRUE(parse_address("AMQPS://h")->uses_tls);
    EXPECT_FALSE(parse_address("Amqp://h")->uses_tls);
    const auto found = parse_address("amqps://me:s%40cret@broker:7000/bakery%2Fone");
    ASSERT_TRUE(found);
    EXPECT_TRUE(found->uses_tls);
    EXPECT_EQ(found->host, "broker");
    EXPECT_EQ(found->port, 7'000);
    EXPECT_EQ(found->user, "me");
    EXPECT_EQ(found->password, "s@cret");
    EXPECT_EQ(found->virtual_host, "bakery/one");
    EXPECT_EQ(parse_address("amqp://h/")->virtual_host, "/");
    EXPECT_EQ(parse_address("amqp://h")->port, 5'672);
    EXPECT_EQ(parse_address("amqps://h")->port, 5'671);
    for (const auto* wrong :
         {"", "amqp://", "http://h", "amqp://h/a/b", "amqp://h?x=1", "amqp://h:0", "amqp://h:65536"})
        EXPECT_FALSE(parse_address(wrong)) << wrong;
}

}  // namespace
}  // namespace orchestrator::rabbitmq
