#include "domain/time_zone/parse_tzif.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "domain/time_zone/posix_rule.h"

namespace orchestrator {
namespace {

using namespace std::chrono;

constexpr std::size_t largest_file = 256 << 10;  // bytes; the largest of tzdata has 4 kB
constexpr std::size_t header_size = 44;
constexpr seconds widest_offset = hours{26};
constexpr sys_seconds earliest = sys_days{year{1800} / 1 / 1};

struct header {
    char version = 0;
    std::size_t isut = 0, isstd = 0, leap = 0, times = 0, types = 0, characters = 0;

    [[nodiscard]] std::size_t body(std::size_t time_size) const {
        return times * (time_size + 1) + types * 6 + characters + leap * (time_size + 4) + isstd + isut;
    }
};

struct refusal {
    std::string reason;
};

class tzif_reader {
  public:
    tzif_reader(std::string name, std::string_view bytes) : name_{std::move(name)}, bytes_{bytes} {}

    time_zone read() {
        if (bytes_.size() > largest_file) throw refusal{"is longer than a zone file can be"};
        const auto old = read_header();
        if (old.version == 0) throw refusal{"is of version 1, which ends in 2038"};
        take(old.body(4));
        const auto head = read_header();
        if (head.leap > 0) throw refusal{"counts leap seconds; take the zone without \"right/\""};
        if (head.types == 0 || head.types > 256) throw refusal{"names no kind of local time"};
        read_table(head);
        read_footer();
        return {std::move(name_), std::move(spans_)};
    }

  private:
    std::string_view take(std::size_t size) {
        if (size > bytes_.size()) throw refusal{"ends too early"};
        const auto taken = bytes_.substr(0, size);
        bytes_.remove_prefix(size);
        return taken;
    }

    static std::int64_t big_endian(std::string_view bytes) {
        std::uint64_t value = (bytes[0] & 0x80) ? ~std::uint64_t{0} : 0;
        for (const char byte : bytes) value = value << 8 | static_cast<std::uint8_t>(byte);
        return static_cast<std::int64_t>(value);
    }

    header read_header() {
        const auto text = take(header_size);
        if (!text.starts_with("TZif")) throw refusal{"is no zone file"};
        const auto count = [&](std::size_t nth) {
            const auto value = big_endian(text.substr(20 + 4 * nth, 4));
            if (value < 0 || value > std::int64_t(largest_file)) throw refusal{"has counts that cannot be right"};
            return std::size_t(value);
        };
        return {text[4], count(0), count(1), count(2), count(3), count(4), count(5)};
    }

    void read_table(const header& head) {
        const auto times = take(head.times * 8);
        const auto type_of = take(head.times);
        const auto types = take(head.types * 6);
        const auto characters = take(head.characters);
        take(head.isstd + head.isut);

        const auto span = [&](sys_seconds begin, std::size_t type) {
            if (type >= head.types) throw refusal{"names a kind of local time that it does not have"};
            const auto entry = types.substr(type * 6, 6);
            const seconds offset{big_endian(entry.substr(0, 4))};
            if (abs(offset) > widest_offset) throw refusal{"has an offset of more than 26 hours"};
            const auto at = static_cast<std::uint8_t>(entry[5]);
            if (at > characters.size()) throw refusal{"has an abbreviation outside of its table"};
            const auto abbreviation = characters.substr(at);
            return offset_span{begin, offset, entry[4] != 0,
                               std::string{abbreviation.substr(0, std::min<std::size_t>(abbreviation.find('\0'), 16))}};
        };
        append(span(earliest, 0));
        for (std::size_t i = 0; i < head.times; ++i) {
            // The first may be the Big Bang: nothing before 1800 is asked for.
            const auto at = std::clamp<std::int64_t>(big_endian(times.substr(i * 8, 8)),
                                                     earliest.time_since_epoch().count(), 1LL << 40);
            const sys_seconds begin{seconds{at}};
            if (last_transition_ && begin < *last_transition_) throw refusal{"has transitions that are out of order"};
            last_transition_ = begin;
            if (begin < time_zone::horizon) append(span(begin, static_cast<std::uint8_t>(type_of[i])));
        }
    }

    void read_footer() {
        if (!take(1).starts_with('\n')) throw refusal{"has no footer"};
        const auto end = bytes_.find('\n');
        if (end == std::string_view::npos) throw refusal{"has a footer without an end"};
        const auto text = bytes_.substr(0, end);
        if (text.empty()) return;
        const auto rule = parse_posix_rule(text);
        if (!rule || abs(rule->offset) > widest_offset || (rule->dst && abs(rule->dst->offset) > widest_offset))
            throw refusal{fmt::format("has a footer that is no rule: \"{}\"", text.substr(0, 64))};
        expand(*rule);
    }

    void expand(const posix_rule& rule) {
        if (!last_transition_ && !rule.dst) {
            append({earliest, rule.offset, false, rule.abbreviation});
            return;
        }
        const auto from = last_transition_.value_or(earliest);
        const year first = year_month_day{floor<days>(from)}.year();
        for (auto y = first; y < year{2101}; ++y)
            for (auto& span : rule.spans_in(y))
                if (span.begin > from && span.begin < time_zone::horizon) append(std::move(span));
    }

    // A change of nothing is no change, and of two at one instant the later one counts.
    void append(offset_span span) {
        if (!spans_.empty() && spans_.back().begin == span.begin) spans_.pop_back();
        if (!spans_.empty() && span.begin < spans_.back().begin) return;
        const bool same = !spans_.empty() && spans_.back().offset == span.offset &&
                          spans_.back().is_dst == span.is_dst && spans_.back().abbreviation == span.abbreviation;
        if (!same) spans_.push_back(std::move(span));
    }

    std::string name_;
    std::string_view bytes_;
    std::vector<offset_span> spans_;
    std::optional<sys_seconds> last_transition_;
};

}  // namespace

result<time_zone> parse_tzif(std::string name, std::string_view bytes) {
    try {
        return tzif_reader{name, bytes}.read();
    } catch (const refusal& refused) {
        return fail(errc::invalid_argument, fmt::format("time zone \"{}\": its file {}", name, refused.reason));
    }
}

}  // namespace orchestrator
