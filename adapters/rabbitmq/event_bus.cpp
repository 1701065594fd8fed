#include "adapters/rabbitmq/event_bus.h"

#include <amqp.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>
#include <boost/url.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <stdexcept>

#include "domain/ascii_case.h"

namespace orchestrator::rabbitmq {
namespace {

constexpr amqp_channel_t channel = 1;
constexpr int largest_frame = 131'072;  // bytes
constexpr std::uint8_t persistent = 2;

using steady = std::chrono::steady_clock;

class broker_fault : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

amqp_bytes_t bytes_of(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }
std::string text_of(amqp_bytes_t bytes) { return {static_cast<const char*>(bytes.bytes), bytes.len}; }

timeval time_until(steady::time_point end) {
    const auto left = std::max(std::chrono::duration_cast<std::chrono::microseconds>(end - steady::now()),
                               std::chrono::microseconds{0});
    return {.tv_sec = left.count() / 1'000'000, .tv_usec = left.count() % 1'000'000};
}

// What the broker says when it closes a channel or a connection.
std::string reason_of(const amqp_method_t& method) {
    if (method.id == AMQP_CONNECTION_CLOSE_METHOD)
        return text_of(static_cast<amqp_connection_close_t*>(method.decoded)->reply_text);
    if (method.id == AMQP_CHANNEL_CLOSE_METHOD)
        return text_of(static_cast<amqp_channel_close_t*>(method.decoded)->reply_text);
    return fmt::format("an unexpected method {:#x}", method.id);
}

void check_reply(const amqp_rpc_reply_t& reply, std::string_view doing) {
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) return;
    std::string why = "no answer";
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) why = amqp_error_string2(reply.library_error);
    if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION) why = reason_of(reply.reply);
    throw broker_fault{fmt::format("{} while {}", why, doing)};
}

void check_status(int status, std::string_view doing) {
    if (status != AMQP_STATUS_OK) throw broker_fault{fmt::format("{} while {}", amqp_error_string2(status), doing)};
}

// A string of the broker's, made ASCII and short: it goes into a row and a log.
std::string harmless(std::string text) {
    constexpr std::size_t longest = 200;
    if (text.size() > longest) text.resize(longest);
    std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

}  // namespace

std::optional<address> parse_address(std::string_view text) {
    const auto parsed = boost::urls::parse_uri(text);
    if (!parsed) return std::nullopt;
    const auto scheme = lower_case(parsed->scheme());
    if ((scheme != "amqp" && scheme != "amqps") || parsed->host().empty() || parsed->has_query() ||
        parsed->has_fragment())
        return std::nullopt;
    address found;
    found.uses_tls = scheme == "amqps";
    found.port = found.uses_tls ? 5'671 : 5'672;
    found.host = parsed->host_address();
    if (const std::string port = parsed->port(); !port.empty()) {
        found.port = parsed->port_number();
        if (port != std::to_string(found.port)) return std::nullopt;  // cut to 16 bits
    }
    if (found.port <= 0) return std::nullopt;
    if (!parsed->user().empty()) found.user = parsed->user();
    if (parsed->has_password()) found.password = parsed->password();
    // "amqp://host" and "amqp://host/" mean the default one, "amqp://host/bakery" means "bakery".
    const auto segments = parsed->segments();
    if (segments.size() > 1) return std::nullopt;
    if (segments.size() == 1 && !(*segments.begin()).empty()) found.virtual_host = *segments.begin();
    return found;
}

// A connection with one channel that confirms what it takes.
class event_bus::session {
  public:
    session(const bus_options& options, steady::time_point end) : connection_{amqp_new_connection()} {
        try {
            open(options, end);
        } catch (...) {
            amqp_destroy_connection(connection_);
            throw;
        }
    }
    ~session() { amqp_destroy_connection(connection_); }
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    // Whatever becomes of the rest, what is confirmed is answered so. A fault: nothing is known of any.
    std::vector<publish_problem> publish(const std::vector<event>& events, purpose what_for, steady::time_point end) {
        std::string why = "the broker did not confirm it in time";
        answers_.assign(events.size(), "");
        try {
            send_all(events, what_for);
            while (!outstanding_.empty() && steady::now() < end) take_frame(end);
            if (blocked_ && !outstanding_.empty()) throw broker_fault{blocked_reason_};
        } catch (const broker_fault& fault) {
            if (!any_settled_) throw;
            why = fault.what();
        }
        // Later confirms of these would be mistaken for those of others.
        is_usable_ = outstanding_.empty();
        for (const auto& [tag, place] : outstanding_) answers_[place] = why;
        return std::move(answers_);
    }
    [[nodiscard]] bool is_usable() const { return is_usable_; }

  private:
    void send_all(const std::vector<event>& events, purpose what_for) {
        outstanding_.clear();
        problems_.clear();
        ids_.clear();
        any_settled_ = false;
        for (const auto& each : events) declare(each.exchange);
        for (std::size_t i = 0; i < events.size(); ++i) {
            send(events[i], what_for);
            outstanding_.emplace(++last_tag_, i);
            ids_[to_string(events[i].id)] = i;
        }
    }

    void open(const bus_options& options, steady::time_point end) {
        auto timeout = time_until(end);
        auto* socket = options.where.uses_tls ? tls_socket(options) : amqp_tcp_socket_new(connection_);
        if (!socket) throw broker_fault{"out of memory"};
        check_status(amqp_socket_open_noblock(socket, options.where.host.c_str(), options.where.port, &timeout),
                     "connecting");
        amqp_set_handshake_timeout(connection_, &timeout);
        amqp_set_rpc_timeout(connection_, &timeout);
        // The broker tells when it is short of room, instead of only falling silent.
        amqp_table_entry_t blocked{.key = bytes_of("connection.blocked"), .value = {}};
        blocked.value.kind = AMQP_FIELD_KIND_BOOLEAN;
        blocked.value.value.boolean = 1;
        amqp_table_t abilities{.num_entries = 1, .entries = &blocked};
        amqp_table_entry_t capabilities{.key = bytes_of("capabilities"), .value = {}};
        capabilities.value.kind = AMQP_FIELD_KIND_TABLE;
        capabilities.value.value.table = abilities;
        const amqp_table_t properties{.num_entries = 1, .entries = &capabilities};
        check_reply(amqp_login_with_properties(connection_, options.where.virtual_host.c_str(), 1, largest_frame, 0,
                                               &properties, AMQP_SASL_METHOD_PLAIN, options.where.user.c_str(),
                                               options.where.password.c_str()),
                    "logging in");
        amqp_channel_open(connection_, channel);
        check_reply(amqp_get_rpc_reply(connection_), "opening a channel");
        amqp_confirm_select(connection_, channel);
        check_reply(amqp_get_rpc_reply(connection_), "asking for confirms");
    }

    amqp_socket_t* tls_socket(const bus_options& options) {
        auto* socket = amqp_ssl_socket_new(connection_);
        if (!socket) return nullptr;
        amqp_ssl_socket_set_verify_peer(socket, 1);
        amqp_ssl_socket_set_verify_hostname(socket, 1);
        const auto authorities = options.ca_file.empty() ? "/etc/ssl/certs/ca-certificates.crt" : options.ca_file;
        if (amqp_ssl_socket_set_cacert(socket, authorities.c_str()) != AMQP_STATUS_OK)
            throw broker_fault{fmt::format("{} cannot be read as certificates of authorities", authorities)};
        return socket;
    }

    void declare(const std::string& exchange) {
        if (declared_.contains(exchange)) return;
        constexpr int passive = 0;
        constexpr int durable = 1;
        amqp_exchange_declare(connection_, channel, bytes_of(exchange), bytes_of("topic"), passive, durable, 0, 0,
                              amqp_empty_table);
        check_reply(amqp_get_rpc_reply(connection_), fmt::format("declaring the exchange {}", exchange));
        declared_.insert(exchange);
    }

    void send(const event& each, purpose what_for) {
        const auto id = to_string(each.id);
        amqp_basic_properties_t properties{};
        properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                            AMQP_BASIC_TIMESTAMP_FLAG | AMQP_BASIC_TYPE_FLAG | AMQP_BASIC_APP_ID_FLAG;
        properties.content_type = bytes_of("application/json");
        properties.delivery_mode = persistent;
        properties.message_id = bytes_of(id);
        properties.timestamp =
            std::uint64_t(std::chrono::floor<std::chrono::seconds>(each.created_at).time_since_epoch().count());
        properties.type = bytes_of(each.event_type);
        properties.app_id = bytes_of("orchestrator");
        // What only checks is gone before a queue can keep it, and need not have one.
        const bool is_kept = what_for == purpose::telling;
        properties.expiration = bytes_of("0");
        if (!is_kept) properties._flags |= AMQP_BASIC_EXPIRATION_FLAG;
        const int mandatory = is_kept ? 1 : 0;
        check_status(amqp_basic_publish(connection_, channel, bytes_of(each.exchange), bytes_of(each.routing_key),
                                        mandatory, 0, &properties, bytes_of(each.payload)),
                     "publishing");
    }

    void take_frame(steady::time_point end) {
        amqp_frame_t frame;
        auto timeout = time_until(end);
        amqp_maybe_release_buffers(connection_);
        const int status = amqp_simple_wait_frame_noblock(connection_, &frame, &timeout);
        if (status == AMQP_STATUS_TIMEOUT) return;
        check_status(status, "waiting for confirms");
        if (frame.frame_type == AMQP_FRAME_HEADER)
            take_header(*static_cast<amqp_basic_properties_t*>(frame.payload.properties.decoded));
        if (frame.frame_type == AMQP_FRAME_METHOD) take_method(frame.payload.method);
    }

    void take_method(const amqp_method_t& method) {
        switch (method.id) {
            case AMQP_BASIC_ACK_METHOD: {
                const auto* ack = static_cast<amqp_basic_ack_t*>(method.decoded);
                settle(ack->delivery_tag, ack->multiple != 0, "");
                break;
            }
            case AMQP_BASIC_NACK_METHOD: {
                const auto* nack = static_cast<amqp_basic_nack_t*>(method.decoded);
                settle(nack->delivery_tag, nack->multiple != 0, "the broker could not keep it");
                break;
            }
            case AMQP_BASIC_RETURN_METHOD:
                take_returned(*static_cast<amqp_basic_return_t*>(method.decoded));
                break;
            case AMQP_CONNECTION_BLOCKED_METHOD:
                blocked_ = true;
                blocked_reason_ =
                    fmt::format("the broker takes no messages: {}",
                                harmless(text_of(static_cast<amqp_connection_blocked_t*>(method.decoded)->reason)));
                break;
            case AMQP_CONNECTION_UNBLOCKED_METHOD:
                blocked_ = false;
                break;
            default:
                throw broker_fault{harmless(reason_of(method))};
        }
    }

    // A message that no queue takes comes back before it is confirmed: a method that says why, a header with its id,
    // and its body. Frame by frame, as what reads it whole has no deadline.
    void take_returned(const amqp_basic_return_t& returned) {
        returned_ = fmt::format("no queue is bound to exchange {} for {} ({})", harmless(text_of(returned.exchange)),
                                harmless(text_of(returned.routing_key)), harmless(text_of(returned.reply_text)));
    }
    void take_header(const amqp_basic_properties_t& properties) {
        if (!(properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG)) return;
        if (const auto found = ids_.find(text_of(properties.message_id)); found != ids_.end())
            problems_[found->second] = returned_;
    }

    void settle(std::uint64_t tag, bool multiple, const std::string& problem) {
        auto first = multiple ? outstanding_.begin() : outstanding_.lower_bound(tag);
        const auto end = outstanding_.upper_bound(tag);
        for (; first != end; first = outstanding_.erase(first)) {
            any_settled_ = true;
            const auto returned = problems_.find(first->second);
            answers_[first->second] = returned != problems_.end() ? returned->second : problem;
        }
    }

    amqp_connection_state_t connection_;
    std::set<std::string> declared_;
    std::uint64_t last_tag_ = 0;
    std::map<std::uint64_t, std::size_t> outstanding_;  // delivery tag -> place in the call
    std::map<std::string, std::size_t> ids_;            // message id -> place in the call
    std::map<std::size_t, publish_problem> problems_;   // of what came back
    publish_problem returned_;                          // of what is coming back
    std::vector<publish_problem> answers_;
    bool any_settled_ = false;  // of this call
    bool is_usable_ = true;
    bool blocked_ = false;
    std::string blocked_reason_;
};

event_bus::event_bus(bus_options chosen) : options_{std::move(chosen)} {}
event_bus::~event_bus() = default;

task<result<std::vector<publish_problem>>> event_bus::publish(std::vector<event> events) {
    return worker_.run([this, events = std::move(events)] { return publish_now(events); });
}

result<std::vector<publish_problem>> event_bus::publish_now(const std::vector<event>& events, purpose what_for) {
    const auto end = steady::now() + options_.timeout;
    try {
        if (!session_) session_ = std::make_unique<session>(options_, end);
        auto answers = session_->publish(events, what_for, end);
        if (!session_->is_usable()) session_.reset();
        return answers;
    } catch (const broker_fault& fault) {
        session_.reset();
        return fail(errc::service_failed, fmt::format("RabbitMQ at {}:{}: {}", options_.where.host, options_.where.port,
                                                      harmless(fault.what())));
    }
}

result<void> event_bus::check() {
    event probe;
    probe.exchange = event_exchange;
    probe.routing_key = probe.event_type = "orchestrator_check";  // no consumer is bound to it
    probe.payload = "{}";
    probe.created_at = std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
    const auto answered = publish_now({probe}, purpose::checking);
    if (!answered) return std::unexpected{answered.error()};
    if (!answered->front().empty()) return fail(errc::service_failed, answered->front());
    return {};
}

}  // namespace orchestrator::rabbitmq
